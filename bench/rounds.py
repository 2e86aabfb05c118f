"""Timing two ways of writing the same rows, in turns, because the machine is shared and never quiet."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from bench.plain import Plain


class Seconds(NamedTuple):
    """How long each round took: plain SQL and Meguru, round by round."""

    floor: list[float]
    ours: list[float]


def in_turns(plain: Plain, rounds: Sequence[tuple[Callable[[], None], Callable[[], None]]]) -> Seconds:
    """Time each round's (floor, ours), the other one first every second time.

    Raises AssertionError when the two did not write equally many rows into every table.
    """
    seconds = Seconds(floor=[], ours=[])
    for at, (floor, ours) in enumerate(rounds):
        written = {}
        for name, work, kept in sorted(
            (("floor", floor, seconds.floor), ("ours", ours, seconds.ours)), reverse=at % 2 == 1
        ):
            before = plain.counts()
            start = perf_counter()
            work()
            kept.append(perf_counter() - start)
            written[name] = {table: count - before[table] for table, count in plain.counts().items()}
        assert written["floor"] == written["ours"], written
    return seconds
