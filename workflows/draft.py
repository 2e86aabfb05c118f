"""The department's working draft, read once for all that need it."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import FilteredRelation, Prefetch, Q, prefetch_related_objects

from departments.models import Indicator, Measure
from departments.models.indicators import IndicatorQuerySet, StepTarget
from departments.prepared import Prepared
from workflows.models import Attachment, IndicatorReport, MeasureReport, Proposal, Review

ATTACHMENTS = Prepared(lambda review: Attachment.objects.filter(review=review).select_related("file"))
MEASURES = Prepared(
    lambda plan, review: (
        Measure.objects.filter(plan=plan)  # type: ignore[misc]  # the alias above
        .annotate(entered=FilteredRelation("reports", condition=Q(reports__review=review)))
        .select_related("initiative", "entered__progress")
        .order_by("number")
    )
)


def _asked(indicators: IndicatorQuerySet, review: Any) -> IndicatorQuerySet:
    """With all that a report on them needs, and what the review has entered."""
    entered = FilteredRelation("reports", condition=Q(reports__review=review))
    found = indicators.annotate(entered=entered)
    return found.select_related("measure", "initiative", "entered").order_by()  # type: ignore[misc]


# By whether the plan carries the strategy's indicators. A union, for an OR over both would read the whole table.
INDICATORS = {
    False: Prepared(lambda plan, year, department, review: _asked(Indicator.objects.of_measures(plan), review)),
    True: Prepared(
        lambda plan, year, department, review: _asked(Indicator.objects.of_strategy(year, department), review).union(
            _asked(Indicator.objects.of_measures(plan), review), all=True
        )
    ),
}


@dataclass(frozen=True)
class Draft:
    """Each measure and indicator of a review with what is entered about it: an empty, unsaved row where nothing is.

    `attachments` are in the order of their names. `proposal`: the change of the plan, where one is asked for.
    """

    measures: list[tuple[Measure, MeasureReport]] = field(default_factory=list)
    indicators: list[tuple[Indicator, IndicatorReport]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    proposal: Proposal | None = None


def read_draft(review: Review) -> Draft:
    """The draft as it stands, in four queries; at the plan checkpoint, where the plan itself is the draft, in one.

    A change of a plan has no report either, but its proposal.
    """
    attachments = sorted(ATTACHMENTS(review.pk), key=lambda attachment: attachment.name)
    if review.checkpoint.is_plan:
        return Draft(attachments=attachments)
    if review.checkpoint.is_change:
        return Draft(attachments=attachments, proposal=review.proposal)
    return Draft(
        measures=[(found, _entered(found) or MeasureReport()) for found in MEASURES(review.plan_id, review.pk)],
        indicators=[(found, _entered(found) or IndicatorReport()) for found in indicators_of(review)],
        attachments=attachments,
    )


def _entered(found: Measure | Indicator) -> Any:
    """The report on it, or None: Django joins nothing where there is none."""
    return getattr(found, "entered", None)


def indicators_of(review: Review) -> list[Indicator]:
    """The indicators that this review reports, the strategy's first, each with its measure and step targets."""
    plan = review.plan
    ask = INDICATORS[plan.carries_strategy_indicators]
    found = ask(plan.pk, plan.fiscal_year, plan.department_id, review.pk)
    prefetch_related_objects(found, Prefetch("step_targets", StepTarget.objects.order_by("step")))
    return sorted(found, key=_place)


def _place(indicator: Indicator) -> tuple[bool, int, int]:
    """The strategy's come first, in the order of its initiatives, then the measures' own in the order of theirs."""
    above = indicator.measure or indicator.initiative
    return indicator.measure is not None, above.number if above else 0, indicator.pk


def asked_of(indicator: Indicator) -> tuple[str, ...]:
    """The fields of the report that measure an indicator of this kind."""
    if indicator.is_milestone:
        return ("done",)
    return ("numerator", "denominator") if indicator.is_share else ("value",)
