"""Files as departments attach them, and files as nobody should, made from nothing."""

import hashlib
import io
import struct
import zipfile
import zlib

from workflows.evidence.office import DOCX, END, OFFICE, XLSX

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
TYPES = "[Content_Types].xml"
ZEROS = bytes(1024 * 1024)


def png() -> bytes:
    """One white dot."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))

    header = struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def archive(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return packed.getvalue()


def types_of(main: str, more: str = "") -> bytes:
    text = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    text += '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<?xml version="1.0"?>{text}<Override PartName="/main.xml" ContentType="{main}"/>{more}</Types>'.encode()


def office(
    kind: str = XLSX, parts: dict[str, bytes] | None = None, *, main: str = "", types: bytes = b"", more: str = ""
) -> bytes:
    """An Office file of that kind with these parts besides what it needs."""
    listed = types or types_of(main or f"{kind}.main+xml", more)
    return archive({TYPES: listed, "main.xml": b"<main/>", **(parts or {})})


def stored(part: bytes) -> bytes:
    """A workbook in which nothing is packed, the part first."""
    return archive({"main.xml": part, TYPES: types_of(f"{XLSX}.main+xml")}, zipfile.ZIP_STORED)


def macro_book() -> bytes:
    """A workbook with macros, under the content type of one."""
    return office(main="application/vnd.ms-excel.sheet.macroEnabled.main+xml", parts={"xl/vbaProject.bin": b"VBA"})


def _directory_of(content: bytes) -> tuple[bytes, bytes, int]:
    """The parts, the directory, and how many entries it has."""
    *_start, count, length, offset, _comment = END.unpack(content[-END.size :])
    return content[:offset], content[offset : offset + length], count


def _closed(parts: bytes, directory: bytes, count: int) -> bytes:
    return parts + directory + END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(parts), 0)


def _resized(content: bytes, real: int, claimed: int) -> bytes:
    """The same file, whose directory and header claim another size for the part of `real` bytes."""
    parts, directory, count = _directory_of(content)
    was, now = struct.pack("<L", real), struct.pack("<L", claimed)
    assert was in directory
    return _closed(parts.replace(was, now, 1), directory.replace(was, now, 1), count)


def _many_times(content: bytes, times: int, says: int) -> bytes:
    """The same file, whose directory has the last entry so often, and says `says` of how many there are."""
    parts, directory, _count = _directory_of(content)
    last = directory[directory.rindex(b"PK\x01\x02") :]
    return _closed(parts, directory + last * (times - 1), says)


def _directory_elsewhere(content: bytes) -> bytes:
    """The same file with the record of a large archive, which says that its directory is another one."""
    parts, directory, count = _directory_of(content)
    other = directory[directory.rindex(b"PK\x01\x02") :] * 60_000
    start = len(parts) + len(directory)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 60_000, 60_000, len(other), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(other), 1)
    return _closed(parts, directory + other + record + locator, count)


LAUGHS = b"<!DOCTYPE lol [<!ENTITY a0 'lol'>%s]><Types><Default ContentType='&a25;'/></Types>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 26)
)


def bombs() -> dict[str, bytes]:
    """Small files that become large for whoever unpacks them, and some that only say so, by name."""
    heavy = office(parts={"xl/sheet.xml": ZEROS * 60})
    plain = office(parts={"xl/sheet.xml": b"<sheet/>"})
    inner = archive({"0.bin": ZEROS * 40})
    return {
        "one large part": heavy,
        "a part that unpacks a thousandfold": office(parts={"xl/sheet.xml": ZEROS * 40}),
        "many large parts": office(parts={f"xl/{n}.xml": ZEROS * 8 for n in range(8)}),
        "two thousand parts": office(parts={f"xl/{n}.xml": b"<x/>" for n in range(2000)}),
        "a large part said to be small": _resized(heavy, len(ZEROS) * 60, 4_000),
        "a small part said to be large": _resized(office(parts={"xl/a.xml": bytes(4321)}), 4321, 4_000_000_000),
        "one part listed nine hundred times": _many_times(plain, 900, 902),
        "one part listed 60,000 times, said to be two": _many_times(plain, 60_000, 2),
        "a second directory behind the first": _directory_elsewhere(plain),
        "a large list of types": office(types=types_of(f"{XLSX}.main+xml", f"<!--{' ' * 30_000_000}-->")),
        "types that grow without end": office(types=LAUGHS),
        "an archive of archives": archive({f"{n}.zip": inner for n in range(16)}),
        "an archive of archives that claims to be Office": office(
            parts={f"{n}.zip": archive({f"{n}.bin": inner}, zipfile.ZIP_STORED) for n in range(1200)}
        ),
        "an archive behind a PDF": PDF + heavy,
        "an archive behind a picture": png() + heavy,
        "a text that is too long": b"a" * (10 * 1024 * 1024 + 1),
        "a binary that is nearly a text": b"a" * (10 * 1024 * 1024 - 1) + b"\x00",
    }


def document() -> bytes:
    return office(DOCX, {"word/document.xml": "<p>報告</p>".encode()})


def locked_book() -> bytes:
    """A workbook whose parts have a password, as the directory says."""
    parts, directory, count = _directory_of(office())
    marked = bytearray(directory)
    marked[8] |= 1  # the flags of the first entry
    return _closed(parts, bytes(marked), count)


def other_office(main: str) -> bytes:
    """An Office file of a kind that is not taken, such as a template."""
    return office(main=f"{OFFICE}{main}")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
