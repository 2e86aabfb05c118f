"""A mail server that refuses some mails for now, and writes down what it was handed when."""

import email
import hashlib
import random
import time
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.ports import free_port
from tests.servers.smtp import ACCEPT, BUSY


@dataclass(frozen=True)
class HandedOver:
    """One mail whose final dot came, the answer, and when (seconds since the epoch)."""

    message_id: str
    sha256: str
    recipient: str
    at: float
    is_taken: bool


@dataclass
class FaultySink:
    """Answers 451 to so large a share of mails, by chance; `handed_over` in the order in which they came."""

    refused: float
    chance: random.Random
    port: int = field(default_factory=free_port)
    handed_over: list[HandedOver] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, timeout=600)

    @property
    def url(self) -> str:
        """The EMAIL_URL for this server."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def taken(self) -> list[HandedOver]:
        return [mail for mail in self.handed_over if mail.is_taken]

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd asks here for the answer to the final dot."""
        content = envelope.content
        assert isinstance(content, bytes)
        is_taken = self.chance.random() >= self.refused
        headers = email.message_from_bytes(content[:4000])
        self.handed_over.append(
            HandedOver(
                message_id=headers["Message-ID"],
                sha256=hashlib.sha256(content).hexdigest(),
                recipient=envelope.rcpt_tos[0],
                at=time.time(),
                is_taken=is_taken,
            )
        )
        return ACCEPT if is_taken else BUSY
