"""The bytes of a mail: made once, kept in the outbox, handed to any of Django's mail backends unchanged."""

import email.policy
import uuid
from email.header import Header, decode_header, make_header
from email.message import Message
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.utils import format_datetime, formataddr
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from notifications.models import OutgoingMail

LONGEST_PLAIN = 60  # fits on the header's first line


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
    letter = MIMEText(text.body, "plain", "utf-8", policy=email.policy.compat32.clone(linesep="\r\n"))
    letter["Subject"] = encoded(text.subject, "Subject")
    letter["From"] = settings.DEFAULT_FROM_EMAIL
    letter["To"] = _to(one_line(mail.recipient.name), mail.address)
    letter["Date"] = format_datetime(timezone.localtime(mail.dated))
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "OOF, NRN, AutoReply, RN"
    letter["Content-Language"] = mail.recipient.language
    return letter.as_bytes()


def encoded(text: str, name: str) -> str:
    """One line of text as the value of the header `name`: as it is if it is short and plain, else RFC 2047 words."""
    if is_plain(text):
        return text
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and len(text) <= LONGEST_PLAIN


def _to(name: str, address: str) -> str:
    return formataddr((name, address)) if is_plain(name) else f"{encoded(name, 'To')} <{address}>"


def parse(raw: bytes) -> Message:
    """The mail's headers as they stand, and its body."""
    return BytesParser(policy=email.policy.compat32).parsebytes(raw)


def header(letter: Message, name: str) -> str:
    """A header in words; '' when there is none."""
    return str(make_header(decode_header(letter.get(name, ""))))


def body(letter: Message) -> str:
    """The text of the mail, its lines ended by line feeds."""
    return bytes(letter.get_payload(decode=True)).decode().replace("\r\n", "\n")


def read(raw: bytes) -> Text:
    """The words of frozen bytes, as `mails.write` gave them."""
    letter = parse(raw)
    return Text(header(letter, "Subject"), body(letter))


class FrozenBytes(Message):
    """What a backend takes for a message: its headers to look at, and the very bytes that were frozen."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.raw = raw
        for name, value in BytesParser().parsebytes(raw, headersonly=True).items():
            self[name] = value

    def as_bytes(self, unixfrom: bool = False, policy: object = None, linesep: str = "\r\n") -> bytes:
        return self.raw if linesep == "\r\n" else self.raw.replace(b"\r\n", linesep.encode())


class FrozenMail(EmailMessage):
    """A mail from the outbox for `send_messages` of any backend; reports about it come to the envelope's sender."""

    def __init__(self, mail: OutgoingMail) -> None:
        self.raw = bytes(mail.raw)
        text = read(self.raw)
        super().__init__(text.subject, text.body, settings.MAIL_RETURN_PATH, [mail.address])

    def message(self) -> FrozenBytes:  # type: ignore[override]
        return FrozenBytes(self.raw)
