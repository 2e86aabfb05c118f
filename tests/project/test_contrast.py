"""The colours that texts and marks are drawn in can be told from what lies behind them (WCAG 1.4.3 and 1.4.11)."""

import re

import pytest
from django.conf import settings

CSS = settings.BASE_DIR / "project" / "static" / "css"
DECLARATION = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
TONES = ("blue", "green", "yellow", "orange", "red", "purple")


def declared(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in DECLARATION.findall(text)}


TOKENS = declared((CSS / "tokens.css").read_text(encoding="utf-8").partition("@media")[0])
FEEDBACK = (CSS / "feedback.css").read_text(encoding="utf-8")


def colour(value: str) -> str:
    """The hex digits behind a token's name, a var() or a literal."""
    if value.startswith("#"):
        digits = value[1:]
        return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    return colour(TOKENS[value.removeprefix("var(--").removesuffix(")")])


def luminance(value: str) -> float:
    digits = colour(value)
    parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("back", ["page", "surface", "gray-50", "gray-100", "blue-50"])
@pytest.mark.parametrize("text", ["text", "strong", "quiet", "key", "link", "error"])
def test_texts_can_be_read_on_every_ground(text: str, back: str) -> None:
    assert contrast(text, back) >= 4.5


@pytest.mark.parametrize("fill", ["key", "key-hover", "key-active", "red-900", "red-1000"])
def test_white_can_be_read_on_a_button(fill: str) -> None:
    assert contrast("white", fill) >= 4.5


@pytest.mark.parametrize("mark", ["field-line", "key", "gray-536", "yellow-900", "green-800", "red-900"])
def test_marks_and_lines_of_controls_can_be_seen(mark: str) -> None:
    assert contrast(mark, "surface") >= 3


@pytest.mark.parametrize("tone", TONES)
def test_chips_can_be_read(tone: str) -> None:
    rule = declared(FEEDBACK.partition(f".chip--{tone} {{")[2].partition("}")[0])
    assert contrast(rule["chip-text"], rule["chip-fill"]) >= 4.5
    assert contrast(rule["chip-line"], "surface") >= 3
