"""The two indicators that only this system can compute: achievement of each plan and of the priority measures.

達成率 = measures achieved ÷ measures that count. Measures stopped, out of scope or impossible to judge do not count;
how many they are is said beside the rate. Approved reports only; what is submitted but not yet approved is provisional.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from departments.access import rights
from departments.judgement import Judgement, Reading, judge, share
from departments.models import Department, Indicator, User
from departments.models.indicators import Derivation, Kind, Step
from departments.models.organisation import Permission
from departments.models.plans import Priority
from workflows.models import Checkpoint, CheckpointKind, MeasureReport, ProgressClass, Stage

COUNTS = {
    "achieved": Q(progress__achieved=True),
    "counting": Q(progress__counts=True),
    "neutral": Q(progress__counts=False),
}
PRIORITY_MEASURES = Q(priority__in=[Priority.ORGANISATION, Priority.DEPARTMENT])
SUBMITTED = (Stage.REVIEW, Stage.APPROVE)


@dataclass(frozen=True)
class Rate:
    """`achieved` of `counting` measures; `neutral` ones stand outside."""

    achieved: int = 0
    counting: int = 0
    neutral: int = 0

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.achieved + other.achieved, self.counting + other.counting, self.neutral + other.neutral)

    @property
    def per_cent(self) -> Decimal | None:
        """Half up to two decimals; None where no measure counts."""
        return share(Decimal(self.achieved), Decimal(self.counting))


@dataclass(frozen=True)
class Line:
    """One rate and what it means; `provisional` is that of what is submitted and not yet approved (速報).

    `meets`: whether the rate reaches the target by now; None where nothing counts.
    """

    rate: Rate
    judgement: Judgement
    provisional: Rate
    meets: bool | None
    department: Department | None = None


@dataclass(frozen=True)
class ComputedIndicator:
    """An indicator with its lines: one a department, or one for all."""

    indicator: Indicator
    lines: list[Line]


def checkpoints_with_reports(year: int) -> list[Checkpoint]:
    """The year's opened checkpoints at which progress is reported, oldest first."""
    return list(Checkpoint.objects.of_year(year).exclude(kind=CheckpointKind.PLAN).filter(opened_at__isnull=False))


def progress_classes() -> list[ProgressClass]:
    """All progress classes, in the office's order."""
    return list(ProgressClass.objects.all())


def achieving_classes() -> list[str]:
    """The names of the progress classes that count as achieved."""
    return [str(found) for found in progress_classes() if found.achieved]


def computed_indicators(user: User, checkpoint: Checkpoint, on: date) -> list[ComputedIndicator]:
    """The derived indicators of the year as of the checkpoint, from what the person may read.

    Approved reports of every department whose approved reports they read; provisional figures where they read
    submissions too. Four queries, however many departments there are.
    """
    return computed_at(user, [checkpoint], on)[checkpoint.pk]


def computed_at(user: User, checkpoints: Sequence[Checkpoint], on: date) -> dict[int, list[ComputedIndicator]]:
    """The same by the id of each of these checkpoints of one year, in as many queries."""
    tallies = _tallies(user, checkpoints, on)
    numbers = {department for found in tallies.values() for department in found}
    departments = list(Department.objects.filter(pk__in=numbers).order_by("parent__position", "position", "code"))
    year = checkpoints[0].fiscal_year
    derived = Indicator.objects.filter(kind=Kind.DERIVED, initiative__strategy__fiscal_year=year)
    indicators = list(derived.prefetch_related("step_targets"))
    return {
        checkpoint.pk: [
            ComputedIndicator(
                found,
                LINES[Derivation(found.derivation)](found, Step(checkpoint.kind), tallies[checkpoint.pk], departments),
            )
            for found in indicators
        ]
        for checkpoint in checkpoints
    }


@dataclass(frozen=True)
class _Tally:
    """What one department has at one checkpoint: of all its measures and of the priority ones."""

    approved: Rate = Rate()
    submitted: Rate = Rate()
    approved_priority: Rate = Rate()
    submitted_priority: Rate = Rate()


_Tallies = dict[int, _Tally]


def _tallies(user: User, checkpoints: Sequence[Checkpoint], on: date) -> dict[int, _Tallies]:
    """Checkpoint's id → department's id → what it has, of those whose reports the person reads; one query."""
    known = rights(user, on)
    readable = Q(review__stage=Stage.APPROVED, review__department__in=known.departments(Permission.READ_APPROVED))
    if submissions := known.departments(Permission.READ_SUBMISSIONS):
        readable |= Q(review__stage__in=SUBMITTED, review__department__in=submissions)
    counts = {
        f"{name}{suffix}": Count("pk", filter=condition & those)
        for suffix, those in (("", Q()), ("_priority", PRIORITY_MEASURES))
        for name, condition in COUNTS.items()
    }
    rows = (
        MeasureReport.objects.filter(readable, review__checkpoint__in=checkpoints, progress__isnull=False)
        .order_by()
        .values("review__checkpoint", "review__department", approved=Q(review__stage=Stage.APPROVED))
        .annotate(**counts)
    )
    found: dict[int, dict[int, dict[str, Rate]]] = {checkpoint.pk: defaultdict(dict) for checkpoint in checkpoints}
    for row in rows:
        stage = "approved" if row["approved"] else "submitted"
        kept = found[row["review__checkpoint"]][row["review__department"]]
        numbers: dict[str, Any] = {**row}
        kept[stage] = Rate(*(numbers[name] for name in COUNTS))
        kept[f"{stage}_priority"] = Rate(*(numbers[f"{name}_priority"] for name in COUNTS))
    return {
        checkpoint: {department: _Tally(**kept) for department, kept in departments.items()}
        for checkpoint, departments in found.items()
    }


def _plan_lines(indicator: Indicator, step: Step, tallies: _Tallies, departments: Iterable[Department]) -> list[Line]:
    """年度計画達成率: one line for each department that has reported."""
    found = [(department, tallies[department.pk]) for department in departments if department.pk in tallies]
    return [_line(indicator, step, tally.approved, tally.submitted, department) for department, tally in found]


def _priority_lines(
    indicator: Indicator, step: Step, tallies: _Tallies, departments: Iterable[Department]
) -> list[Line]:
    """重点施策の達成率: one line over all departments."""
    approved = sum((tally.approved_priority for tally in tallies.values()), Rate())
    submitted = sum((tally.submitted_priority for tally in tallies.values()), Rate())
    return [_line(indicator, step, approved, submitted)]


LINES = {Derivation.PLAN_ACHIEVEMENT: _plan_lines, Derivation.PRIORITY_ACHIEVEMENT: _priority_lines}


def _line(
    indicator: Indicator, step: Step, rate: Rate, provisional: Rate, department: Department | None = None
) -> Line:
    reading = Reading(numerator=Decimal(rate.achieved), denominator=Decimal(rate.counting))
    per_cent = rate.per_cent
    meets = None if per_cent is None or indicator.target is None else per_cent >= indicator.target
    return Line(rate, judge(indicator, reading, step), provisional, meets, department)
