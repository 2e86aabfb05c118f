"""The dashboard (ダッシュボード): what matters at a checkpoint, for whoever reads what was approved.

A fixed number of queries, however many departments, measures and years there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.paginator import Page

from departments.models import Department, Indicator, User
from departments.models.indicators import Derivation
from departments.wording import bound_text
from workflows.approved import Progress, Scope, progress_of, scope_of
from workflows.charts import FILLS, WIDTH
from workflows.distribution import Distribution, by_department, by_theme, in_order
from workflows.kpis import Kpi, Tally, ThemeKpis, all_kpis, initiatives_of, kpi_tree, tally_of
from workflows.models import Checkpoint
from workflows.movements import Moved, division_of, moved_of
from workflows.rates import ComputedIndicator, Line, Rate, computed_at, progress_classes
from workflows.wording import Status, rate_status

# How many rows stand on the page before it leads to a list of all.
MOST_MOVED, MOST_BARS = 8, 20
NONE = Decimal(0)


@dataclass(frozen=True)
class Bar:
    """A department's rate as a bar."""

    line: Line
    status: Status
    width: float

    @property
    def fill(self) -> str:
        return FILLS[self.status.tone]


@dataclass(frozen=True)
class PlanRates:
    """年度計画達成率: the lowest departments first, and of how many in all; `target_x`: where the target stands."""

    indicator: Indicator
    bars: list[Bar]
    target_x: float
    measured: int
    meeting: int

    @property
    def target(self) -> str:
        return bound_text(self.indicator)

    @property
    def is_cut(self) -> bool:
        """Whether there are more departments than bars."""
        return self.measured > len(self.bars)


@dataclass(frozen=True)
class PriorityRate:
    """重点施策の達成率 now and at the checkpoint before, where something counted then."""

    indicator: Indicator
    line: Line
    status: Status
    before: Rate | None

    @property
    def target(self) -> str:
        return bound_text(self.indicator)


@dataclass(frozen=True)
class Dashboard:
    """`achieving`: the names of the classes that count as achieved.

    `worse` and `better`: the indicators whose judgement fell or rose since the checkpoint before.
    """

    scope: Scope
    achieving: list[str]
    progress: Progress
    plan_rates: PlanRates | None
    priority: PriorityRate | None
    themes: list[ThemeKpis]
    tally: Tally
    by_theme: Distribution
    by_department: Distribution
    page: Page[Department]
    moved: Moved
    worse: list[Kpi]
    better: list[Kpi]

    @property
    def all_worse(self) -> int:
        return self.moved.worse + len(self.worse)

    @property
    def all_better(self) -> int:
        return self.moved.better + len(self.better)


def build_dashboard(
    user: User, checkpoint: Checkpoint, checkpoints: Sequence[Checkpoint], on: date, *, division: str, page: str | None
) -> Dashboard | None:
    """As of the checkpoint, one of these of its year. `division`: the id of a 部 whose departments are looked into.

    None where there is no such 部 for the person.
    """
    scope = scope_of(user, checkpoint, checkpoints, on)
    looked_into = division_of(division, scope) if division else None
    if division and looked_into is None:
        return None
    classes, initiatives = in_order(progress_classes()), initiatives_of(checkpoint.fiscal_year)
    computed = computed_at(user, [checkpoint, *([scope.before] if scope.before else [])], on)
    themes = kpi_tree(scope, initiatives, computed)
    kpis = all_kpis(themes)
    departments, shown = by_department(scope, classes, looked_into, page)
    return Dashboard(
        scope=scope,
        achieving=[str(found) for found in classes if found.achieved],
        progress=progress_of(scope),
        plan_rates=_plan_rates(computed[checkpoint.pk]),
        priority=_priority_rate(computed[checkpoint.pk], computed[scope.before.pk] if scope.before else []),
        themes=themes,
        tally=tally_of(kpis),
        by_theme=by_theme(scope, classes, initiatives),
        by_department=departments,
        page=shown,
        moved=moved_of(scope, classes, MOST_MOVED),
        worse=[kpi for kpi in kpis if kpi.fall > 0],
        better=[kpi for kpi in kpis if kpi.fall < 0],
    )


def _of(computed: Sequence[ComputedIndicator], derivation: Derivation) -> ComputedIndicator | None:
    return next((found for found in computed if found.indicator.derivation == derivation), None)


def _plan_rates(computed: Sequence[ComputedIndicator]) -> PlanRates | None:
    found = _of(computed, Derivation.PLAN_ACHIEVEMENT)
    if found is None:
        return None
    lines = [line for line in found.lines if line.meets is not None]
    lowest = sorted(lines, key=lambda line: line.rate.per_cent or NONE)[:MOST_BARS]
    return PlanRates(
        indicator=found.indicator,
        bars=[Bar(line, rate_status(line.meets), _x(line.rate.per_cent or NONE)) for line in lowest],
        target_x=_x(found.indicator.target or NONE),
        measured=len(lines),
        meeting=sum(bool(line.meets) for line in lines),
    )


def _priority_rate(now: Sequence[ComputedIndicator], before: Sequence[ComputedIndicator]) -> PriorityRate | None:
    found, earlier = _of(now, Derivation.PRIORITY_ACHIEVEMENT), _of(before, Derivation.PRIORITY_ACHIEVEMENT)
    if found is None:
        return None
    line, was = found.lines[0], earlier.lines[0].rate if earlier else Rate()
    return PriorityRate(found.indicator, line, rate_status(line.meets), was if was.counting else None)


def _x(per_cent: Decimal) -> float:
    return round(min(float(per_cent), 100.0) * WIDTH / 100, 1)
