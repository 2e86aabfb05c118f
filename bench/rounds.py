"""Timing ways of doing the same, in turns, because the machine is shared and never quiet."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from bench.plain import Plain

Work = Callable[[], object]
# For each of the ways its pieces of work, equally many.
Round = Sequence[Sequence[Work]]


class Times(NamedTuple):
    """Seconds of each way, round by round.

    By the clock, and by the processors: this process and the database's for it, whoever else was busy.
    """

    clock: list[list[float]]
    cpu: list[list[float]]

    def plus(self, others: "Times") -> "Times":
        """Way by way and round by round."""
        return Times(
            *(
                [[one + other for one, other in zip(*way, strict=True)] for way in zip(mine, theirs, strict=True)]
                for mine, theirs in zip(self, others, strict=True)
            )
        )


def in_turns(plain: Plain, rounds: Sequence[Round]) -> Times:
    """Time the rounds, piece by piece in turns; who begins changes from round to round."""
    ways = len(rounds[0])
    times = Times([[] for _ in range(ways)], [[] for _ in range(ways)])
    for number, pieces in enumerate(rounds):
        for kept in (*times.clock, *times.cpu):
            kept.append(0.0)
        order = [(number + at) % ways for at in range(ways)]
        for piece in zip(*pieces, strict=True):
            for at in order:
                cpu, clock = plain.cpu_seconds(), perf_counter()
                piece[at]()
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
