"""An SMTP server that keeps what it gets and answers what the test tells it to."""

import asyncio
import email
import email.policy
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.ports import free_port, wait_until

ACCEPT = "250 2.0.0 OK"
BUSY = "451 4.3.0 Try again later"
REFUSE = "550 5.1.1 No such mailbox"
HANG = "hang"  # takes the mail, then says nothing until `release()`
DROP = "drop"  # takes the mail, then closes the connection without an answer


@dataclass(frozen=True)
class Delivery:
    """One mail the server took: the envelope, the bytes as sent, the moment (aware, UTC)."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    at: datetime
    answer: str

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.data, policy=email.policy.default)


@dataclass
class SmtpSink:
    """`deliveries` in the order they came, the ones answered with HANG or DROP included (the server has them)."""

    port: int = field(default_factory=free_port)
    deliveries: list[Delivery] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # recipient, answer

    def __post_init__(self) -> None:
        self._plans: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}
        self._released = asyncio.Event()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, timeout=60)

    @property
    def url(self) -> str:
        """The EMAIL_URL for this server."""
        return f"smtp://127.0.0.1:{self.port}"

    def answer(self, recipient: str, *answers: str) -> None:
        """Give `answers` to the next mails for `recipient` ("*": for anybody), one each; afterwards accept."""
        self._plans[recipient].extend(answers)

    def answer_always(self, recipient: str, answer: str) -> None:
        """Give `answer` to every mail for `recipient` ("*": for anybody) that no list of answers covers."""
        self._always[recipient] = answer

    def release(self) -> None:
        """Let every hanging conversation end with acceptance, now and later."""
        self._controller.loop.call_soon_threadsafe(self._released.set)

    def forget(self) -> None:
        """Empty the mailbox and drop every planned answer."""
        self.release()
        self.deliveries.clear()
        self.refused.clear()
        self._plans.clear()
        self._always.clear()
        self._controller.loop.call_soon_threadsafe(self._released.clear)

    def to(self, recipient: str) -> list[Delivery]:
        """The mails that were taken for `recipient`."""
        return [delivery for delivery in self.deliveries if recipient in delivery.recipients]

    def wait_for(self, count: int, *, seconds: float = 20.0) -> list[Delivery]:
        """The deliveries once there are at least `count`; fails after `seconds`."""
        wait_until(lambda: len(self.deliveries) >= count, what=f"{count} mails at the SMTP sink", seconds=seconds)
        return self.deliveries

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self.release()
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd asks here for the answer to the final dot."""
        answer = self._next_answer(envelope.rcpt_tos)
        if answer[0] in "45":
            self.refused += [(recipient, answer) for recipient in envelope.rcpt_tos]
            return answer
        self.deliveries.append(_delivery(envelope, answer))
        if answer == HANG:
            await self._released.wait()
        if answer == DROP and server.transport is not None:
            server.transport.abort()
        return ACCEPT

    def _next_answer(self, recipients: Iterable[str]) -> str:
        names = [*recipients, "*"]
        planned = next((self._plans[name].popleft() for name in names if self._plans[name]), None)
        return planned or next((self._always[name] for name in names if name in self._always), ACCEPT)


def _delivery(envelope: Envelope, answer: str) -> Delivery:
    content: Any = envelope.content
    return Delivery(
        sender=envelope.mail_from or "",
        recipients=tuple(envelope.rcpt_tos),
        data=content if isinstance(content, bytes) else content.encode(),
        at=datetime.now(UTC),
        answer=answer,
    )
