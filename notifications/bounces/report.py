"""What a mail server's report about a mail (DSN, RFC 3464) says; anything else a mailbox may hold says nothing."""

import email.policy
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from enum import StrEnum
from typing import NamedTuple

import structlog

from notifications.letters.octets import one_line

log = structlog.get_logger("meguru.mail")

LONGEST = 256 * 1024  # bytes looked at: a report says all it has to before it returns the mail
LONGEST_WORDS = 500
LONGEST_FIELD = 2000  # signs of a header's value: finding encoded words in it takes the square of its length
POLICY = email.policy.compat32  # keeps broken headers as they are, where the newer ones raise
RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,118}>")
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
REPLY_CODE = re.compile(r"\b([245])\d\d\b")
WORD = re.compile(r"[a-z]+")
TYPE = re.compile(r"^\s*[\w-]+\s*;\s*")  # “rfc822;” before an address, “smtp;” before an answer
CHARSETS = ("utf-8", "euc-jp", "cp932")  # in this order: each is stricter than the next


class Action(StrEnum):
    """What a mail server did with a mail."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


ACTIONS = {action.value for action in Action}


class Fate(NamedTuple):
    """What became of a mail for one address: `status` is x.y.z of RFC 3463 or '', `words` one line of the server's."""

    address: str
    action: Action
    status: str
    words: str

    @property
    def is_hard(self) -> bool:
        """Refused for good, not merely given up."""
        return self.status.startswith("5")


class Report(NamedTuple):
    """A report about the mail with this Message-ID, which only its sender, its servers and its reader know."""

    message_id: str
    fates: tuple[Fate, ...]

    def failure(self, address: str) -> Fate | None:
        """Why the mail did not reach its address; None when it did, or still may.

        An address may be forwarded to others: then it counts as reached as soon as one of them is.
        """
        fates = [fate for fate in self.fates if fate.address.casefold() == address.casefold()] or self.fates
        failed = [fate for fate in fates if fate.action == Action.FAILED]
        return failed[0] if failed and len(failed) == len(fates) else None


def read(raw: bytes) -> Report | None:
    """The report that the mail is; None for every other mail, and for a report that does not name what it is about."""
    try:
        return _read(raw[:LONGEST])
    except Exception:
        log.warning("mail in the bounce mailbox cannot be parsed", exc_info=True)
        return None


def _read(raw: bytes) -> Report | None:
    if BytesHeaderParser(policy=POLICY).parsebytes(raw).get_content_type() != "multipart/report":
        return None
    letter = BytesParser(policy=POLICY).parsebytes(raw)
    parts = _parts(letter)
    fates = tuple(fate for part in parts for fate in _fates(part))
    message_id = next(filter(None, map(_returned_id, parts)), "")
    if not fates or not message_id:
        return None
    return Report(message_id, fates)


def _returned_id(part: Message) -> str:
    """The Message-ID of the returned mail, or of its headers; '' when the part is neither."""
    if part.get_content_type() not in RETURNED:
        return ""
    if part.is_multipart():
        returned = _parts(part)[0]
    else:
        returned = BytesHeaderParser(policy=POLICY).parsebytes(bytes(part.get_payload(decode=True)))
    found = MESSAGE_ID.search(_fields(returned).get("message-id", ""))
    return found[0] if found else ""


def _parts(letter: Message) -> list[Message]:
    payload = letter.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _fates(part: Message) -> Iterator[Fate]:
    for block in _parts(part) if part.get_content_type() == "message/delivery-status" else []:
        fields = _fields(block)
        word = WORD.match(fields.get("action", "").casefold())
        if word and word[0] in ACTIONS:
            yield _fate(Action(word[0]), fields)


def _fate(action: Action, fields: dict[str, str]) -> Fate:
    address = TYPE.sub("", fields.get("original-recipient") or fields.get("final-recipient", "")).strip("<> ")
    said = TYPE.sub("", fields.get("diagnostic-code", ""))
    status = STATUS.search(fields.get("status", "")) or STATUS.search(said)
    code = REPLY_CODE.search(said)
    given = status[1] if status else f"{code[1]}.0.0" if code else ""
    return Fate(address, action, given, (said or given)[:LONGEST_WORDS])


def _fields(block: Message) -> dict[str, str]:
    """Header name in lower case → its first value, decoded, on one line."""
    fields: dict[str, str] = {}
    for name, value in block.raw_items():
        fields.setdefault(name.casefold(), one_line(_decoded(str(value))))
    return fields


def _decoded(value: str) -> str:
    """A header in words, whichever of the charsets in use in Japan it came in, encoded as it should be or raw."""
    raw = value.encode("utf-8", "surrogateescape")
    for charset in ("iso-2022-jp", *CHARSETS) if b"\x1b" in raw else CHARSETS:
        try:
            value = raw.decode(charset)
            break
        except UnicodeDecodeError:
            continue
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value[:LONGEST_FIELD])))
    except (MessageError, LookupError, ValueError):
        return value
