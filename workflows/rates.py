"""The two indicators that only this system can compute: achievement of each plan and of the priority measures.

達成率 = measures achieved ÷ measures that count. Measures stopped, out of scope or impossible to judge do not count;
how many they are is said beside the rate. Approved reports only; what is submitted but not yet approved is provisional.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from departments.judgement import share
from departments.models.plans import Priority
from workflows.models import Checkpoint, MeasureReport, Stage

APPROVED = (Stage.APPROVED,)
PROVISIONAL = (Stage.REVIEW, Stage.APPROVE)
COUNTS = {
    "achieved": Count("pk", filter=Q(progress__achieved=True)),
    "counting": Count("pk", filter=Q(progress__counts=True)),
    "neutral": Count("pk", filter=Q(progress__counts=False)),
}
PRIORITY_MEASURES = Q(measure__priority__in=[Priority.ORGANISATION, Priority.DEPARTMENT])


@dataclass(frozen=True)
class Rate:
    """`achieved` of `counting` measures; `neutral` ones stand outside."""

    achieved: int
    counting: int
    neutral: int

    @property
    def per_cent(self) -> Decimal | None:
        """Half up to two decimals; None where no measure counts."""
        return share(Decimal(self.achieved), Decimal(self.counting))


def plan_achievement(checkpoint: Checkpoint, stages: Iterable[Stage] = APPROVED) -> dict[int, Rate]:
    """年度計画達成率 by department id; departments without a report in one of the stages are left out."""
    rows = _reports(checkpoint, stages).order_by("review__department").values("review__department").annotate(**COUNTS)
    return {row.pop("review__department"): Rate(**row) for row in rows}


def priority_achievement(checkpoint: Checkpoint, stages: Iterable[Stage] = APPROVED) -> Rate:
    """重点施策の達成率 of the whole city, as of the checkpoint."""
    return Rate(**_reports(checkpoint, stages).filter(PRIORITY_MEASURES).aggregate(**COUNTS))


def _reports(checkpoint: Checkpoint, stages: Iterable[Stage]) -> QuerySet[MeasureReport]:
    return MeasureReport.objects.filter(review__checkpoint=checkpoint, review__stage__in=stages, progress__isnull=False)
