"""How far departments are with what they are preparing: what is entered, what is missing. A read model of many drafts.

What counts as entered is `completeness`'s to say, so that the cards of «my work» and the button on the page agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F

from departments.content import Problem, draft_problems
from departments.drafts import draft_from
from departments.models import Indicator, Measure
from departments.models.indicators import Kind
from workflows.completeness import indicator_problems, measure_problems, problems
from workflows.draft import Draft
from workflows.models import IndicatorReport, MeasureReport, Review


@dataclass(frozen=True)
class Tally:
    """So many of all that are asked for are entered."""

    done: int
    total: int


@dataclass(frozen=True)
class Headway:
    """`problems`: all that keeps it from being submitted, in the order of the page."""

    measures: Tally
    indicators: Tally
    problems: list[Problem]

    @property
    def is_complete(self) -> bool:
        return not self.problems

    @property
    def percent(self) -> int:
        """How much of all is entered, rounded down."""
        total = self.measures.total + self.indicators.total
        return (self.measures.done + self.indicators.done) * 100 // total if total else 0


def headways(reviews: Iterable[Review]) -> dict[int, Headway]:
    """Review id → how far its draft is, of reports and plans; of a change of a plan, which has no count, nothing.

    A handful of queries, however many reviews, which need `plan` and `checkpoint` loaded.
    """
    reviews = [review for review in reviews if not review.checkpoint.is_change]
    if not reviews:
        return {}
    measures = _measures(reviews)
    reports = [review for review in reviews if review.checkpoint.reports_progress]
    found = {review.pk: _of_plan(review, measures[review.plan_id]) for review in reviews if review.checkpoint.is_plan}
    return found | (_of_reports(reports, measures) if reports else {})


def _measures(reviews: Sequence[Review]) -> dict[int, list[Measure]]:
    """By plan, in the order of their numbers; what only plans are asked for, of plans alone."""
    found: dict[int, list[Measure]] = defaultdict(list)
    rows = Measure.objects.filter(plan__in={review.plan_id for review in reviews}).order_by("number")
    if any(review.checkpoint.is_plan for review in reviews):
        rows = rows.prefetch_related("milestones", "indicators")
    for measure in rows:
        found[measure.plan_id].append(measure)
    return found


def _of_plan(review: Review, measures: Sequence[Measure]) -> Headway:
    found = draft_problems(draft_from(review.plan.summary, measures))
    lacking = {problem.anchor for problem in found}
    done = sum(f"measure-{number}" not in lacking for number in range(1, len(measures) + 1))
    return Headway(Tally(done, len(measures)), Tally(0, 0), found)


def _of_reports(reviews: Sequence[Review], measures: dict[int, list[Measure]]) -> dict[int, Headway]:
    ids = [review.pk for review in reviews]
    of_measures = MeasureReport.objects.filter(review__in=ids).select_related("progress")
    of_indicators = IndicatorReport.objects.filter(review__in=ids)
    on_measures = {(report.review_id, report.measure_id): report for report in of_measures}
    on_indicators = {(report.review_id, report.indicator_id): report for report in of_indicators}
    asked = _indicators(reviews)
    return {
        review.pk: _of_report(
            review,
            Draft(
                measures=[
                    (found, on_measures.get((review.pk, found.pk)) or MeasureReport())
                    for found in measures[review.plan_id]
                ],
                indicators=[
                    (found, on_indicators.get((review.pk, found.pk)) or IndicatorReport()) for found in asked[review.pk]
                ],
            ),
        )
        for review in reviews
    }


def _of_report(review: Review, draft: Draft) -> Headway:
    return Headway(
        measures=_tally(measure_problems(found, report) for found, report in draft.measures),
        indicators=_tally(indicator_problems(found, report) for found, report in draft.indicators),
        problems=problems(review, draft),
    )


def _tally(lacking: Iterable[list[Problem]]) -> Tally:
    """Of what is lacking about each."""
    lacking = list(lacking)
    return Tally(done=sum(not found for found in lacking), total=len(lacking))


def _indicators(reviews: Sequence[Review]) -> dict[int, list[Indicator]]:
    """By review, all that its report asks for, in the order of the page: the strategy's, then the measures' own."""
    reported = Indicator.objects.exclude(kind=Kind.DERIVED)
    carrying = [review for review in reviews if review.plan.carries_strategy_indicators]
    of_strategy: dict[tuple[int, int | None], list[Indicator]] = defaultdict(list)
    rows = reported.filter(
        initiative__strategy__fiscal_year__in={review.plan.fiscal_year for review in carrying},
        department__in={review.department_id for review in carrying},
    )
    for row in rows.annotate(year=F("initiative__strategy__fiscal_year")).order_by("initiative__number", "pk"):
        of_strategy[row.year, row.department_id].append(row)
    of_plan: dict[int, list[Indicator]] = defaultdict(list)
    rows = reported.filter(measure__plan__in={review.plan_id for review in reviews}).order_by("measure__number", "pk")
    for row in rows.annotate(plan=F("measure__plan")):
        of_plan[row.plan].append(row)
    carried = {review.pk: of_strategy[review.plan.fiscal_year, review.department_id] for review in carrying}
    return {review.pk: carried.get(review.pk, []) + of_plan[review.plan_id] for review in reviews}
