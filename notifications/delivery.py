"""Handing the outbox to the mail server, one mail at a time, and judging how it went."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
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
    tally: Counter[Status] = Counter()
    stop_at = None if seconds is None else time.monotonic() + seconds
    with MailServer() as server:
        while not (server.is_away or stopping()) and (stop_at is None or time.monotonic() < stop_at):
            mail = outbox.claim(clock())
            if mail is None:
                break
            ended = _send(mail, server, clock) if mail.status == Status.SENDING else Status(mail.status)
            if ended is not None:
                tally[ended] += 1
    return tally


def _send(mail: OutgoingMail, server: "MailServer", clock: Callable[[], datetime]) -> Status | None:
    """Hand the mail over and write down how it ended; None when somebody else had taken it over meanwhile."""
    with kept_lease(mail):
        result = server.hand_over(mail)
    if result.status != Status.SENT:
        log.warning("mail not sent", mail=mail.pk, status=result.status, error=result.error)
    is_ours = outbox.settle(mail, result.status, result.error[:LONGEST_ERROR], clock())
    if not is_ours:
        log.warning("lease lost while sending", mail=mail.pk, attempt=mail.attempts)
    if server.is_away:
        outbox.postpone(clock())
    return result.status if is_ours else None


class MailServer:
    """Django's mail backend with its connection kept open from mail to mail."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.is_away = False

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, *_error: object) -> None:
        self.hang_up()

    def hand_over(self, mail: OutgoingMail) -> Result:
        """Send one mail. Sets `is_away` when the server cannot be reached, which is not the mail's fault."""
        try:
            self.connection.open()
        except Exception as error:  # noqa: BLE001 - any backend may be plugged in, and raise anything
            self.is_away = True
            return Result(Status.RETRY, _said(error))
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


@contextmanager
def kept_lease(mail: OutgoingMail) -> Iterator[None]:
    """Renew the mail's lease while the block runs: a mail server may take ten minutes to answer."""
    done = threading.Event()
    heart = threading.Thread(target=_beat, args=(mail, done), name=f"lease of mail {mail.pk}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()


def _beat(mail: OutgoingMail, done: threading.Event) -> None:
    held = True
    while held and not done.wait(HEARTBEAT_SECONDS):
        try:
            held = outbox.renew(mail)
        except DatabaseError:
            log.exception("lease not renewed; trying again", mail=mail.pk)
        finally:
            database.close()
