"""Choosing a fiscal year on a page that shows one."""

from dataclasses import dataclass
from datetime import date

from django.http import Http404

from departments.fiscal import fiscal_year_of
from departments.years import year_label
from workflows.models import ROUNDS, Checkpoint, CheckpointKind

# Before 令和 there is nothing, and a year must fit its column.
FIRST, LAST = 2019, 2999


@dataclass(frozen=True)
class YearTab:
    year: int
    label: str
    current: bool


def shown_year(text: str | None, default: int) -> int:
    """The year asked for in the address; Http404 for what is none."""
    if not text:
        return default
    if not (len(text) == 4 and text.isascii() and text.isdigit() and FIRST <= int(text) <= LAST):
        raise Http404
    return int(text)


def plannable_years(on: date) -> range:
    """The years whose checkpoints can be added on a day: the last one, this one and the next two."""
    return range(fiscal_year_of(on) - 1, fiscal_year_of(on) + 3)


def year_tabs(shown: int, on: date) -> list[YearTab]:
    """The years that have checkpoints, this year and the shown one, oldest first."""
    years = {*Checkpoint.objects.years(), fiscal_year_of(on), shown}
    return [YearTab(year, year_label(year), year == shown) for year in sorted(years)]


def checkpoints_of(year: int) -> list[Checkpoint]:
    return list(Checkpoint.objects.of_year(year))


def first_missing(year: int) -> tuple[int, CheckpointKind]:
    """The checkpoint to add next: the first kind that the year lacks, or the first of the next year."""
    there = set(Checkpoint.objects.of_year(year).values_list("kind", flat=True))
    for kind in ROUNDS:
        if kind not in there:
            return year, kind
    return year + 1, CheckpointKind.PLAN
