"""The bytes of a mail: made once, kept in the outbox, handed to any of Django's mail backends unchanged."""

import re
import uuid
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import format_datetime
from html import escape
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
    field,
    in_base64,
    mailbox,
    multipart,
    one_line,
    sender,
    text_part,
)
from notifications.models import OutgoingMail

# In escaped text; a full stop or bracket after an address is none of it.
LINK = re.compile(r"https?://(?:[!#-%(-;=?-~]|&amp;)+(?<![.,:;!?)])")
GAP = re.compile(r"\n{2,}")


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
    to, html = Mailbox(one_line(mail.recipient.name), mail.address), html_of(text, mail.recipient.language)
    charset = charset_for([text.subject, text.body, html, to.name, sender().name])
    boundary = f"=_{mail.message_id.strip('<')[:16]}"  # no text knows the id beforehand
    texts = [text_part(text.body, "plain", charset), text_part(html, "html", charset)]
    content = multipart("alternative", texts, f"{boundary}_a")
    if text.due_days:
        content = multipart("mixed", [content, *_calendar_parts(mail, text)], f"{boundary}_m")
    headers = {
        "Subject": encoded(text.subject, "Subject", charset),
        "From": mailbox(sender(), "From", charset),
        "To": mailbox(to, "To", charset),
        "Date": format_datetime(timezone.localtime(mail.dated)),
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, NRN, AutoReply, RN",
        "Content-Language": mail.recipient.language,
        "MIME-Version": "1.0",
    }
    return b"".join(field(name, value) for name, value in headers.items()) + content


def html_of(text: Text, language: str) -> str:
    """The same text for who reads mails as pages: the same lines, its addresses as links."""
    linked = LINK.sub(r'<a href="\g<0>">\g<0></a>', escape(text.body.strip("\n")))
    paragraphs = [part.replace("\n", "<br>") for part in GAP.split(linked)]
    context = {"subject": text.subject, "paragraphs": paragraphs, "language": language}
    return render_to_string("notifications/mail/letter.html", context)


def _calendar_parts(mail: OutgoingMail, text: Text) -> Iterator[bytes]:
    """The due days as files that a calendar program opens; always in UTF-8, as RFC 5545 wants it."""
    stated = ics.calendars(text.due_days, mail.dated) if mail.dated else []
    for number, (method, calendar) in enumerate(stated, start=1):
        headers = (
            f'Content-Type: text/calendar; method={method}; charset="{UTF_8}"\r\n'
            f'Content-Disposition: attachment; filename="due-{number}.ics"\r\n'
        )
        yield headers.encode() + in_base64(calendar)


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
    """The words of frozen bytes, as `writing.write` gave them."""
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
