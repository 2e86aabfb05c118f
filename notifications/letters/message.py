"""The bytes of a mail: made once, kept in the outbox, handed to any of Django's mail backends unchanged."""

import uuid
from collections.abc import Iterator
from email.encoders import encode_base64
from email.header import decode_header, make_header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.parser import BytesParser
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from notifications.letters import ics
from notifications.letters.octets import (
    POLICY,
    UTF_8,
    Mailbox,
    charset_for,
    encoded,
    mailbox,
    one_line,
    sender,
    text_part,
)
from notifications.models import OutgoingMail


class Text(NamedTuple):
    """A mail in words: a subject of one line, the body, and what it tells the reader's calendar program."""

    subject: str
    body: str
    due_days: tuple[ics.DueDay, ...] = ()


def new_id() -> str:
    """A Message-ID that nobody has used before."""
    return f"<{uuid.uuid4().hex}@{host()}>"


def host() -> str:
    """In whose name ids are given out."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def freeze(mail: OutgoingMail, text: Text) -> bytes:
    """The mail as it goes over the wire. Needs the mail's `address`, `message_id`, `dated` and `recipient`."""
    to = Mailbox(one_line(mail.recipient.name), mail.address)
    html = html_of(text, mail.recipient.language)
    charset = charset_for([text.subject, text.body, html, to.name, sender().name])
    # No text knows the id beforehand; without one, looking for a boundary takes longer than all the rest.
    boundary = f"=_{mail.message_id.strip('<')[:16]}"
    letter = MIMEMultipart("alternative", f"{boundary}_a", policy=POLICY)
    letter.attach(text_part(text.body, "plain", charset))
    letter.attach(text_part(html, "html", charset))
    if text.due_days:
        alternative, letter = letter, MIMEMultipart("mixed", f"{boundary}_m", policy=POLICY)
        letter.attach(alternative)
        for part in _calendar_parts(mail, text):
            letter.attach(part)
    letter["Subject"] = encoded(text.subject, "Subject", charset)
    letter["From"] = mailbox(sender(), "From", charset)
    letter["To"] = mailbox(to, "To", charset)
    letter["Date"] = format_datetime(timezone.localtime(mail.dated))
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "OOF, NRN, AutoReply, RN"
    letter["Content-Language"] = mail.recipient.language
    return letter.as_bytes()


def html_of(text: Text, language: str) -> str:
    """The same text for who reads mails as pages: the same lines, its addresses as links."""
    context = {"subject": text.subject, "body": text.body.strip("\n"), "language": language}
    return render_to_string("notifications/mail/letter.html", context)


def _calendar_parts(mail: OutgoingMail, text: Text) -> Iterator[Message]:
    """The due days as files that a calendar program opens; always in UTF-8, as RFC 5545 wants it."""
    stated = ics.calendars(text.due_days, mail.dated) if mail.dated else []
    for number, (method, calendar) in enumerate(stated, start=1):
        part = MIMEBase("text", "calendar", policy=POLICY, method=method, charset=UTF_8)
        part.add_header("Content-Disposition", "attachment", filename=f"due-{number}.ics")
        part.set_payload(calendar)
        encode_base64(part)
        yield part


def parse(raw: bytes) -> Message:
    """The mail's headers as they stand, and its parts."""
    return BytesParser(policy=POLICY).parsebytes(raw)


def header(letter: Message, name: str) -> str:
    """A header in words; '' when there is none."""
    return str(make_header(decode_header(letter.get(name, ""))))


def body(letter: Message) -> str:
    """The text of the mail, its lines ended by line feeds."""
    part = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    text = bytes(part.get_payload(decode=True)).decode(part.get_content_charset(UTF_8))
    return text.replace("\r\n", "\n")


def due_days(letter: Message) -> tuple[ics.DueDay, ...]:
    """What the mail tells a calendar program."""
    parts = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    return tuple(day for part in parts for day in ics.read(bytes(part.get_payload(decode=True))))


def read(raw: bytes) -> Text:
    """The words of frozen bytes, as `mails.write` gave them."""
    letter = parse(raw)
    return Text(header(letter, "Subject"), body(letter), due_days(letter))


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
        super().__init__(mail.subject, "", settings.MAIL_RETURN_PATH, [mail.address])

    @property
    def body(self) -> str:
        """Read from the bytes when somebody asks; a mail server does not."""
        return body(parse(self.raw))

    @body.setter
    def body(self, _text: str) -> None:
        """Django's own way to set it; the bytes are what they are."""

    def message(self) -> FrozenBytes:  # type: ignore[override]
        return FrozenBytes(self.raw)
