"""The one table that a run prints."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from statistics import median
from typing import Any

COLUMNS = ("what", "plain SQL", "Meguru", "Meguru ÷ plain SQL", "rounds")
PACKAGES = ("Django", "django-viewflow", "psycopg")


def heading() -> str:
    """The machine and the versions, without which the numbers say nothing."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {load}"
    return f"{machine}; Python {platform.python_version()}, {packages}\nEach cell: min / median / max."


def rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The lines of one database."""
    cycles, openings = found["cycles"], found["openings"]
    per_second = [[cycles["cycles"] / taken for taken in seconds] for seconds in cycles["seconds"]]
    yield (
        f"{found['version']}: submit → pass → approve, cycles a second",
        *(_spread(values, 1) for values in per_second),
        _spread(_ratios(cycles["seconds"]), 1),
        f"{len(per_second[0])} × {cycles['cycles']}",
    )
    ours, floor = cycles["our_statements"], cycles["floor_statements"]
    yield (
        f"{found['version']}: statements of a cycle, by step",
        *(f"{sum(counts)} ({' + '.join(map(str, counts))})" for counts in (floor, ours)),
        f"{sum(ours) / sum(floor):.1f}",
        "",
    )
    yield (
        f"{found['version']}: seconds to open {openings['reviews']:,} reviews",
        *(_spread(seconds, 2) for seconds in openings["seconds"]),
        _spread(_ratios(openings["seconds"]), 1),
        str(len(openings["seconds"][0])),
    )
    yield (
        f"{found['version']}: statements of an opening",
        str(openings["floor_statements"]),
        str(openings["our_statements"]),
        f"{openings['our_statements'] / openings['floor_statements']:.1f}",
        "",
    )


def table(lines: list[tuple[str, ...]]) -> str:
    """Markdown, so that it can be put into the documents as it is."""
    lines = [COLUMNS, *lines]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def _ratios(seconds: list[list[float]]) -> list[float]:
    """How many times longer Meguru took, round by round."""
    floor, ours = seconds
    return [mine / plain for plain, mine in zip(floor, ours, strict=True)]


def _spread(values: list[float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
