"""Asking the virus scanner clamd about a file, where the settings name one (CLAMD_URL)."""

import socket
import struct
from typing import BinaryIO
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from workflows.errors import ReviewError

log = structlog.get_logger("meguru.scanner")

SECONDS = 60  # for the connection, and for each answer
PIECE = 64 * 1024


def require_clean(file: BinaryIO) -> None:
    """Raises ReviewError where clamd finds something, or where it cannot be asked: then nothing is let in."""
    if not settings.CLAMD_URL:
        return
    try:
        verdict = _verdict(file)
    except (OSError, ValueError) as error:
        log.error("virus scanner out of reach", url=settings.CLAMD_URL, error=repr(error))
        verdict = ""
    if verdict.endswith(" FOUND"):
        log.warning("virus found", verdict=verdict)
        raise ReviewError(_("The virus scanner found something in this file, so it was not kept. Tell the IT section."))
    if verdict != "stream: OK":
        log.error("file not scanned", verdict=verdict)
        raise ReviewError(
            _(
                "The virus scanner does not answer, so the file was not kept. "
                "Try again later; if it stays so, tell the administrator."
            )
        )


def _verdict(file: BinaryIO) -> str:
    """clamd's answer to INSTREAM: «stream: OK», «stream: … FOUND», or an error."""
    with _connected() as connection:
        connection.sendall(b"zINSTREAM\0")
        file.seek(0)
        while piece := file.read(PIECE):
            connection.sendall(struct.pack("!L", len(piece)) + piece)
        connection.sendall(struct.pack("!L", 0))
        with connection.makefile("rb") as answer:
            return answer.read(PIECE).rstrip(b"\0\n").decode(errors="replace")


def _connected() -> socket.socket:
    """A connection to tcp://host:port or unix:///path; ValueError for any other address."""
    url = urlsplit(settings.CLAMD_URL)
    if url.scheme == "tcp" and url.hostname and url.port:
        return socket.create_connection((url.hostname, url.port), timeout=SECONDS)
    if url.scheme != "unix":
        raise ValueError("CLAMD_URL is neither tcp://host:port nor unix:///path")
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(url.path)
    except OSError:
        connection.close()
        raise
    return connection
