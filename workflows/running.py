"""How far the running checkpoints are, in a few figures, for those who have nothing to do in them. A read model."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.models import User
from workflows.access import board_departments
from workflows.board_facts import State
from workflows.board_query import Wanted
from workflows.models import Checkpoint, CheckpointKind, Review, Stage

# Label, the condition in SQL, and the states of the board that it adds up.
COUNTED = {
    "approved": (pgettext_lazy("status", "Approved"), Q(stage=Stage.APPROVED), (State.APPROVED,)),
    "deciding": (
        _("With the office"),
        Q(stage__in=[Stage.REVIEW, Stage.APPROVE]),
        (State.REVIEW, State.APPROVE),
    ),
    "preparing": (
        pgettext_lazy("status", "Not submitted"),
        Q(stage=Stage.PREPARE),
        (State.PREPARE, State.RETURNED),
    ),
}


@dataclass(frozen=True)
class Figure:
    """How many reviews stand so; `query`: of the board's address, which lists them."""

    label: str | Promise
    number: int
    query: str
    is_late: bool = False


@dataclass(frozen=True)
class Running:
    """Of the reviews of a checkpoint that were not cancelled: how many there are, and how they stand."""

    checkpoint: Checkpoint
    total: int
    figures: list[Figure]


def running_checkpoints(user: User, on: date) -> list[Running]:
    """In the departments whose rows the person sees on the board, what is due first coming first; two queries."""
    checkpoints = list(Checkpoint.objects.running().order_by("submit_due", "pk"))
    reviews = Review.objects.filter(checkpoint__in=checkpoints, department__in=board_departments(user, on))
    counts = {name: Count("pk", filter=condition) for name, (_label, condition, _states) in COUNTED.items()}
    rows = (
        reviews.exclude(stage=Stage.CANCELLED)
        .values("checkpoint")
        .annotate(total=Count("pk"), late=Count("pk", filter=Q(due_on__lt=on)), **counts)
    )
    found = {row["checkpoint"]: row for row in rows}
    return [_running(checkpoint, found[checkpoint.pk]) for checkpoint in checkpoints if checkpoint.pk in found]


def _running(checkpoint: Checkpoint, row: dict[str, int]) -> Running:
    board, kind = Wanted(checkpoint.fiscal_year), CheckpointKind(checkpoint.kind)
    figures = [
        Figure(label, row[name], board.narrowed_to(kind, *states).address())
        for name, (label, _condition, states) in COUNTED.items()
    ]
    late = Figure(pgettext_lazy("urgency", "Overdue"), row["late"], board.narrowed_to(kind, late=True).address(), True)
    return Running(checkpoint, row["total"], [*figures, late])


def next_checkpoint(on: date) -> Checkpoint | None:
    """The round that opens next."""
    coming = Checkpoint.objects.rounds().filter(opened_at=None, opens_on__gte=on)
    return coming.order_by("opens_on", "pk").first()
