"""How words become octets: the charset of a mail (MAIL_CHARSET), its headers and its text parts."""

import re
from base64 import encodebytes
from collections.abc import Iterable
from email.header import Header
from email.policy import compat32
from email.utils import formataddr, parseaddr
from typing import NamedTuple

from django.conf import settings

POLICY = compat32.clone(linesep="\r\n")
UTF_8, ISO_2022_JP = "utf-8", "iso-2022-jp"
FOLDED_AFTER = 78  # octets, RFC 5322
LONGEST_PLAIN = 60  # fits on the header's first line
LONGEST_LINE = 998  # octets, RFC 5322
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Mailbox(NamedTuple):
    """A person or system and their address."""

    name: str
    address: str


def one_line(text: str) -> str:
    """The text with every line break and other unprintable sign turned into a space: fit for a header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def sender() -> Mailbox:
    """From whom the mails are: the setting MAIL_FROM, with or without a name."""
    return Mailbox(*parseaddr(one_line(settings.DEFAULT_FROM_EMAIL)))


def charset_for(texts: Iterable[str]) -> str:
    """The charset in which the whole mail can be said: MAIL_CHARSET, or UTF-8 where that lacks a sign of these."""
    is_fit = settings.MAIL_CHARSET == ISO_2022_JP and all(map(_fits, texts))
    return ISO_2022_JP if is_fit else UTF_8


def _fits(text: str) -> bool:
    """Whether ISO-2022-JP has all signs of the text, and its lines may stand in a mail as they are."""
    try:
        octets = text.encode(ISO_2022_JP)
    except UnicodeEncodeError:
        return False
    is_short = all(len(line) <= LONGEST_LINE for line in octets.split(b"\n"))
    return is_short and not CONTROL.search(text) and octets.decode(ISO_2022_JP) == text


def encoded(text: str, name: str, charset: str) -> str:
    """One line of text as the value of the header `name`: as it is if it is short and plain, else RFC 2047 words."""
    if is_plain(text):
        return text
    return Header(text, charset, header_name=name).encode(linesep="\r\n")


def is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and len(text) <= LONGEST_PLAIN


def mailbox(who: Mailbox, name: str, charset: str) -> str:
    """Name and address as the value of the header `name`."""
    local, _at, domain = who.address.rpartition("@")
    address = f"{local}@{_in_ascii(domain)}"
    return formataddr((who.name, address)) if is_plain(who.name) else f"{encoded(who.name, name, charset)} <{address}>"


def _in_ascii(domain: str) -> str:
    """A host name as mail servers know it; one that has no such form stays, for the mail server to refuse."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def field(name: str, value: str) -> bytes:
    """A header as it goes over the wire: folded, unless it is already or need not be."""
    line = f"{name}: {value}\r\n"
    if any(len(part) > FOLDED_AFTER for part in line.split("\r\n")):
        folded = Header(value, header_name=name).encode(linesep="\r\n")
        line = f"{name}: {folded}\r\n"
    return line.encode("ascii")


def text_part(text: str, subtype: str, charset: str) -> bytes:
    """A text with its lines ended by line feeds as a part of a mail: Base64, or 7 bits where the charset needs no more.

    The lines go out ended by CRLF.
    """
    headers = f'Content-Type: text/{subtype}; charset="{charset}"\r\n'.encode()
    content = text.replace("\n", "\r\n").encode(charset)
    if charset != ISO_2022_JP:
        return headers + in_base64(content)
    return headers + b"Content-Transfer-Encoding: 7bit\r\n\r\n" + content


def in_base64(content: bytes) -> bytes:
    """The end of a part: how it is encoded, and its content."""
    lines = encodebytes(content).replace(b"\n", b"\r\n")
    return b"Content-Transfer-Encoding: base64\r\n\r\n" + lines


def multipart(subtype: str, parts: Iterable[bytes], boundary: str) -> bytes:
    """Parts, each with its headers, as one; it begins with its own header."""
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}".encode()
    return head + b"".join(b"%s\r\n%s\r\n" % (mark, part) for part in parts) + mark + b"--\r\n"
