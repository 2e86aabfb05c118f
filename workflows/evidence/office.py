"""Office files (.xlsx, .docx, .pptx): zip archives, judged by their directory before anything is unpacked."""

import struct
import zipfile
import zlib
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from django.utils.translation import gettext as _

from workflows.errors import ReviewError

OFFICE = "application/vnd.openxmlformats-officedocument."
XLSX = f"{OFFICE}spreadsheetml.sheet"
DOCX = f"{OFFICE}wordprocessingml.document"
PPTX = f"{OFFICE}presentationml.presentation"

UNPACKED_CAP = 50 * 1024 * 1024
RATIO_CAP = 100
PARTS_CAP = 1000
DIRECTORY_CAP = 512 * 1024
TYPES_CAP = 1024 * 1024

END_OF_DIRECTORY = b"PK\x05\x06"
LARGE_END = b"PK\x06\x07"  # of an archive over 4 GB: says that the directory is elsewhere
END = struct.Struct("<4s4H2LH")
ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags of a part: its bytes, or what the directory says of it
PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # all that Office writes and reads
TYPES = "[Content_Types].xml"

# What reading a broken archive raises.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,  # an encoding that nobody knows
    OSError,
)


def media_type(file: BinaryIO, size: int) -> str:
    """Which kind of Office file the archive of `size` bytes is; raises ReviewError where it is none or unfit."""
    _require_small_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _require_decent(parts, size)
            found = _kind(archive, parts)
            _require_truthful(archive, parts)
    except BROKEN as error:
        _refuse_broken(error)
    return found


def _refuse_broken(cause: Exception | None = None) -> NoReturn:
    raise ReviewError(
        _("This Office file is damaged, or no Office file. Open it, save it again and attach that.")
    ) from cause


def _require_small_directory(file: BinaryIO, size: int) -> None:
    """That the archive ends with its directory, and that this can be read without harm."""
    file.seek(max(0, size - END.size - 20))
    tail = file.read()
    if len(tail) < END.size:
        _refuse_broken()
    signature, disk, first_disk, here, parts, length, offset, comment = END.unpack(tail[-END.size :])
    if signature != END_OF_DIRECTORY or comment or disk or first_disk or here != parts or LARGE_END in tail:
        _refuse_broken()
    if parts > PARTS_CAP or length > DIRECTORY_CAP:
        _refuse_large()
    if offset + length + END.size != size:
        _refuse_broken()


def _refuse_large() -> NoReturn:
    cap = UNPACKED_CAP // (1024 * 1024)
    raise ReviewError(
        _("Unpacked, this Office file would be too large (at most %(cap)d MB). Split it, or save it as PDF.")
        % {"cap": cap}
    )


def _require_decent(parts: list[zipfile.ZipInfo], size: int) -> None:
    """What the directory says of sizes, passwords, names, ways of packing and macros."""
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > PARTS_CAP or unpacked > UNPACKED_CAP or unpacked > RATIO_CAP * max(packed, 1):
        _refuse_large()
    if any(part.flag_bits & ENCRYPTED for part in parts):
        raise ReviewError(_("This file has a password. Save it without one and attach that."))
    names = [part.filename.replace("\\", "/").lower() for part in parts]
    if packed > size or len(set(names)) < len(names) or any(map(_leads_outside, names)):
        _refuse_broken()
    if any(part.compress_type not in PACKINGS for part in parts):
        _refuse_broken()
    if any(name.endswith("vbaproject.bin") for name in names):
        _refuse_macros()


def _leads_outside(name: str) -> bool:
    return name.startswith("/") or ":" in name or ".." in name.split("/")


def _refuse_macros() -> NoReturn:
    raise ReviewError(_("This file has macros. Save it without them (.xlsx, .docx or .pptx) and attach that."))


def _kind(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str:
    """What the package says that its main part is."""
    listed = next((part for part in parts if part.filename == TYPES), None)
    if listed is None:
        raise ReviewError(_("Zip archives cannot be attached. Attach the files in it one by one."))
    if listed.file_size > TYPES_CAP:
        _refuse_large()
    types = _content_types(archive.read(listed))
    if any("macro" in found.lower() or "vbaproject" in found.lower() for found in types):
        _refuse_macros()
    kinds = [kind for kind in (XLSX, DOCX, PPTX) if f"{kind}.main+xml" in types]
    if len(kinds) != 1:
        _refuse_broken()
    return kinds[0]


def _content_types(text: bytes) -> set[str]:
    """The content types that the package's list names."""
    found: set[str] = set()
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda _tag, attributes: found.add(attributes.get("ContentType", ""))
    parser.StartDoctypeDeclHandler = lambda *_declared: _refuse_broken()  # it could define what grows without end
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        _refuse_broken(error)
    return found


def _require_truthful(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """That no part is larger than the directory says, nor damaged: unpacked piece by piece, and thrown away.

    Only now, when all of it is at most UNPACKED_CAP: a part is read up to one byte past the size it claims.
    """
    for part in parts:
        claimed = part.file_size
        part.file_size += 1
        with archive.open(part) as content:
            found = sum(len(piece) for piece in iter(lambda: content.read(64 * 1024), b""))
        if found != claimed:
            _refuse_broken()
