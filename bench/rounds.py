"""Timing two ways of writing the same rows, in turns, because the machine is shared and never quiet."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from bench.plain import Plain

Work = Callable[[], object]


class Round(NamedTuple):
    """Pieces of work, equally many for plain SQL and for Meguru."""

    floor: Sequence[Work]
    ours: Sequence[Work]


class Seconds(NamedTuple):
    """How long each round took: plain SQL and Meguru, round by round."""

    floor: list[float]
    ours: list[float]


def in_turns(rounds: Sequence[Round]) -> Seconds:
    """Time the rounds, piece by piece in turns; who begins changes from round to round."""
    seconds = Seconds(floor=[], ours=[])
    for number, pieces in enumerate(rounds):
        spent = [0.0, 0.0]
        for pair in zip(*pieces, strict=True):
            for at in (0, 1) if number % 2 == 0 else (1, 0):
                start = perf_counter()
                pair[at]()
                spent[at] += perf_counter() - start
        for kept, total in zip(seconds, spent, strict=True):
            kept.append(total)
    return seconds


def require_same_rows(plain: Plain, floor: Work, ours: Work) -> None:
    """Do both; raises AssertionError when they did not add equally many rows to every table."""
    before = plain.counts()
    floor()
    between = plain.counts()
    ours()
    after = plain.counts()
    by_floor = {table: between[table] - before[table] for table in before}
    by_us = {table: after[table] - between[table] for table in before}
    assert by_floor == by_us, (by_floor, by_us)
