"""The schedule of a whole strategy (戦略の工程表): theme → initiative → the departments' measures. A read model."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet

from departments.access import reads_plan, rights
from departments.models import Initiative, Measure, Strategy, User
from workflows.gantt import Frame, Row, frame_of, progress_of, row_of
from workflows.models import Checkpoint

MEASURES_ON_A_PAGE = 50
IN_ORDER = (
    "initiative__number",
    "plan__department__parent__position",
    "plan__department__parent__code",
    "plan__department__position",
    "plan__department__code",
    "plan__kind",
    "number",
)


@dataclass(frozen=True)
class Group:
    """The rows of one initiative on this page, of `count` in all; `opens_theme`: it is its theme's first here."""

    initiative: Initiative
    rows: list[Row]
    count: int
    opens_theme: bool


@dataclass(frozen=True)
class StrategyGantt:
    frame: Frame
    page: Page
    groups: list[Group]

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]


def strategy_gantt(
    strategy: Strategy, measures: QuerySet[Measure], user: User, on: date, number: str | None
) -> StrategyGantt:
    """Page `number` of the measures, which the person may know. Six queries and those of the person's rights."""
    in_order = measures.select_related("initiative__theme", "plan__department__parent").order_by(*IN_ORDER)
    page = Paginator(in_order.prefetch_related("milestones"), MEASURES_ON_A_PAGE).get_page(number)
    shown = list(page.object_list)
    counts = measures.order_by().values_list("initiative").annotate(Count("pk"))
    frame = frame_of(strategy.fiscal_year, Checkpoint.objects.of_year(strategy.fiscal_year), on)
    progress, known = progress_of(shown, user, on), rights(user, on)
    rows = [row_of(frame.axis, found, progress.get(found.pk), opens=reads_plan(known, found.plan)) for found in shown]
    return StrategyGantt(frame, page, list(_groups(rows, dict(counts))))


def _groups(rows: Iterable[Row], counts: dict[int, int]) -> Iterable[Group]:
    theme = None
    for initiative, found in groupby(rows, key=lambda row: row.measure.initiative):
        yield Group(initiative, list(found), counts[initiative.pk], opens_theme=initiative.theme_id != theme)
        theme = initiative.theme_id
