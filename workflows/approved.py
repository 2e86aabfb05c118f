"""What stands approved at a checkpoint, as far as a person reads it: the rows that the dashboard counts and lists.

A report whose approval was revoked (承認取消) is not among them until it is approved again. What was approved says the
class, priority and initiative of each measure as they were when it was submitted; a later change of the plan moves
nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from departments.access import rights
from departments.models import User
from departments.models.organisation import Permission
from workflows.content import Content
from workflows.models import Checkpoint, CheckpointKind, Decision, MeasureReport, Outcome, Review, Stage, Submission

# The department under which a 課 is counted: its 部, or itself where it stands right below the city.
DIVISION = Case(
    When(review__department__parent__parent__isnull=False, then=F("review__department__parent")),
    default=F("review__department"),
)


@dataclass(frozen=True)
class Scope:
    """A checkpoint, the one before it that the person can compare with, and the departments whose reports they read."""

    checkpoint: Checkpoint
    before: Checkpoint | None
    departments: frozenset[int]

    def reviews(self) -> QuerySet[Review]:
        """All reports that are asked for at the checkpoint, whatever their stage."""
        asked = Review.objects.filter(checkpoint=self.checkpoint, department__in=self.departments)
        return asked.exclude(stage=Stage.CANCELLED)

    def measures(self) -> QuerySet[MeasureReport]:
        """The approved reports on measures."""
        return MeasureReport.objects.filter(
            review__checkpoint=self.checkpoint,
            review__stage=Stage.APPROVED,
            review__department__in=self.departments,
            progress__isnull=False,
        ).order_by()

    def compared(self) -> QuerySet[MeasureReport]:
        """Those whose measure stands approved at the checkpoint before too, with `was` (the class then), and `fall`.

        `fall` says by how much the class is worse: 0 where it says the same, below 0 where it is better.
        """
        if self.before is None:
            return self.measures().none().annotate(was=F("progress"), fall=Value(0))
        # In one filter, so that all of it speaks of the same earlier report.
        found = self.measures().filter(
            measure__reports__review__checkpoint=self.before,
            measure__reports__review__stage=Stage.APPROVED,
            measure__reports__progress__isnull=False,
        )
        return found.annotate(
            was=F("measure__reports__progress"),
            fall=_worth("measure__reports__progress") - _worth("progress"),
        )


def _worth(progress: str) -> Case:
    """How good a class is: all is well, behind (the later in the list the worse), or given up.

    That something has not begun or lies out of scope is no worse than that it goes as planned.
    """
    return Case(
        When(**{f"{progress}__needs_reason": False}, then=Value(1000)),
        When(**{f"{progress}__counts": True}, then=Value(900) - F(f"{progress}__position")),
        default=Value(0),
        output_field=IntegerField(),
    )


def scope_of(user: User, checkpoint: Checkpoint, checkpoints: Iterable[Checkpoint], on: date) -> Scope:
    """What the person reads at the checkpoint; `checkpoints` are those of its year."""
    kind = CheckpointKind(checkpoint.kind).previous
    before = next((found for found in checkpoints if found.kind == kind), None)
    return Scope(checkpoint, before, rights(user, on).departments(Permission.READ_APPROVED))


@dataclass(frozen=True)
class Progress:
    """How many of the reports that are asked for stand approved; `revoked`: approved once, and open again.

    `is_partial`: whether there are reports of departments besides that the person may not read.
    """

    approved: int
    asked: int
    revoked: int
    is_partial: bool

    @property
    def open(self) -> int:
        return self.asked - self.approved


def progress_of(scope: Scope) -> Progress:
    """Two queries."""
    revoked = Decision.objects.filter(review=OuterRef("pk"), outcome=Outcome.REVOKED)
    numbers = scope.reviews().aggregate(
        approved=Count("pk", filter=Q(stage=Stage.APPROVED)),
        asked=Count("pk"),
        revoked=Count("pk", filter=~Q(stage=Stage.APPROVED) & Q(Exists(revoked))),
    )
    others = Review.objects.filter(checkpoint=scope.checkpoint).exclude(department__in=scope.departments)
    return Progress(**numbers, is_partial=others.exists())


def contents_of(reviews: Iterable[int]) -> dict[int, Content]:
    """What was approved in each of these approved reviews, by its id; one query."""
    found = Submission.objects.filter(review__in=set(reviews), round=F("review__round"))
    return {review: json.loads(text) for review, text in found.values_list("review", "content")}
