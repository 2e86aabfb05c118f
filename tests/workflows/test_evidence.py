"""What may be attached: judged by the content, whatever the name says; bombs are refused before they go off."""

import contextlib
import io
import json
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows import papers
from tests.workflows.papers import (
    JPEG,
    PDF,
    archive,
    document,
    locked_book,
    macro_book,
    office,
    other_office,
    png,
    types_of,
)
from workflows.errors import ReviewError
from workflows.evidence.checking import ENDINGS, NAME_CAP, Evidence, clean_name, examine
from workflows.evidence.office import DOCX, PPTX, TYPES, XLSX

CSV = "課名,件数\r\n市民課,12\r\n"


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(ReviewError) as error:
        examine(name, io.BytesIO(content))
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("集計.pdf", PDF, "application/pdf"),
        ("写真.PNG", png(), "image/png"),
        ("写真.jpeg", JPEG, "image/jpeg"),
        ("写真.JPG", JPEG, "image/jpeg"),
        ("集計.xlsx", office(XLSX), XLSX),
        ("報告.docx", document(), DOCX),
        ("説明.pptx", office(PPTX), PPTX),
        ("一覧.csv", CSV.encode("cp932"), "text/plain"),
        ("一覧.csv", CSV.encode("utf-8-sig"), "text/plain"),
        ("覚え書き.txt", "<件数>は12\t(①髙﨑)".encode(), "text/plain"),
    ],
)
def test_what_departments_have_is_taken(name: str, content: bytes, media_type: str) -> None:
    found = examine(name, io.BytesIO(content))
    assert found == Evidence(name, media_type, len(content), papers.sha256(content))


