"""How words become octets: the charset of a mail (MAIL_CHARSET), its headers and its text parts."""

import re
from collections.abc import Iterable
from email.header import Header
from email.message import Message
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import formataddr, parseaddr
from typing import NamedTuple

from django.conf import settings


class AsWritten(Compat32):
    """Headers whose lines are short enough go out as they are given, which is nearly all of them and takes no time."""

    def fold_binary(self, name: str, value: str) -> bytes:
        header = f"{name}: {value}{self.linesep}"
        is_short = all(len(line) <= FOLDED_AFTER for line in header.splitlines())
        return header.encode("ascii") if is_short and header.isascii() else super().fold_binary(name, value)


POLICY = AsWritten(linesep="\r\n")
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


def text_part(text: str, subtype: str, charset: str) -> Message:
    """A text with its lines ended by line feeds as a part of a mail: Base64, or 7 bits where the charset needs no more.

    The lines go out ended by CRLF.
    """
    if charset != ISO_2022_JP:
        return MIMEText(text.replace("\n", "\r\n"), subtype, charset, policy=POLICY)
    part = MIMENonMultipart("text", subtype, charset=charset, policy=POLICY)
    part["Content-Transfer-Encoding"] = "7bit"
    part.set_payload(text.encode(charset).decode("ascii"))
    return part
