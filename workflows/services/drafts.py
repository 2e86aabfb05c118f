"""Saving the department's draft, as often as it likes, complete or not."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db import transaction

from departments.models import User
from departments.services.plans import note_author
from workflows.access import Action
from workflows.draft import indicators_of
from workflows.errors import Overtaken
from workflows.models import IndicatorReport, MeasureReport, ProgressClass, Review
from workflows.services.reviews import last_event, locked, require


@dataclass(frozen=True)
class MeasureEntry:
    """What was typed about one measure."""

    progress: ProgressClass | None = None
    percent: int | None = None
    done: str = ""
    issue: str = ""
    next_step: str = ""

    @classmethod
    def of(cls, report: MeasureReport) -> "MeasureEntry":
        """What the draft says."""
        return cls(report.progress, report.percent, report.done, report.issue, report.next_step)


@dataclass(frozen=True)
class IndicatorEntry:
    """What was typed about one indicator; with `not_this_quarter`, the numbers are dropped."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    done: bool | None = None
    not_this_quarter: bool = False
    note: str = ""

    @classmethod
    def of(cls, report: IndicatorReport) -> "IndicatorEntry":
        """What the draft says."""
        numbers = report.value, report.numerator, report.denominator
        return cls(*numbers, report.done, report.not_this_quarter, report.note)

    @property
    def kept(self) -> "IndicatorEntry":
        return IndicatorEntry(not_this_quarter=True, note=self.note) if self.not_this_quarter else self


Entry = TypeVar("Entry", MeasureEntry, IndicatorEntry)


@transaction.atomic
def save_draft(
    *,
    review_id: int,
    task_id: int,
    version: int,
    measures: dict[int, MeasureEntry],
    indicators: dict[int, IndicatorEntry],
    by: User,
    now: datetime,
) -> Review:
    """Keep the draft: entries by measure id and by indicator id; ids that are not the plan's are ignored.

    Where a plan or a change of one is reviewed there is no report to keep.
    Saving the same again changes nothing, so a double click is one save. Raises Stale, Overtaken or NotAllowed.
    """
    review = locked(review_id, task_id)
    require(Action.SAVE, review, by, now)
    if not review.checkpoint.reports_progress:
        return review
    new_measures = _differing(measures, measure_entries(review))
    new_indicators = _differing({pk: entry.kept for pk, entry in indicators.items()}, indicator_entries(review))
    planned = _planned(review) if new_measures else {}
    reported = {found.pk for found in indicators_of(review)} if new_indicators else set()
    new_measures = {pk: new_measures[pk] for pk in planned if pk in new_measures}
    new_indicators = {pk: entry for pk, entry in new_indicators.items() if pk in reported}
    if not new_measures and not new_indicators:
        return review
    if review.version != version:
        raise Overtaken(review, last_event(review))
    _write(review, new_measures, new_indicators, planned)
    note_save(review, by, now)
    return review


def _differing(typed: dict[int, Entry], saved: dict[int, Entry]) -> dict[int, Entry]:
    return {pk: entry for pk, entry in typed.items() if entry != saved.get(pk)}


def _planned(review: Review) -> dict[int, tuple[str, int]]:
    """The plan's measures by id: the class, and the number of the initiative."""
    stands = review.plan.measures.values_list("pk", "priority", "initiative__number")
    return {pk: (priority, number) for pk, priority, number in stands}


def note_save(review: Review, by: User, now: datetime) -> None:
    """Note on the review, whose row is locked, who saved its draft when."""
    note_author(review.plan_id, by)
    review.version += 1
    review.saved_by, review.saved_at = by, now
    review.save(update_fields=["version", "saved_by", "saved_at"])


def measure_entries(review: Review) -> dict[int, MeasureEntry]:
    """What the draft says now, by measure id."""
    reports = review.measure_reports.select_related("progress")
    return {report.measure_id: MeasureEntry.of(report) for report in reports}


def indicator_entries(review: Review) -> dict[int, IndicatorEntry]:
    """What the draft says now, by indicator id."""
    return {report.indicator_id: IndicatorEntry.of(report) for report in review.indicator_reports.all()}


def _write(
    review: Review,
    measures: dict[int, MeasureEntry],
    indicators: dict[int, IndicatorEntry],
    planned: dict[int, tuple[str, int]],
) -> None:
    """`planned`: class and initiative's number of each measure, by its id."""
    MeasureReport.objects.bulk_create(
        (
            MeasureReport(
                review=review,
                measure_id=pk,
                progress=entry.progress,
                percent=entry.percent,
                done=entry.done,
                issue=entry.issue,
                next_step=entry.next_step,
                priority=planned[pk][0],
                initiative_number=planned[pk][1],
            )
            for pk, entry in measures.items()
        ),
        update_conflicts=True,
        unique_fields=["review", "measure"],
        update_fields=["progress", "percent", "done", "issue", "next_step", "priority", "initiative_number"],
    )
    IndicatorReport.objects.bulk_create(
        (IndicatorReport(review=review, indicator_id=pk, **asdict(entry)) for pk, entry in indicators.items()),
        update_conflicts=True,
        unique_fields=["review", "indicator"],
        update_fields=["value", "numerator", "denominator", "done", "not_this_quarter", "note"],
    )
