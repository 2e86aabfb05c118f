"""How the measures are distributed over the progress classes (進捗区分), by theme and by 部 or department."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, F

from departments.models import Department, Initiative
from workflows.approved import DIVISION, Scope
from workflows.charts import SHADES, Piece, stacked
from workflows.models import ProgressClass
from workflows.wording import Status, progress_status

ROWS_OF_A_PAGE = 40


@dataclass(frozen=True)
class ClassName:
    """A progress class as it heads a column, and its colour, which no other of the columns has."""

    code: str
    status: Status
    fill: str


@dataclass(frozen=True)
class Part:
    """The measures of one class in one row: how many, where in the bar, and the query of the list that holds them."""

    name: ClassName
    count: int
    piece: Piece
    query: str


@dataclass(frozen=True)
class Stack:
    """A row: what it is of, and its parts, one for each class that occurs at all.

    `department`: the id of the 部 that can be looked into, else None.
    """

    name: str
    total: int
    query: str
    parts: list[Part]
    department: int | None = None


@dataclass(frozen=True)
class Distribution:
    """The same classes head all of its rows."""

    classes: list[ClassName]
    stacks: list[Stack]


# Of a row, by the id of its class.
Counts = dict[int, int]


def in_order(classes: Iterable[ProgressClass]) -> list[ProgressClass]:
    """From what is achieved over what is open and what is late to what stands outside the rates."""
    return sorted(classes, key=lambda found: (not found.counts, found.needs_reason, not found.achieved, found.position))


def by_theme(scope: Scope, classes: Sequence[ProgressClass], initiatives: Iterable[Initiative]) -> Distribution:
    """A row for each theme of the strategy, under which each report's initiative then was; one query."""
    themes = {found.number: found.theme for found in initiatives}
    counts: dict[int, Counts] = {theme.number: {} for theme in themes.values()}
    rows = scope.measures().values_list("initiative_number", "progress").annotate(count=Count("pk"))
    for number, progress, count in rows:
        if number not in themes:  # an initiative that the strategy has no more
            continue
        of_theme = counts[themes[number].number]
        of_theme[progress] = of_theme.get(progress, 0) + count
    shown = _occurring(classes, counts.values())
    titles = {theme.number: str(theme) for theme in themes.values()}
    stacks = [_stack(titles[number], {"theme": number}, shown, counts[number]) for number in sorted(counts)]
    return Distribution([name for _pk, name in shown], stacks)


def by_department(
    scope: Scope, classes: Sequence[ProgressClass], division: Department | None, page: str | None
) -> tuple[Distribution, Page[Department]]:
    """A row for each 部, or for each department of one of them, of one page of them; three queries."""
    measures = scope.measures().annotate(division=DIVISION)
    if division is not None:
        measures = measures.filter(division=division.pk).annotate(row=F("review__department"))
    else:
        measures = measures.annotate(row=F("division"))
    counts: dict[int, Counts] = {}
    for department, progress, count in measures.values_list("row", "progress").annotate(count=Count("pk")):
        counts.setdefault(department, {})[progress] = count
    shown = _occurring(classes, counts.values())
    field = "division" if division is None else "department"
    departments = Department.objects.filter(pk__in=counts).order_by("position", "code")
    found = Paginator(departments, ROWS_OF_A_PAGE).get_page(page)
    stacks = [
        _stack(each.name, {field: each.pk}, shown, counts[each.pk], each.pk if division is None else None)
        for each in found
    ]
    return Distribution([name for _pk, name in shown], stacks), found


def _occurring(classes: Sequence[ProgressClass], counts: Iterable[Counts]) -> list[tuple[int, ClassName]]:
    """The classes that occur, by id; those of one tone in shades of it."""
    there = {progress for found in counts for progress in found}
    shades = {tone: iter(found) for tone, found in SHADES.items()}
    return [
        (found.pk, ClassName(found.code, progress_status(found), next(shades[found.tone], SHADES[found.tone][-1])))
        for found in classes
        if found.pk in there
    ]


def _stack(
    name: str,
    of: dict[str, int],
    shown: Sequence[tuple[int, ClassName]],
    counts: Counts,
    department: int | None = None,
) -> Stack:
    numbers = [counts.get(pk, 0) for pk, _name in shown]
    parts = [
        Part(name, number, piece, urlencode({**of, "progress": name.code}))
        for (_pk, name), number, piece in zip(shown, numbers, stacked(numbers, sum(numbers)), strict=True)
    ]
    return Stack(name, sum(numbers), urlencode(of), parts, department)
