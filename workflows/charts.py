"""What the charts share: colours by tone, and the geometry of bars and stacks. All x lie in 0 ≤ x ≤ `WIDTH`."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

WIDTH = 320.0

# Of a chip's tone: at least 3 to 1 against white and the track. Attributes, so that a drawing carries its own colours.
FILLS = {
    "gray": "#767676",
    "blue": "#3460fb",
    "green": "#197a4b",
    "yellow": "#927200",
    "orange": "#c74700",
    "red": "#ce0000",
    "purple": "#5c10be",
}


# What is of one tone and stands side by side, told apart. Where there is more, the last serves for all the rest.
SHADES = {tone: [fill] for tone, fill in FILLS.items()} | {
    "green": ["#197a4b", "#71c598"],
    "gray": ["#949494", "#4d4d4d", "#767676", "#333333"],
}


def spread(numbers: Iterable[float], end: float, width: float = WIDTH) -> list[int]:
    """Where each of many numbers lies on a scale from 0 to `end`; those that cannot be told apart once."""
    return sorted({round(width * min(max(number / end, 0.0), 1.0)) for number in numbers})


class Piece(NamedTuple):
    """A part of a bar: where it begins and how long it is."""

    x: float
    width: float


def stacked(counts: Iterable[int], whole: int, width: float = WIDTH) -> Iterator[Piece]:
    """The counts as pieces that follow each other without a gap; `whole` of them fill the width."""
    passed = 0
    for count in counts:
        begin, end = (round(width * number / max(whole, 1), 1) for number in (passed, passed + count))
        yield Piece(begin, round(end - begin, 1))
        passed += count
