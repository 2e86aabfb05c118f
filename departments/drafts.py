"""A plan's content as somebody typed it: what the edit page sends and `services.plans` writes.

Ids say which existing row is meant, None a new one; in a proposed change (計画変更) a new measure has a negative id, by
which it is known from one round to the next. They are left out when two drafts are compared.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

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
    return draft_from(plan.summary, plan.measures.prefetch_related("milestones", "indicators").order_by("number"))


def draft_from(summary: str, measures: Iterable[Measure]) -> PlanDraft:
    """The same from the plan's measures, in the order of their numbers."""
    return PlanDraft(summary=summary, measures=tuple(_measure_draft(measure) for measure in measures))


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


def indicator_code(measure_number: int, place: int) -> str:
    """M2-3: the third indicator of the second measure."""
    return f"M{measure_number}-{place}"


def indicator_order(code: str) -> tuple[int, str]:
    """By the number after the dash, so that M2-10 follows M2-9."""
    tail = code.rpartition("-")[2]
    return (int(tail) if tail.isdigit() else 0, code)


def as_plain(draft: PlanDraft) -> dict[str, Any]:
    """The draft as JSON-able data, but for its numbers, which are decimals; `from_plain` reads them from strings."""
    return asdict(draft)


def from_plain(plain: dict[str, Any]) -> PlanDraft:
    """The draft that `as_plain` gave, from JSON."""
    return PlanDraft(plain["summary"], tuple(map(_measure_from_plain, plain["measures"])))


def _measure_from_plain(plain: dict[str, Any]) -> MeasureDraft:
    indicators = (
        IndicatorDraft(**{**row, "target": None if row["target"] is None else Decimal(row["target"])})
        for row in plain["indicators"]
    )
    milestones = (MilestoneDraft(**row) for row in plain["milestones"])
    return MeasureDraft(**{**plain, "milestones": tuple(milestones), "indicators": tuple(indicators)})


def with_ids(draft: PlanDraft, earlier: PlanDraft) -> PlanDraft:
    """The draft with a number of its own, from -1 down, for each new measure; those it has from `earlier` stay."""
    known = {measure.id for measure in earlier.measures if measure.id is not None and measure.id < 0}
    lowest = min(known, default=0)
    measures = []
    for measure in draft.measures:
        if measure.id is None or (measure.id < 0 and measure.id not in known):
            lowest -= 1
            measure = replace(measure, id=lowest)
        known.discard(measure.id)
        measures.append(measure)
    return replace(draft, measures=tuple(measures))
