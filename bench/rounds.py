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


class Times(NamedTuple):
    """By the clock, and by the processors: this process and the database's for it, whoever else was busy."""

    clock: Seconds
    cpu: Seconds


def in_turns(plain: Plain, rounds: Sequence[Round]) -> Times:
    """Time the rounds, piece by piece in turns; who begins changes from round to round."""
    times = Times(Seconds([], []), Seconds([], []))
    for number, pieces in enumerate(rounds):
        for kept in (*times.clock, *times.cpu):
            kept.append(0.0)
        for pair in zip(*pieces, strict=True):
            for at in (0, 1) if number % 2 == 0 else (1, 0):
                cpu, clock = plain.cpu_seconds(), perf_counter()
                pair[at]()
                times.clock[at][-1] += perf_counter() - clock
                times.cpu[at][-1] += plain.cpu_seconds() - cpu
    return times


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
