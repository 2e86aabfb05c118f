"""Where mail servers' reports are read from: a folder of files or an IMAP mailbox, as the setting BOUNCE_URL says."""

import imaplib
import ssl
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from notifications.bounces.report import LONGEST

log = structlog.get_logger("meguru.mail")

MOST = 200  # mails in one go; the rest the next time
SECONDS = 30  # that a server may take for each answer
PORTS = {"imap": 143, "imaps": 993}
SHAPES = "imaps://user:password@host/INBOX, imap://user:password@host/INBOX, maildir:///path, folder:///path"


class MailboxError(Exception):
    """Why the mailbox could not be read, without the password in it."""


def mails(url: str) -> Iterator[bytes]:
    """The first bytes of each new mail, enough for a report. A mail is new until the next one is asked for.

    Raises MailboxError when the mailbox, or one of its mails, cannot be read.
    """
    place, port = _place(url)
    if place.scheme == "folder":
        yield from _in_folders(Path(unquote(place.path)), ["."])
    elif place.scheme == "maildir":
        yield from _in_folders(Path(unquote(place.path)), ["new", "cur"])
    elif port and place.hostname:
        yield from _in_imap(place, port)
    else:
        raise MailboxError(f"BOUNCE_URL: {SHAPES}")


def _place(url: str) -> tuple[SplitResult, int | None]:
    """The parts of the address, and the port of an IMAP server."""
    try:
        place = urlsplit(url)
        usual = PORTS.get(place.scheme)
        return place, usual and (place.port or usual)
    except ValueError as error:
        raise MailboxError(f"BOUNCE_URL: {SHAPES}") from error


def _in_folders(home: Path, names: list[str]) -> Iterator[bytes]:
    """Each file is one mail, a hidden one not yet; what was taken moves to `done`."""
    errors: list[OSError] = []
    try:
        paths = [path for name in names for path in sorted((home / name).iterdir()) if _is_mail(path)]
    except OSError as error:
        raise MailboxError(str(error)) from error
    taken = 0
    for path in paths:
        try:
            with path.open("rb") as file:
                raw = file.read(LONGEST)
        except OSError as error:
            errors.append(error)
            continue
        yield raw
        try:
            _put_aside(path, home / "done")
        except OSError as error:
            errors.append(error)
        taken += 1
        if taken == MOST:
            break
    if errors:
        raise MailboxError(str(errors[0]))


def _is_mail(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _put_aside(path: Path, done: Path) -> None:
    done.mkdir(exist_ok=True)
    kept = done / path.name
    with suppress(FileNotFoundError):  # another process has just taken it
        path.rename(done / uuid.uuid4().hex if kept.exists() else kept)


def _in_imap(place: SplitResult, port: int) -> Iterator[bytes]:
    """What is unseen in the folder; what was taken becomes seen."""
    try:
        with _server(place, port) as server:
            _answer(server.login(unquote(place.username or ""), unquote(place.password or "")))
            name = unquote(place.path.strip("/")) or "INBOX"
            _answer(server.select(f'"{name}"'))
            found = _answer(server.uid("SEARCH", "UNSEEN"))[0] or b""
            for number in found.decode().split()[:MOST]:
                raw = _first_bytes(server, number)
                if raw is None:
                    continue
                yield raw
                _answer(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))
    except UnicodeEncodeError as error:
        raise MailboxError("BOUNCE_URL: user, password and folder have to be ASCII") from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(_said(error)) from error


def _said(error: Exception) -> str:
    """What the server or the network says; imaplib hands on the server's words as bytes."""
    words = error.args[0] if error.args else ""
    return words.decode(errors="replace") if isinstance(words, bytes) else str(error) or type(error).__name__


def _server(place: SplitResult, port: int) -> imaplib.IMAP4:
    host = place.hostname or ""
    if place.scheme == "imap":
        return imaplib.IMAP4(host, port, timeout=SECONDS)
    return imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=SECONDS)


def _first_bytes(server: imaplib.IMAP4, number: str) -> bytes | None:
    """The mail's bytes, without marking it as seen; None when the server does not give them."""
    word, parts = server.uid("FETCH", number, f"(BODY.PEEK[]<0.{LONGEST}>)")
    if word != "OK":
        log.warning("mail in the bounce mailbox cannot be fetched", number=number, answer=repr(parts))
        return None
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


def _answer(reply: tuple[str, list[Any]]) -> list[Any]:
    word, parts = reply
    if word != "OK":
        raise imaplib.IMAP4.error(b" ".join(part for part in parts if isinstance(part, bytes)).decode(errors="replace"))
    return parts
