"""Handing the outbox to the mail server, one mail at a time, and judging how it went."""

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from smtplib import SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from typing import NamedTuple

import structlog
from django.core.mail import get_connection
from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone

from notifications import outbox
from notifications.letters.message import FrozenMail
from notifications.models import OutgoingMail, Status

log = structlog.get_logger("meguru.mail")

HEARTBEAT_SECONDS = 10
MOST_AT_ONCE = 64
FRESH_SECONDS = 0.5  # how long a mail that was found to be needed is taken to be so still
LONGEST_ERROR = 500


class Result(NamedTuple):
    """How handing over one mail ended, and what the server said."""

    status: Status
    error: str = ""


def deliver(
    *,
    clock: Callable[[], datetime] = timezone.now,
    seconds: float | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Counter[Status]:
    """Send what is due until nothing is, the mail server is away, or `seconds` have passed; returns how many ended how.

    It ends with the mail at hand once `stopping` says so. Any number of processes may do this at once.
    """
    stop_at = math.inf if seconds is None else time.monotonic() + seconds
    with MailServer() as server, Heart() as heart:
        sender = Sender(server, heart, clock, lambda: stopping() or time.monotonic() >= stop_at)
        sender.run()
        if server.is_away:
            outbox.postpone(clock())
    return sender.tally


class Sender:
    """Claims mails in batches and hands them over one by one, as long as nothing says to stop."""

    def __init__(
        self, server: "MailServer", heart: "Heart", clock: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self.server, self.heart, self.clock, self.stopping = server, heart, clock, stopping
        self.tally: Counter[Status] = Counter()

    @property
    def must_stop(self) -> bool:
        return self.server.is_away or self.stopping()

    def run(self) -> None:
        """Take as many at once as go out within a moment: one while the mail server is slow or not yet reached."""
        size = 1
        while not self.must_stop:
            since = time.monotonic()
            claims = outbox.claim(self.clock(), limit=size)
            if not claims:
                break
            self.send_all(claims, since)
            size = next_size(size, time.monotonic() - since)

    def send_all(self, claims: Sequence[outbox.Claim], since: float) -> None:
        """Send the mails that were claimed at `since`; what is left of them when that is too long ago is put back.

        So nobody is told of what was done meanwhile.
        """
        self.tally.update(Status(claim.mail.status) for claim in claims if claim.mail.status != Status.SENDING)
        left = deque(self._begun([claim for claim in claims if claim.mail.status == Status.SENDING]))
        while left:
            self._send(left.popleft())
            if left and (self.must_stop or time.monotonic() - since > FRESH_SECONDS):
                outbox.put_back(left)
                break

    def _begun(self, claims: Sequence[outbox.Claim]) -> list[OutgoingMail]:
        """Those of the mails that are in words and written down, and so ready to be handed over;."""
        mails = [claim.mail for claim in claims if self._is_in_words(claim)]
        if outbox.begin(mails):
            return mails
        log.warning("lease lost before sending", mails=[mail.pk for mail in mails])
        outbox.put_back(mails)
        return []

    def _is_in_words(self, claim: outbox.Claim) -> bool:
        """False for a mail that cannot be put into words: it is to be tried again, and must not hold up all others."""
        try:
            outbox.put_into_words(claim)
        except Exception as error:
            log.exception("mail not written", mail=claim.mail.pk)
            self._settle(claim.mail, Result(Status.RETRY, _said(error)))
            return False
        return True

    def _send(self, mail: OutgoingMail) -> None:
        """Hand the mail over and write down how it ended, unless somebody else had taken it over meanwhile."""
        with self.heart.keeping(mail):
            result = self.server.reach()
            if result is None:
                if not outbox.is_well_leased(mail):
                    log.warning("lease lost before sending", mail=mail.pk, attempt=mail.attempts)
                    return
                result = self.server.hand_over(mail)
        self._settle(mail, result)

    def _settle(self, mail: OutgoingMail, result: Result) -> None:
        if result.status != Status.SENT:
            log.warning("mail not sent", mail=mail.pk, status=result.status, error=result.error)
        if outbox.settle(mail, result.status, result.error[:LONGEST_ERROR], self.clock()):
            self.tally[result.status] += 1
        else:
            log.warning("lease lost while sending", mail=mail.pk, attempt=mail.attempts)


def next_size(size: int, seconds: float) -> int:
    """How many to claim at once after so many took so long."""
    if seconds > FRESH_SECONDS:
        return max(size // 2, 1)
    return min(2 * size, MOST_AT_ONCE) if seconds < FRESH_SECONDS / 3 else size


class MailServer:
    """Django's mail backend with its connection kept open from mail to mail."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.is_away = False

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, *_error: object) -> None:
        self.hang_up()

    def reach(self) -> Result | None:
        """Connect, if that is not yet done; None when it is. Else `is_away` is set, which is not the mail's fault."""
        try:
            self.connection.open()
        except Exception as error:  # noqa: BLE001 - any backend may be plugged in, and raise anything
            self.is_away = True
            return Result(Status.RETRY, _said(error))
        return None

    def hand_over(self, mail: OutgoingMail) -> Result:
        """Send one mail over the connection."""
        try:
            self.connection.send_messages([FrozenMail(mail)])
        except Exception as error:  # noqa: BLE001 - as above; the row must say what happened
            self.hang_up()
            return Result(judge(error), _said(error))
        return Result(Status.SENT)

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.close()


def judge(error: Exception) -> Status:
    """What an error while handing over means: refused for now, refused for good, or nobody knows.

    After a lost connection the server may have the mail: RFC 1047 says why nobody can tell.
    """
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        return _refused(max(codes, default=0))
    if isinstance(error, SMTPResponseException):
        return _refused(error.smtp_code)
    if isinstance(error, (ValueError, SMTPNotSupportedError)):  # an address or header that cannot be sent at all
        return Status.FAILED
    return Status.UNCERTAIN


def _refused(code: int) -> Status:
    if 500 <= code < 600:
        return Status.FAILED
    return Status.RETRY if 400 <= code < 500 else Status.UNCERTAIN


def _said(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        return "\n".join(_reply(code, text) for code, text in error.recipients.values())
    if isinstance(error, SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"


def _reply(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


class Heart:
    """Renews, from a thread of its own, the lease of the mail at hand: a mail server may take ten minutes to answer."""

    def __init__(self) -> None:
        self._mail: OutgoingMail | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease of the mail at hand", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    @contextmanager
    def keeping(self, mail: OutgoingMail) -> Iterator[None]:
        """The mail at hand is this one while the block runs."""
        self._mail = mail
        try:
            yield
        finally:
            self._mail = None

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_SECONDS):
            mail = self._mail
            if mail is not None:
                _renew(mail)


def _renew(mail: OutgoingMail) -> None:
    """A lease that was lost stays lost; the sender finds out when it settles."""
    try:
        outbox.renew(mail)
    except DatabaseError:
        log.exception("lease not renewed; trying again", mail=mail.pk)
    finally:
        database.close()
