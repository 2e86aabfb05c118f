"""Checking a file before it is kept as evidence (添付資料): what it is by its content, and that it is nothing else."""

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from workflows.errors import ReviewError
from workflows.evidence import office

MEGABYTE = 1024 * 1024
SIZE_CAP = 10 * MEGABYTE
NAME_CAP = 150

PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
TEXT = "text/plain"


@dataclass(frozen=True)
class Kind:
    """What people call such a file, and how its name ends."""

    label: str | Promise
    endings: tuple[str, ...]


# By media type.
KINDS = {
    PDF: Kind("PDF", (".pdf",)),
    PNG: Kind(gettext_lazy("PNG picture"), (".png",)),
    JPEG: Kind(gettext_lazy("JPEG picture"), (".jpg", ".jpeg")),
    office.XLSX: Kind("Excel", (".xlsx",)),
    office.DOCX: Kind("Word", (".docx",)),
    office.PPTX: Kind("PowerPoint", (".pptx",)),
    TEXT: Kind(pgettext_lazy("kind of file", "Text"), (".txt", ".csv")),
}
ENDINGS = [ending for kind in KINDS.values() for ending in kind.endings]

BEGINNINGS = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
# A zip archive is found from its end, within the longest comment that may follow.
ZIP_TAIL = 22 + 0xFFFF
# Readers of PDF look for its beginning this far into a file.
PDF_HEAD = 1024


@dataclass(frozen=True)
class Evidence:
    """A file that may be kept: under which name, what it is (media type), its size in bytes and its SHA-256."""

    name: str
    media_type: str
    size: int
    sha256: str


def examine(name: str, file: BinaryIO) -> Evidence:
    """What the file is, whatever its name and its sender say; raises ReviewError with what to mend."""
    name = clean_name(name)
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise ReviewError(_("The file is empty. Check it and choose it again."))
    if size > SIZE_CAP:
        raise ReviewError(
            _("The file is larger than %(cap)d MB. Make it smaller or split it.") % {"cap": SIZE_CAP // MEGABYTE}
        )
    media_type = _media_type(file, size)
    kind = KINDS[media_type]
    if PurePosixPath(name).suffix.lower() not in kind.endings:
        facts = {"kind": kind.label, "endings": _listed(kind.endings)}
        raise ReviewError(_("By its content this file is: %(kind)s. Its name has to end in %(endings)s.") % facts)
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # binary files have readinto
    return Evidence(name, media_type, size, found)


def clean_name(name: str) -> str:
    """The file's name as the person gave it, without folders and without signs that nobody sees."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip()
    if not PurePosixPath(seen).suffix:
        raise ReviewError(_("The file's name has to say what it is: %(endings)s.") % {"endings": _listed(ENDINGS)})
    if len(seen) > NAME_CAP:
        raise ReviewError(_("The file's name is too long. Shorten it to %(cap)d characters.") % {"cap": NAME_CAP})
    return seen


def _listed(endings: list[str] | tuple[str, ...]) -> str:
    return ", ".join(endings)


def _media_type(file: BinaryIO, size: int) -> str:
    file.seek(0)
    head = file.read(PDF_HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        found = office.media_type(file, size)
    else:
        found = next((kind for beginning, kind in BEGINNINGS.items() if head.startswith(beginning)), TEXT)
    if found == TEXT:
        _require_text(file, head)
    elif _is_something_else_too(found, file, size, head):
        raise ReviewError(_("This file is two kinds of file at once. Save it again in one and attach that."))
    return found


def _is_something_else_too(found: str, file: BinaryIO, size: int, head: bytes) -> bool:
    """Whether one reader would take the file for what it is, and another one for a zip archive or a PDF."""
    if found != PDF and b"%PDF-" in head:
        return True
    if found not in BEGINNINGS.values():
        return False
    file.seek(max(0, size - ZIP_TAIL))
    return office.END_OF_DIRECTORY in file.read()


# What no text has: control characters but for tabs and line breaks.
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# By what a browser that guesses takes a file for a page, or for a picture that runs scripts.
MARKUP = re.compile(
    r"\s*<(!doctype|html|head|body|script|iframe|style|title|table|div|font|h1|br|svg|a|b|p|!--|\?xml)(?![a-z0-9])",
    re.IGNORECASE,
)


def _require_text(file: BinaryIO, head: bytes) -> None:
    if head.startswith(OLE):
        raise ReviewError(
            _(
                "Old Office files (.xls, .doc, .ppt) and Office files with a password cannot be attached. "
                "Save it as .xlsx, .docx or .pptx without a password."
            )
        )
    if head.startswith(UTF16):
        raise ReviewError(_("This text is written in UTF-16. Save it in UTF-8 and attach that."))
    file.seek(0)
    text = _decoded(file.read())
    if text is None or CONTROL.search(text):
        raise ReviewError(
            _(
                "Files of this kind cannot be attached. Attach a PDF, a picture (PNG or JPEG), an Office file (.xlsx, "
                ".docx or .pptx) or a text in UTF-8 or Shift_JIS (.txt or .csv)."
            )
        )
    if MARKUP.match(text):
        raise ReviewError(_("Web pages and drawings (HTML, SVG, XML) cannot be attached. Save it as PDF."))


def _decoded(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