OLD = "従来形式のOfficeファイル(.xls・.doc・.ppt)と"
NOT_TAKEN = "この種類のファイルは添付できません。"
BROKEN = "このOfficeファイルは壊れているか"
MARKUP = "ウェブページや図面"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"", "ファイルが空です。"),
        ("a.pdf", PDF + b" " * 10 * 1024 * 1024, "ファイルが10MBを超えています。"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), OLD),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), OLD),
        ("a.exe", b"MZ\x90\x00" + bytes(100), NOT_TAKEN),
        ("a.txt", b"MZ\x90\x00" + bytes(100), NOT_TAKEN),
        ("a.txt", b"\x7fELF\x02\x01\x01\x00", NOT_TAKEN),
        ("a.pdf", b"\x00" + PDF, NOT_TAKEN),
        ("a.txt", b"\x81\xff\xfe\x00", NOT_TAKEN),
        ("a.txt", "件数".encode("utf-16"), "このテキストはUTF-16です。"),
        ("a.txt", "件数".encode("iso-2022-jp"), NOT_TAKEN),
        ("a.html", b"<html><script>alert(1)</script></html>", MARKUP),
        ("a.txt", b"\xef\xbb\xbf \n<!DOCTYPE html><p>", MARKUP),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", MARKUP),
        ("a.csv", b"<?xml version='1.0'?><svg/>", MARKUP),
        ("a.txt", b"<!-- --><SVG>", MARKUP),
        ("a.zip", archive({"a.txt": b"a"}), "ZIPファイルは添付できません。"),
        ("a.xlsx", archive({}), "ZIPファイルは添付できません。"),
        ("a.docx", archive({"word/document.xml": b"<p/>"}), "ZIPファイルは添付できません。"),
        ("a.xlsx", macro_book(), "マクロが含まれています。"),
        ("a.xlsx", office(parts={"xl/VBAPROJECT.BIN": b"VBA"}), "マクロが含まれています。"),
        ("a.xlsx", office(more='<Default ContentType="application/vnd.ms-excel.macrosheet+xml"/>'), "マクロが"),
        ("a.xlsx", office(more='<Default ContentType="application/vnd.ms-office.vba&#80;roject"/>'), "マクロが"),
        ("a.xlsx", locked_book(), "パスワードが設定されています。"),
        ("a.docx", other_office("wordprocessingml.template.main+xml"), BROKEN),
        ("a.xlsx", office(more=f'<Override ContentType="{DOCX}.main+xml"/>'), BROKEN),
        ("a.xlsx", office(types=b"<Types"), BROKEN),
        ("a.xlsx", office(types="<Types/>".encode("utf-16")), BROKEN),
        ("a.xlsx", office(types=b'<?xml version="1.0" encoding="klingon"?><Types/>'), BROKEN),
        ("a.xlsx", office(types=b'<?xml version="1.0" encoding="base64"?><Types/>'), BROKEN),
        ("a.xlsx", archive({TYPES: types_of(f"{XLSX}.main+xml")}, zipfile.ZIP_LZMA), BROKEN),
        ("a.xlsx", archive({TYPES: types_of(f"{XLSX}.main+xml")}, zipfile.ZIP_BZIP2), BROKEN),
        ("a.xlsx", office(parts={"../../etc/cron.d/a": b""}), BROKEN),
        ("a.xlsx", office(parts={"..\\a": b""}), BROKEN),
        ("a.xlsx", office(parts={"/etc/passwd": b""}), BROKEN),
        ("a.xlsx", office(parts={"C:/a": b""}), BROKEN),
        ("a.xlsx", office(parts={"MAIN.xml": b""}), BROKEN),
        ("a.xlsx", office()[:-1], BROKEN),
        ("a.xlsx", office() + b"\n", BROKEN),
        ("a.xlsx", office()[:-30], BROKEN),
        ("a.xlsx", b"PK\x03\x04", BROKEN),
        ("a.xlsx", papers.stored(b"<main/>").replace(b"<main/>", b"<niam/>"), BROKEN),
        ("a.pdf", PDF + archive({"a.txt": b"a"}), "2種類のファイルを兼ねています。"),
        ("a.png", png() + office(), "2種類のファイルを兼ねています。"),
        ("a.jpg", JPEG + office(), "2種類のファイルを兼ねています。"),
        ("a.jpg", JPEG + PDF, "2種類のファイルを兼ねています。"),
        ("a.xlsx", papers.stored(PDF), "2種類のファイルを兼ねています。"),
        ("a.docx", office(XLSX), "内容から見て、このファイルの種類は次のとおりです: Excel。"),
        ("a.png", PDF, "内容から見て、このファイルの種類は次のとおりです: PDF。"),
        ("a.pdf.exe", PDF, "内容から見て、このファイルの種類は次のとおりです: PDF。"),
        ("a.jpg", b"hello", "内容から見て、このファイルの種類は次のとおりです: テキスト。"),
        ("報告", PDF, "ファイル名の末尾を種類に合わせてください"),
        (".pdf", PDF, "ファイル名の末尾を種類に合わせてください"),
        ("", PDF, "ファイル名の末尾を種類に合わせてください"),
        ("あ" * 147 + ".pdf", PDF, "ファイル名が長すぎます。"),
    ],
)
def test_what_is_not_taken_is_told_in_one_sentence(name: str, content: bytes, sentence: str) -> None:
    assert refusal(name, content).startswith(sentence)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("C:\\Users\\sato\\集計 表.pdf", "集計 表.pdf"),
        ("../../集計.pdf", "集計.pdf"),
        ("集計\u202efdp.pdf", "集計fdp.pdf"),
        ("集\r\n計\x00.pdf", "集計.pdf"),
        ("か\u3099んは\u309a.pdf", "がんぱ.pdf"),
        ("集計\u3000最終(2).PDF", "集計\u3000最終(2).PDF"),
        (" 100%_'集計\".pdf ", "100%_'集計\".pdf"),
    ],
)
def test_names_are_kept_but_for_what_nobody_sees(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@given(st.text(max_size=200), st.sampled_from(["", *ENDINGS, ".PDF"]))
def test_every_name_is_harmless_or_refused(stem: str, ending: str) -> None:
    try:
        name = clean_name(stem + ending)
    except ReviewError:
        return
    assert 0 < len(name) <= NAME_CAP
    assert not set(name) & set("/\\\x00\r\n\u202e\u2066\u2028")
    assert unicodedata.is_normalized("NFC", name)
    assert clean_name(name) == name


@given(st.data())
def test_no_damage_to_an_office_file_is_more_than_a_refusal(data: st.DataObject) -> None:
    content = bytearray(document())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ReviewError):
        examine("a.docx", io.BytesIO(bytes(content)))


MEASURED = """
import django, json, sys, time
django.setup()
from workflows.errors import ReviewError
from workflows.evidence.checking import examine
found = {}
for path in sys.argv[1:]:
    started = time.perf_counter()
    try:
        with open(path, "rb") as file:
            examine("a.xlsx", file)
    except ReviewError as error:
        found[path] = str(error), time.perf_counter() - started
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"refused": found, "kilobytes": int(peak)}))
"""


def test_bombs_are_refused_at_once_and_in_little_memory(tmp_path: Path) -> None:
    bombs = papers.bombs()
    paths = {str(tmp_path / str(number)): name for number, name in enumerate(bombs)}
    for path, name in paths.items():
        assert len(bombs[name]) < 11 * 1024 * 1024, name
        Path(path).write_bytes(bombs[name])
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *paths], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    told = json.loads(run.stdout)
    assert {paths[path] for path in told["refused"]} == set(bombs)
    assert told["kilobytes"] < 150_000
    assert {paths[path]: seconds for path, (_sentence, seconds) in told["refused"].items() if seconds > 5} == {}
