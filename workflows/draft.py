"""The department's working draft, read once for all that need it."""

from dataclasses import dataclass, field

from django.db.models import Prefetch

from departments.models import Indicator, Measure
from departments.models.indicators import StepTarget
from workflows.models import Attachment, IndicatorReport, MeasureReport, Proposal, Review


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
    """The draft as it stands, in six queries; at the plan checkpoint, where the plan itself is the draft, in one.

    A change of a plan has no report either, but its proposal.
    """
    attachments = sorted(review.attachments.select_related("file"), key=lambda attachment: attachment.name)
    if review.checkpoint.is_plan:
        return Draft(attachments=attachments)
    if review.checkpoint.is_change:
        return Draft(attachments=attachments, proposal=review.proposal)
    reports = {report.measure_id: report for report in review.measure_reports.select_related("progress").order_by()}
    values = {report.indicator_id: report for report in review.indicator_reports.order_by()}
    measures = review.plan.measures.select_related("initiative").order_by("number")
    return Draft(
        measures=[(measure, reports.get(measure.pk) or MeasureReport()) for measure in measures],
        indicators=[(found, values.get(found.pk) or IndicatorReport()) for found in indicators_of(review)],
        attachments=attachments,
    )


def indicators_of(review: Review) -> list[Indicator]:
    """The indicators that this review reports, the strategy's first, each with its measure and step targets."""
    found = Indicator.objects.reported_by(review.plan).select_related("measure", "initiative")
    targets = Prefetch("step_targets", StepTarget.objects.order_by("step"))
    ordered = found.prefetch_related(targets).order_by("measure__number", "initiative__number", "pk")
    return sorted(ordered, key=lambda indicator: indicator.measure_id is not None)


def asked_of(indicator: Indicator) -> tuple[str, ...]:
    """The fields of the report that measure an indicator of this kind."""
    if indicator.is_milestone:
        return ("done",)
    return ("numerator", "denominator") if indicator.is_share else ("value",)
