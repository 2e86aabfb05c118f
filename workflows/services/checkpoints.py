"""Adding a checkpoint, moving its days, opening and closing it for all plans at once."""

from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from departments.models import ActionPlan, CalendarDay, User
from departments.models.plans import PlanState
from departments.services import plans as plan_service
from departments.services.rows import save_or_refuse
from workflows import engine, history
from workflows.errors import Closed
from workflows.models import Checkpoint, EventKind, Stage
from workflows.schedule import Days, rescheduled
from workflows.services.due_days import Move, move_due_days
from workflows.services.reviews import locked_open

log = structlog.get_logger("meguru.workflows")

# Reviews opened in one transaction. On SQLite nobody else writes meanwhile (half a second); on PostgreSQL only the
# plans of the chunk are locked, and fewer commits are faster.
CHUNK = {"sqlite": 1000, "postgresql": 5000}


@transaction.atomic
def add_checkpoint(*, fiscal_year: int, kind: str, days: Days, by: User | None) -> Checkpoint:
    """Put a checkpoint into the year's calendar; it still has to be opened. Raises departments' Refused."""
    checkpoint = Checkpoint(fiscal_year=fiscal_year, kind=kind, **asdict(days))
    save_or_refuse(checkpoint)
    log.info("checkpoint added", checkpoint=checkpoint.pk, by=by and by.pk)
    return checkpoint


@transaction.atomic
def change_days(*, checkpoint: Checkpoint, days: Days, by: User | None, now: datetime) -> Checkpoint:
    """Move the days of a checkpoint; what is open in it becomes due on the new days, and whoever has it is told.

    Raises Closed once it is closed, and departments' Refused when the days break a rule.
    """
    current = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    if current.closed_at is not None:
        raise Closed(_("%(checkpoint)s is closed already.") % {"checkpoint": current})
    changes = asdict(days)
    for name, day in changes.items():
        setattr(current, name, day)
    save_or_refuse(current, update_fields=list(changes))
    calendar = CalendarDay.objects.calendar()
    moves = [Move(review, rescheduled(review, calendar), review.extended_to) for review in locked_open(current)]
    move_due_days(moves, by=by, now=now)
    log.info("checkpoint days changed", checkpoint=current.pk, by=by and by.pk)
    return current


@dataclass(frozen=True)
class Opening:
    """How many reviews this call opened, how many were open before, and the plans left out as not yet approved."""

    opened: int
    already: int
    left_out: list[ActionPlan]


def foreseen_opening(checkpoint: Checkpoint) -> Opening:
    """What `open_checkpoint` would do now."""
    return Opening(
        opened=_plans_to_open(checkpoint).count(), already=checkpoint.reviews.count(), left_out=_left_out(checkpoint)
    )


def _plans_to_open(checkpoint: Checkpoint) -> QuerySet[ActionPlan]:
    """The plans of the year in the state that this checkpoint takes, which have no review in it yet."""
    state = PlanState.DRAFT if checkpoint.is_plan else PlanState.APPROVED
    plans = ActionPlan.objects.filter(fiscal_year=checkpoint.fiscal_year, state=state)
    return plans.exclude(reviews__checkpoint=checkpoint)


def _left_out(checkpoint: Checkpoint) -> list[ActionPlan]:
    if checkpoint.is_plan:
        return []
    plans = ActionPlan.objects.filter(fiscal_year=checkpoint.fiscal_year).exclude(state=PlanState.APPROVED)
    return list(plans.select_related("department"))


def open_checkpoint(*, checkpoint: Checkpoint, by: User | None, now: datetime) -> Opening:
    """Open a review for every plan of the year that lacks one; again and again gives the same.

    The plan checkpoint takes the drafts; every other takes the approved plans. Raises Closed once it is closed.
    """
    already = checkpoint.reviews.count()
    opened = 0
    while chunk := _open_chunk(checkpoint, by=by, now=now):
        opened += chunk
    return Opening(opened=opened, already=already, left_out=_left_out(checkpoint))


@transaction.atomic
def _open_chunk(checkpoint: Checkpoint, *, by: User | None, now: datetime) -> int:
    current = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    if current.closed_at is not None:
        raise Closed(_("%(checkpoint)s is closed already.") % {"checkpoint": current})
    if current.opened_at is None:
        current.opened_at = now
        current.save(update_fields=["opened_at"])
    checkpoint.opened_at = current.opened_at
    plans = list(_plans_to_open(current).select_for_update().order_by("pk")[: CHUNK[connection.vendor]])
    reviews = engine.start(current, plans, now=now)
    facts = {
        review.pk: {"next_task": review.task_id, "to": review.stage, "due": str(review.due_on)} for review in reviews
    }
    history.record_many(reviews, EventKind.OPENED, by=by, at=now, data=facts)
    return len(reviews)


@transaction.atomic
def close_checkpoint(*, checkpoint: Checkpoint, by: User | None, now: datetime) -> int:
    """Close it for good; reviews still open end unfinished. Returns how many those were.

    Raises Closed when it is closed already or was never opened.
    """
    current = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    if not current.is_running:
        raise Closed(_("%(checkpoint)s is not open.") % {"checkpoint": current})
    current.closed_at = now
    current.save(update_fields=["closed_at"])
    checkpoint.closed_at = now
    unfinished = locked_open(current)
    facts = {review.pk: {"task": review.task_id, "from": review.stage} for review in unfinished}
    engine.end(unfinished, Stage.LAPSED, now=now)
    if current.is_plan:
        for review in unfinished:
            plan_service.mark(review.plan_id, PlanState.DRAFT)
    history.record_many(unfinished, EventKind.LAPSED, by=by, at=now, data=facts)
    return len(unfinished)
