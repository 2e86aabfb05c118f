"""The one table that a run prints."""

import os
import platform
from collections.abc import Sequence

import django

from tests.faults.plan import Found

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


def heading() -> str:
    """The machine, without which the seconds say nothing."""
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {load}"
    return f"{machine}; Python {platform.python_version()}, Django {django.__version__}\n"


def table(lines: Sequence[tuple[str, Found]]) -> str:
    """Markdown, so that it can be put into the documents as it is."""
    rows = [("scenario", *COLUMNS.values()), *((name, *_cells(found)) for name, found in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    head, *rest = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = "-|-".join("-" * width for width in widths)
    return "\n".join([f"| {head} |", f"|-{rule}-|", *(f"| {line} |" for line in rest)])


def _cells(found: Found) -> list[str]:
    values = [getattr(found, field) for field in COLUMNS]
    return [value if isinstance(value, str) else f"{value:,}" for value in values]
