"""A plan's figures by quarter (四半期ごとの実績): each measure and indicator at each checkpoint. A read model.

All of it is read from what was submitted and frozen, so that a quarter keeps the targets and names it had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import orjson
from django.db.models import F

from departments.models import Indicator, Measure, User
from workflows.access import Sight, sight
from workflows.bullets import Bullet, bullet, measured_then
from workflows.content import Content
from workflows.gantt import WITH_THE_OFFICE
from workflows.models import ProgressClass, Review, Stage, Submission
from workflows.plan_year import YearStep
from workflows.reading import IndicatorReading, MeasureReading, read_report
from workflows.wording import Status


def last_contents(reviews: Iterable[Review]) -> dict[int, Content]:
    """Review id → what was submitted of it last, where anything was; one query."""
    found = Submission.objects.filter(review__in=[review.pk for review in reviews], round=F("review__round"))
    return {review: orjson.loads(content) for review, content in found.values_list("review", "content")}


def readable_reports(reviews: Iterable[Review], user: User, on: date) -> list[Review]:
    """Those reviews of reports whose last submission stands and is the person's to read, approved or provisional."""
    return [
        review
        for review in reviews
        if review.checkpoint.reports_progress
        and (review.stage == Stage.APPROVED or review.stage in WITH_THE_OFFICE)
        and sight(user, review, on) >= (Sight.APPROVED if review.stage == Stage.APPROVED else Sight.SUBMISSIONS)
    ]


@dataclass(frozen=True)
class Column:
    """A checkpoint at which progress is reported. `review`: whose figures these are, None where there are none.

    `status`: where the plan stands there, which says why there are none.
    """

    name: str
    status: Status
    review: Review | None

    @property
    def is_provisional(self) -> bool:
        return self.review is not None and self.review.stage != Stage.APPROVED


@dataclass(frozen=True)
class MeasureFigures:
    """One measure at all columns; None where nothing was reported."""

    measure: Measure
    cells: list[tuple[Column, MeasureReading | None]]


@dataclass(frozen=True)
class IndicatorFigures:
    """One indicator at all columns. `bullet`: the newest value on a scale, None where it has never been reported.

    `measure` is the one that it belongs to, None where it is the strategy's.
    """

    indicator: Indicator
    measure: Measure | None
    cells: list[tuple[Column, IndicatorReading | None]]
    bullet: Bullet | None


@dataclass(frozen=True)
class Figures:
    columns: list[Column]
    measures: list[MeasureFigures]
    indicators: list[IndicatorFigures]


@dataclass(frozen=True)
class Quarter:
    """One column with what was reported in it, by the ids of measures and indicators."""

    column: Column
    entries: dict[int, Content]
    measures: dict[int, MeasureReading]
    indicators: dict[int, IndicatorReading]


def figures_of(
    year: Iterable[YearStep],
    reports: dict[int, tuple[Review, Content]],
    measures: Sequence[Measure],
    indicators: Iterable[Indicator],
) -> Figures:
    """The figures of a plan's measures and of the strategy's indicators that are reported with it; one query.

    `reports`: by checkpoint id the `readable_reports` with their contents. Each measure's own indicators follow those
    of the strategy.
    """
    classes = list(ProgressClass.objects.all())
    quarters = [
        _quarter(step, reports.get(step.checkpoint.pk), classes) for step in year if step.checkpoint.reports_progress
    ]
    owned = [(found, measure) for measure in measures for found in measure.indicators.all()]
    return Figures(
        columns=[quarter.column for quarter in quarters],
        measures=[
            MeasureFigures(found, [(quarter.column, quarter.measures.get(found.pk)) for quarter in quarters])
            for found in measures
        ],
        indicators=[
            _indicator(found, measure, quarters)
            for found, measure in [*((found, None) for found in indicators), *owned]
        ],
    )


def _quarter(step: YearStep, told: tuple[Review, Content] | None, classes: Iterable[ProgressClass]) -> Quarter:
    if told is None:
        return Quarter(Column(step.name, step.status, None), {}, {}, {})
    review, content = told
    report = read_report(content, classes)
    indicators = [*report.indicators, *(found for measure in report.measures for found in measure.indicators)]
    return Quarter(
        column=Column(step.name, step.status, review),
        entries={entry["id"]: entry for entry in content["indicators"]},
        measures={found.id: found for found in report.measures},
        indicators={found.id: found for found in indicators},
    )


def _indicator(indicator: Indicator, measure: Measure | None, quarters: Sequence[Quarter]) -> IndicatorFigures:
    entries = [quarter.entries[indicator.pk] for quarter in quarters if indicator.pk in quarter.entries]
    told = [entry for entry in entries if entry["value"] is not None or entry["done"] is not None]
    return IndicatorFigures(
        indicator=indicator,
        measure=measure,
        cells=[(quarter.column, quarter.indicators.get(indicator.pk)) for quarter in quarters],
        bullet=bullet(measured_then(told[-1]), f"figure-{indicator.pk}") if told else None,
    )
