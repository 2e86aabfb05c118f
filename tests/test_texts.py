"""Every text that people read has its Japanese, and the Japanese fills in the same blanks."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import django
import polib
import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("project", "departments", "workflows", "notifications")
BLANK = re.compile(r"%\([a-z_A-Z0-9]+\)|(?<!%)%[sd]|\{[a-z_A-Z0-9.!:]*\}")

Key = tuple[str | None, str]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Key]]:
    """For each app the texts that its code and templates hold, found by Django's makemessages in a copy."""
    if shutil.which("xgettext") is None:
        pytest.fail("gettext is missing. Install it with: sudo apt-get install gettext")
    return {app: texts_in(ROOT / app, tmp_path_factory.mktemp(app) / app) for app in APPS}


def texts_in(source: Path, copy: Path) -> set[Key]:
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*.po", "*.mo", "__pycache__"))
    (copy / "locale").mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "ja", "--verbosity", "0"],
        cwd=copy,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        check=True,
        stdin=subprocess.DEVNULL,
    )
    made = copy / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(made))} if made.exists() else set()


def japanese(app: str) -> list[polib.POEntry]:
    path = ROOT / app / "locale" / "ja" / "LC_MESSAGES" / "django.po"
    assert path.exists(), f"{app} has no Japanese: {path}"
    return [entry for entry in polib.pofile(str(path), check_for_duplicates=True) if not entry.obsolete]


def listed(keys: set[Key]) -> str:
    return "\n".join(sorted(f"{context}: {text!r}" if context else repr(text) for context, text in keys))


def djangos_own() -> set[Key]:
    """The texts of Django and its apps, which a catalogue of ours may say better."""
    catalogues = Path(django.__file__).parent.rglob("locale/ja/LC_MESSAGES/django.po")
    return {(entry.msgctxt, entry.msgid) for path in catalogues for entry in polib.pofile(str(path))}


@pytest.mark.parametrize("app", APPS)
def test_every_text_has_its_japanese(app: str, extracted: dict[str, set[Key]]) -> None:
    translated = {(entry.msgctxt, entry.msgid) for entry in japanese(app) if entry.translated()}
    missing = extracted[app] - translated
    assert not missing, listed(missing)


@pytest.mark.parametrize("app", APPS)
def test_no_japanese_is_left_over_from_texts_that_are_gone(app: str, extracted: dict[str, set[Key]]) -> None:
    everywhere = set().union(*extracted.values(), djangos_own())
    left_over = {(entry.msgctxt, entry.msgid) for entry in japanese(app)} - everywhere
    assert not left_over, listed(left_over)


@pytest.mark.parametrize("app", APPS)
def test_the_japanese_fills_in_the_same_blanks(app: str) -> None:
    """A blank the code does not fill breaks the page; one that is forgotten hides what it would say."""
    different = [
        entry.msgid
        for entry in japanese(app)
        for text in [entry.msgstr, *entry.msgstr_plural.values()]
        if text and set(BLANK.findall(text)) != set(BLANK.findall(entry.msgid_plural or entry.msgid))
    ]
    assert different == []


def test_one_text_has_one_japanese() -> None:
    """Django merges the catalogues of all apps, and one of two answers would win by chance."""
    answers: dict[Key, set[str]] = {}
    for app in APPS:
        for entry in japanese(app):
            answers.setdefault((entry.msgctxt, entry.msgid), set()).add(entry.msgstr or str(entry.msgstr_plural))
    assert {key: found for key, found in answers.items() if len(found) > 1} == {}
