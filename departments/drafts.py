"""A plan's content as somebody typed it: what the edit page sends and `services.plans.save_plan` writes.

Ids say which existing row is meant, None a new one; they are left out when two drafts are compared.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from departments.models import ActionPlan, Indicator, Measure


@dataclass(frozen=True)
class MilestoneDraft:
    title: str
    first_month: int
    last_month: int


@dataclass(frozen=True)
class IndicatorDraft:
    title: str
    kind: str
    direction: str
    unit: str
    target: Decimal | None
    formula: str
    id: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class MeasureDraft:
    """`initiative` is the id of an initiative of the plan's year. Months are fiscal: 1 is April."""

    initiative: int
    title: str
    goal: str
    first_month: int
    last_month: int
    priority: str
    milestones: tuple[MilestoneDraft, ...] = ()
    indicators: tuple[IndicatorDraft, ...] = ()
    id: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PlanDraft:
    """Measures stand in the order in which they will be numbered, from 1."""

    summary: str
    measures: tuple[MeasureDraft, ...] = ()


def draft_of(plan: ActionPlan) -> PlanDraft:
    """The plan as it stands, in the shape it can be saved in."""
    measures = plan.measures.prefetch_related("milestones", "indicators").order_by("number")
    return PlanDraft(summary=plan.summary, measures=tuple(_measure_draft(measure) for measure in measures))


def _measure_draft(measure: Measure) -> MeasureDraft:
    return MeasureDraft(
        id=measure.pk,
        initiative=measure.initiative_id,
        title=measure.title,
        goal=measure.goal,
        first_month=measure.first_month,
        last_month=measure.last_month,
        priority=measure.priority,
        milestones=tuple(
            MilestoneDraft(row.title, row.first_month, row.last_month) for row in measure.milestones.all()
        ),
        indicators=tuple(
            _indicator_draft(row) for row in sorted(measure.indicators.all(), key=lambda row: indicator_order(row.code))
        ),
    )


def _indicator_draft(row: Indicator) -> IndicatorDraft:
    return IndicatorDraft(
        id=row.pk,
        title=row.title,
        kind=row.kind,
        direction=row.direction,
        unit=row.unit,
        target=row.target,
        formula=row.formula,
    )


def indicator_order(code: str) -> tuple[int, str]:
    """By the number after the dash, so that M2-10 follows M2-9."""
    tail = code.rpartition("-")[2]
    return (int(tail) if tail.isdigit() else 0, code)
