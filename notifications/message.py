"""The bytes of a mail: made once, kept in the outbox, handed to any of Django's mail backends unchanged."""

import email.policy
import uuid
from email.headerregistry import Address
from email.message import EmailMessage as Letter
from email.message import Message
from email.parser import BytesParser
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from notifications.models import OutgoingMail


class Text(NamedTuple):
    """A mail in words: a subject of one line and the body."""

    subject: str
    body: str


def one_line(text: str) -> str:
    """The text with every line break and other unprintable sign turned into a space: fit for a header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def new_id() -> str:
    """A Message-ID that nobody has used before."""
    return f"<{uuid.uuid4().hex}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def freeze(mail: OutgoingMail, text: Text) -> bytes:
    """The mail as it goes over the wire. Needs the mail's `address`, `message_id`, `dated` and `recipient`."""
    letter = Letter(policy=email.policy.SMTP)
    letter["Subject"] = text.subject
    letter["From"] = settings.DEFAULT_FROM_EMAIL
    letter["To"] = Address(one_line(mail.recipient.name), addr_spec=mail.address)
    letter["Date"] = format_datetime(timezone.localtime(mail.dated))
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "OOF, NRN, AutoReply, RN"
    letter["Content-Language"] = mail.recipient.language
    letter.set_content(text.body, charset="utf-8", cte="base64")
    return letter.as_bytes()


def parse(raw: bytes) -> Letter:
    """The mail's headers and body, decoded."""
    return BytesParser(_class=Letter, policy=email.policy.default).parsebytes(raw)


def read(raw: bytes) -> Text:
    """The words of frozen bytes, as `mails.write` gave them."""
    letter = parse(raw)
    return Text(str(letter["Subject"]), letter.get_content().replace("\r\n", "\n"))


class FrozenBytes(Message):
    """What a backend takes for a message: it can only be turned into the very bytes that were frozen."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.raw = raw

    def as_bytes(self, unixfrom: bool = False, policy: object = None, linesep: str = "\r\n") -> bytes:
        return self.raw if linesep == "\r\n" else self.raw.replace(b"\r\n", linesep.encode())


class FrozenMail(EmailMessage):
    """A mail from the outbox for `send_messages` of any backend."""

    def __init__(self, mail: OutgoingMail) -> None:
        self.raw = bytes(mail.raw)
        text = read(self.raw)
        headers = {"Message-ID": mail.message_id, "Date": parse(self.raw)["Date"]}
        super().__init__(text.subject, text.body, settings.DEFAULT_FROM_EMAIL, [mail.address], headers=headers)

    def message(self) -> FrozenBytes:  # type: ignore[override]
        return FrozenBytes(self.raw)
