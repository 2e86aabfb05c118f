"""The one table that a run prints."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from statistics import median
from typing import Any

COLUMNS = ("what", "plain SQL", "Meguru", "Meguru ÷ plain SQL", "rounds")
PACKAGES = ("Django", "django-viewflow", "psycopg")

Line = tuple[str, ...]
Pair = list[list[float]]  # seconds of plain SQL and of Meguru, round by round


def heading() -> str:
    """The machine and the versions, without which the numbers say nothing."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {load}"
    return f"{machine}; Python {platform.python_version()}, {packages}\nEach cell: min / median / max."


def rows(found: dict[str, Any]) -> Iterator[Line]:
    """The lines of one database."""
    for line in (*_cycle_rows(**found["cycles"]), *_opening_rows(**found["openings"])):
        yield f"{found['version']}: {line[0]}", *line[1:]


def _cycle_rows(cycles: int, times: list[Pair], floor_statements: list[int], our_statements: list[int]) -> list[Line]:
    clock, cpu = times
    rounds = f"{len(clock[0])} × {cycles}"
    per_second = [_spread([cycles / taken for taken in seconds], 1) for seconds in clock]
    milliseconds = [_spread([1000 * used / cycles for used in seconds], 1) for seconds in cpu]
    statements = [f"{sum(counts)} ({' + '.join(map(str, counts))})" for counts in (floor_statements, our_statements)]
    return [
        ("submit → pass → approve, cycles a second", *per_second, _ratio(clock), rounds),
        ("CPU milliseconds of a cycle", *milliseconds, _ratio(cpu), rounds),
        ("statements of a cycle, by step", *statements, f"{sum(our_statements) / sum(floor_statements):.1f}", ""),
    ]


def _opening_rows(reviews: int, times: list[Pair], floor_statements: int, our_statements: int) -> list[Line]:
    clock, cpu = times
    rounds = str(len(clock[0]))
    ratio = f"{our_statements / floor_statements:.1f}"
    return [
        (f"seconds to open {reviews:,} reviews", *(_spread(seconds, 2) for seconds in clock), _ratio(clock), rounds),
        (f"CPU seconds to open {reviews:,} reviews", *(_spread(seconds, 2) for seconds in cpu), _ratio(cpu), rounds),
        ("statements of an opening", str(floor_statements), str(our_statements), ratio, ""),
    ]


def table(lines: list[Line]) -> str:
    """Markdown, so that it can be put into the documents as it is."""
    lines = [COLUMNS, *lines]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def _ratio(seconds: Pair) -> str:
    """How many times as long Meguru took, round by round."""
    floor, ours = seconds
    return _spread([mine / plain for plain, mine in zip(floor, ours, strict=True)], 1)


def _spread(values: list[float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
