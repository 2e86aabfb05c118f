"""The one table that a run prints."""

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from statistics import median, quantiles
from typing import Any

COLUMNS = ("what", "plain SQL", "viewflow", "Meguru", "Meguru ÷ plain SQL", "viewflow ÷ Meguru", "rounds")
PACKAGES = ("Django", "django-viewflow", "psycopg")

Line = tuple[str, ...]
Numbers = Sequence[float]  # one of each round


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


def _cycle_rows(cycles: int, times: list[list[Numbers]], statements: list[list[int]]) -> list[Line]:
    clock, cpu = times
    rounds = f"{len(clock[0])} × {cycles}"
    per_second = [_spread([cycles / taken for taken in seconds], 1) for seconds in clock]
    milliseconds = [_spread([1000 * used / cycles for used in seconds], 1) for seconds in cpu]
    steps = [f"{sum(counts)} ({' + '.join(map(str, counts))})" for counts in statements]
    totals = [[sum(counts)] for counts in statements]
    return [
        ("open → submit → pass → approve, cycles a second", *per_second, *_ratios(*clock), rounds),
        ("CPU milliseconds of a cycle", *milliseconds, *_ratios(*cpu), rounds),
        ("statements of a cycle, by step; viewflow's opening first", *steps, *_ratios(*totals), ""),
    ]


def _opening_rows(
    reviews: int, times: list[list[Numbers]], floor_statements: int, our_statements: int
) -> Iterator[Line]:
    rounds = str(len(times[0][0]))
    for what, (floor, ours) in zip(("seconds", "CPU seconds"), times, strict=True):
        cells = (_spread(floor, 2), "", _spread(ours, 2), _ratio(ours, floor), "", rounds)
        yield f"{what} to open {reviews:,} reviews", *cells
    ratio = f"{our_statements / floor_statements:.1f}"
    yield "statements of an opening", str(floor_statements), "", str(our_statements), ratio, "", ""


def verifying_rows(version: str, events: int, processes: int, seconds: Numbers, cpu: float) -> Iterator[Line]:
    """The lines of verifying a history on one database."""
    for what, numbers, digits in (
        (f"seconds to verify {events:,} events, {processes} processes", seconds, 1),
        ("events verified a second", [events / taken for taken in seconds], 0),
    ):
        yield f"{version}: {what}", "", "", _spread(numbers, digits), "", "", str(len(seconds))
    yield f"{version}: CPU seconds to verify them, one process", "", "", f"{cpu:.1f}", "", "", "1"


def reminding_rows(version: str, reviews: int, due: int, reminders: int, times: list[list[Numbers]]) -> Iterator[Line]:
    """The lines of deciding who is reminded."""
    among = f"among {reviews:,} open reviews ({due:,} due, {reminders:,} reminders)"
    for what, (floor, ours) in zip(("seconds", "CPU seconds"), times, strict=True):
        cells = (_spread(floor, 2), "", _spread(ours, 2), _ratio(ours, floor), "", str(len(ours)))
        yield f"{version}: {what} to decide who is due {among}", *cells


def delivering_rows(version: str, mails: int, statements: float, floor: Numbers, ours: Numbers) -> Iterator[Line]:
    """The lines of handing over reminders on one database; here alone the ratio is of rates, so more is better."""
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    what = "reminders handed over a second, 2 workers; plain: only sent, 1 connection; ratio of the rates"
    cells = (_spread(floor, 0), "", _spread(ours, 0), _spread(ratios, 2), "", f"{len(ours)} × {mails}")
    yield f"{version}: {what}", *cells
    yield f"{version}: statements of a reminder, one worker", "", "", f"{statements:.1f}", "", "", ""


def page_rows(
    version: str, departments: int, years: int, requests: int, times: dict[str, tuple[Numbers, Numbers]]
) -> Iterator[Line]:
    """The lines of the pages: the ratio is that of the medians, how much slower a page is after so many years."""
    for name, (first, after) in times.items():
        what = f"{version}: milliseconds of {name}, {departments} departments, first year → {years} years"
        cell = " → ".join(f"{median(spent):.0f}, p95 {_percentile(spent, 95):.0f}" for spent in (first, after))
        yield what, "", "", cell, f"after ÷ before {median(after) / median(first):.2f}", "", str(requests)


def _percentile(values: Numbers, percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def table(lines: list[Line]) -> str:
    """Markdown, so that it can be put into the documents as it is."""
    lines = [COLUMNS, *lines]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def _ratios(floor: Numbers, viewflow: Numbers, ours: Numbers) -> tuple[str, str]:
    """How many times as long as plain SQL we took, and viewflow as long as we."""
    return _ratio(ours, floor), _ratio(viewflow, ours)


def _ratio(longer: Numbers, shorter: Numbers) -> str:
    """How many times as long one way took as the other, round by round."""
    return _spread([one / other for one, other in zip(longer, shorter, strict=True)], 1)


def _spread(values: Numbers, digits: int) -> str:
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
