"""The one table that a run prints."""

import os
import platform
from collections.abc import Iterable, Sequence

import django

from tests.faults.plan import Found, Outage

COLUMNS = {
    "database": "database",
    "reminders": "reminders",
    "kills": "kills",
    "flushes": "Redis wiped",
    "refusals": "451",
    "done_before": "done before, not reminded",
    "lost": "lost",
    "duplicates": "duplicates",
    "differing": "copies that differ",
    "late": "after completion",
    "interrupted": "interrupted",
    "median_recovery": "out again, median s",
    "slowest_recovery": "slowest s",
    "changed_by_resumed": "rows changed by the resumed",
    "sent_by_resumed": "mails sent by it",
    "seconds": "seconds",
}
OUTAGE_COLUMNS = {
    "database": "96 hours without a mail server",
    "people": "people",
    "lost": "lost",
    "duplicates": "duplicates",
    "digests": "digests a person and day, most",
    "tries": "connections tried",
    "a_minute": "in one minute, most",
    "attempts": "attempts of one mail, most",
    "seconds": "seconds",
}

Row = tuple[str, ...]


def heading() -> str:
    """The machine, without which the seconds say nothing."""
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {load}"
    return f"{machine}; Python {platform.python_version()}, Django {django.__version__}\n"


def table(lines: Sequence[tuple[str, Found]]) -> str:
    """The scenarios with their names, as Markdown, so that it can be put into the documents as it is."""
    return _markdown([("scenario", *COLUMNS.values()), *((name, *_cells(found, COLUMNS)) for name, found in lines)])


def outage_table(lines: Sequence[Outage]) -> str:
    """The same for 96 hours without a mail server."""
    return _markdown([(*OUTAGE_COLUMNS.values(),), *(_cells(found, OUTAGE_COLUMNS) for found in lines)])


def _cells(found: object, columns: Iterable[str]) -> Row:
    values = [getattr(found, column) for column in columns]
    return tuple(value if isinstance(value, str) else f"{value:,}" for value in values)


def _markdown(rows: Sequence[Row]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    head, *rest = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = "-|-".join("-" * width for width in widths)
    return "\n".join([f"| {head} |", f"|-{rule}-|", *(f"| {line} |" for line in rest)])
