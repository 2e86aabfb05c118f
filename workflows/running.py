"""How far the running checkpoints are, in a few figures, for those who have nothing to do in them. A read model."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from departments.models import User
from workflows.access import board_departments
from workflows.models import Checkpoint, Review, Stage


@dataclass(frozen=True)
class Running:
    """Of the reviews of a checkpoint that were not cancelled: all, with the department, with the office, approved.

    `late`: those of all that are overdue.
    """

    checkpoint: Checkpoint
    total: int
    preparing: int
    deciding: int
    approved: int
    late: int


def running_checkpoints(user: User, on: date) -> list[Running]:
    """In the departments whose rows the person sees on the board, what is due first coming first; two queries."""
    checkpoints = list(Checkpoint.objects.running().order_by("submit_due", "pk"))
    reviews = Review.objects.filter(checkpoint__in=checkpoints, department__in=board_departments(user, on))
    reviews = reviews.exclude(stage=Stage.CANCELLED)
    rows = reviews.values("checkpoint").annotate(
        total=Count("pk"),
        preparing=Count("pk", filter=Q(stage=Stage.PREPARE)),
        deciding=Count("pk", filter=Q(stage__in=[Stage.REVIEW, Stage.APPROVE])),
        approved=Count("pk", filter=Q(stage=Stage.APPROVED)),
        late=Count("pk", filter=Q(due_on__lt=on)),
    )
    found = {row.pop("checkpoint"): row for row in rows}
    return [Running(checkpoint, **found[checkpoint.pk]) for checkpoint in checkpoints if checkpoint.pk in found]
