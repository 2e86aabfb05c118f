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
