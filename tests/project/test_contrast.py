"""The colours that texts and marks are drawn in can be told from what lies behind them (WCAG 1.4.3, 1.4.6, 1.4.11)."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from project.palette import Tokens, contrast, declared, high_contrast, plain

SHEETS = {path.name: path.read_text(encoding="utf-8") for path in settings.BASE_DIR.glob("*/static/*/*.css")}
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
TONES = ("blue", "green", "yellow", "orange", "red", "purple")
# Each set of colours with the least contrast of its texts.
THEMES = [pytest.param(plain(), 4.5, id="plain"), pytest.param(high_contrast(), 7, id="high-contrast")]
# Nothing to read: what is switched off, and drawings, for which 3 is enough.
NO_TEXT = re.compile(r":disabled|__icon|\.icon|::?before|::?after|::selection|forced")


def rules() -> Iterator[tuple[str, dict[str, str]]]:
    """Each rule of each stylesheet of ours: its selector and what it declares."""
    for name, sheet in SHEETS.items():
        for selector, body in RULE.findall(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
            pairs = (line.split(":", 1) for line in body.split(";") if ":" in line)
            yield f"{name}: {' '.join(selector.split())}", {key.strip(): value.strip() for key, value in pairs}


def is_colour(value: str) -> bool:
    return bool(re.fullmatch(r"var\(--[a-z0-9-]+\)|#[0-9a-f]{3,6}", value))


@pytest.mark.parametrize(("tokens", "least"), THEMES)
def test_every_text_of_every_stylesheet_can_be_read(tokens: Tokens, least: float) -> None:
    """On the ground of the same rule; where it names none, on a page, a card and a pale row."""
    found = {}
    for selector, declarations in rules():
        text = declarations.get("color", "")
        if not is_colour(text) or NO_TEXT.search(selector):
            continue
        ground = declarations.get("background", declarations.get("background-color", ""))
        # A text in white or on a ground that another rule gives is checked below, by name.
        grounds = [ground] if is_colour(ground) else ["page", "surface", "gray-50"]
        name = text.removeprefix("var(--").removesuffix(")")
        if (not is_colour(ground) and name in ("white", "tone")) or name not in tokens:
            continue
        worst = min(contrast(text, each, tokens) for each in grounds)
        if worst < least:
            found[selector] = round(worst, 2)
    assert found == {}


@pytest.mark.parametrize(("tokens", "least"), THEMES)
@pytest.mark.parametrize("back", ["page", "surface", "gray-50", "gray-100", "blue-50"])
@pytest.mark.parametrize("text", ["text", "strong", "quiet", "key", "link", "error"])
def test_texts_can_be_read_on_every_ground(text: str, back: str, tokens: Tokens, least: float) -> None:
    assert contrast(text, back, tokens) >= least


@pytest.mark.parametrize(("tokens", "least"), THEMES)
@pytest.mark.parametrize("fill", ["key", "key-hover", "key-active", "red-900", "red-1000", "red-1200"])
def test_white_can_be_read_on_a_button(fill: str, tokens: Tokens, least: float) -> None:
    assert contrast("white", fill, tokens) >= least


@pytest.mark.parametrize(("tokens", "least"), [(plain(), 3), (high_contrast(), 4.5)], ids=["plain", "high-contrast"])
@pytest.mark.parametrize("mark", ["field-line", "key", "gray-536", "yellow-900", "green-800", "red-900", "line"])
def test_marks_and_lines_of_controls_can_be_seen(mark: str, tokens: Tokens, least: float) -> None:
    assert contrast(mark, "surface", tokens) >= least


@pytest.mark.parametrize(("tokens", "least"), THEMES)
@pytest.mark.parametrize("tone", TONES)
def test_chips_can_be_read(tone: str, tokens: Tokens, least: float) -> None:
    rule = declared(SHEETS["feedback.css"].partition(f".chip--{tone} {{")[2].partition("}")[0])
    assert contrast(rule["chip-text"], rule["chip-fill"], tokens) >= least
    assert contrast(rule["chip-line"], "surface", tokens) >= 3
