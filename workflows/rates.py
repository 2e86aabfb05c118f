"""The two indicators that only this system can compute: achievement of each plan and of the priority measures.

達成率 = measures achieved ÷ measures that count. Measures stopped, out of scope or impossible to judge do not count;
how many they are is said beside the rate. Approved reports only; what is submitted but not yet approved is provisional.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from departments.access import rights
from departments.judgement import Judgement, Reading, judge, share
from departments.models import Department, Indicator, User
from departments.models.indicators import Derivation, Kind, Step
from departments.models.organisation import Permission
from departments.models.plans import Priority
from workflows.models import Checkpoint, CheckpointKind, MeasureReport, ProgressClass, Stage

COUNTS = {
    "achieved": Count("pk", filter=Q(progress__achieved=True)),
    "counting": Count("pk", filter=Q(progress__counts=True)),
    "neutral": Count("pk", filter=Q(progress__counts=False)),
}
PRIORITY_MEASURES = Q(priority__in=[Priority.ORGANISATION, Priority.DEPARTMENT])


@dataclass(frozen=True)
class Rate:
    """`achieved` of `counting` measures; `neutral` ones stand outside."""

    achieved: int = 0
    counting: int = 0
    neutral: int = 0

    @property
    def per_cent(self) -> Decimal | None:
        """Half up to two decimals; None where no measure counts."""
        return share(Decimal(self.achieved), Decimal(self.counting))


@dataclass(frozen=True)
class Line:
    """One rate and what it means; `provisional` is that of what is submitted and not yet approved (速報)."""

    rate: Rate
    judgement: Judgement
    provisional: Rate
    department: Department | None = None


@dataclass(frozen=True)
class ComputedIndicator:
    """An indicator with its lines: one a department, or one for all."""

    indicator: Indicator
    lines: list[Line]


def checkpoints_with_reports(year: int) -> list[Checkpoint]:
    """The year's opened checkpoints at which progress is reported, oldest first."""
    return list(Checkpoint.objects.of_year(year).exclude(kind=CheckpointKind.PLAN).filter(opened_at__isnull=False))


def achieving_classes() -> list[str]:
    """The names of the progress classes that count as achieved."""
    return [str(found) for found in ProgressClass.objects.filter(achieved=True)]


def computed_indicators(user: User, checkpoint: Checkpoint, on: date) -> list[ComputedIndicator]:
    """The derived indicators of the year as of the checkpoint, from what the person may read.

    Approved reports of every department whose approved reports they read; provisional figures where they read
    submissions too. Five queries, however many departments there are.
    """
    known = rights(user, on)
    approved = _reports(checkpoint, [Stage.APPROVED], known.departments(Permission.READ_APPROVED))
    submitted = _reports(checkpoint, [Stage.REVIEW, Stage.APPROVE], known.departments(Permission.READ_SUBMISSIONS))
    derived = Indicator.objects.filter(kind=Kind.DERIVED, initiative__strategy__fiscal_year=checkpoint.fiscal_year)
    lines_of = {Derivation.PLAN_ACHIEVEMENT: _plan_lines, Derivation.PRIORITY_ACHIEVEMENT: _priority_lines}
    return [
        ComputedIndicator(
            found, lines_of[Derivation(found.derivation)](found, Step(checkpoint.kind), approved, submitted)
        )
        for found in derived.prefetch_related("step_targets")
    ]


def _reports(checkpoint: Checkpoint, stages: Iterable[Stage], departments: Iterable[int]) -> QuerySet[MeasureReport]:
    return MeasureReport.objects.filter(
        review__checkpoint=checkpoint,
        review__stage__in=stages,
        review__department__in=departments,
        progress__isnull=False,
    )


def _plan_lines(indicator: Indicator, step: Step, approved: QuerySet, submitted: QuerySet) -> list[Line]:
    """年度計画達成率: one line for each department that has reported."""
    rates, provisional = _by_department(approved), _by_department(submitted)
    departments = Department.objects.filter(pk__in=rates.keys() | provisional.keys())
    return [
        _line(indicator, step, rates.get(found.pk, Rate()), provisional.get(found.pk, Rate()), found)
        for found in departments.order_by("parent__position", "position", "code")
    ]


def _priority_lines(indicator: Indicator, step: Step, approved: QuerySet, submitted: QuerySet) -> list[Line]:
    """重点施策の達成率: one line over all departments."""
    rate, provisional = (Rate(**found.filter(PRIORITY_MEASURES).aggregate(**COUNTS)) for found in (approved, submitted))
    return [_line(indicator, step, rate, provisional)]


def _by_department(reports: QuerySet) -> dict[int, Rate]:
    rows = reports.order_by("review__department").values("review__department").annotate(**COUNTS)
    return {row.pop("review__department"): Rate(**row) for row in rows}


def _line(
    indicator: Indicator, step: Step, rate: Rate, provisional: Rate, department: Department | None = None
) -> Line:
    reading = Reading(numerator=Decimal(rate.achieved), denominator=Decimal(rate.counting))
    return Line(rate, judge(indicator, reading, step), provisional, department)
