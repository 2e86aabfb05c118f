"""The colours of the stylesheets and how well they can be told apart (WCAG 2.2: contrast ratio)."""

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings

CSS = settings.BASE_DIR / "project" / "static" / "css"
DECLARATION = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")

Tokens = Mapping[str, str]


def declared(css: str) -> dict[str, str]:
    """The custom properties in a stylesheet or a rule: name without dashes → value as it is written."""
    return {name: value.strip() for name, value in DECLARATION.findall(css)}


@cache
def plain() -> Tokens:
    """What tokens.css says."""
    return declared((CSS / "tokens.css").read_text(encoding="utf-8"))


@cache
def high_contrast() -> Tokens:
    """The same after contrast.css has changed some."""
    return {**plain(), **declared((CSS / "contrast.css").read_text(encoding="utf-8"))}


def colour(value: str, tokens: Tokens) -> str:
    """The six hex digits behind a token's name, a var() or a literal, with #. Raises KeyError for anything else."""
    if value.startswith("#"):
        digits = value[1:]
        return value if len(digits) == 6 else "#" + "".join(digit * 2 for digit in digits)
    return colour(tokens[value.removeprefix("var(--").removesuffix(")")], tokens)


def contrast(one: str, other: str, tokens: Tokens) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(colour(each, tokens)) for each in (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(hexadecimal: str) -> float:
    parts = (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
