"""The board for spreadsheets: CSV with a line for each plan at each checkpoint."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from departments.fiscal import BusinessCalendar
from departments.models.plans import PlanKind
from workflows.board_facts import NOT_OPENED, CellFacts, PlanFacts
from workflows.models import Checkpoint
from workflows.register_export import Echo, inert


def board_lines(
    plans: Iterable[PlanFacts], columns: list[tuple[int, Checkpoint]], on: date, calendar: BusinessCalendar
) -> Iterator[str]:
    """A head, then a line for each plan at each of the columns (place in the year, checkpoint).

    The first begins with a BOM, for Excel.
    """
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(_head())
    kinds = {kind.value: str(kind.label) for kind in PlanKind}
    for plan in plans:
        for at, checkpoint in columns:
            named = [checkpoint.fiscal_year, plan.division, plan.department, kinds[plan.kind]]
            cells = [*named, checkpoint.get_kind_display(), *_cells(plan.cells[at], on, calendar)]
            yield writer.writerow([inert(value) if isinstance(value, str) else value for value in cells])


def _head() -> list[str]:
    return [
        _("Fiscal year"),
        _("Division"),
        _("Department"),
        _("Plan"),
        _("Checkpoint"),
        _("Stage"),
        _("Due"),
        _("Business days late"),
        _("Times submitted"),
        _("Since when"),
    ]


def _cells(cell: CellFacts, on: date, calendar: BusinessCalendar) -> list[Any]:
    return [
        str(cell.state.label if cell.state else NOT_OPENED.text),
        cell.due_on or "",
        calendar.between(cell.due_on, on) if cell.is_late and cell.due_on else "",
        cell.round,
        f"{timezone.localtime(cell.since):%Y-%m-%d}" if cell.since else "",
    ]
