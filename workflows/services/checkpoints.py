"""Opening and closing a checkpoint for all plans at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from departments.models import ActionPlan, User
from departments.models.plans import PlanState
from workflows import engine, history
from workflows.errors import Closed
from workflows.models import Checkpoint, EventKind, Review

CHUNK = 1000  # a write transaction of about half a second on SQLite


@dataclass(frozen=True)
class Opening:
    """How many reviews this call opened, how many were open before, and the plans left out as not yet approved."""

    opened: int
    already: int
    left_out: list[ActionPlan]


def open_checkpoint(*, checkpoint: Checkpoint, by: User | None, now: datetime) -> Opening:
    """Open a review for every plan of the year that lacks one; again and again gives the same.

    The plan checkpoint takes the drafts; every other takes the approved plans. Raises Closed once it is closed.
    """
    already = checkpoint.reviews.count()
    opened = 0
    while chunk := _open_chunk(checkpoint, by=by, now=now):
        opened += chunk
    plans = ActionPlan.objects.filter(fiscal_year=checkpoint.fiscal_year).select_related("department")
    left_out = [] if checkpoint.is_plan else list(plans.exclude(state=PlanState.APPROVED))
    return Opening(opened=opened, already=already, left_out=left_out)


@transaction.atomic
def _open_chunk(checkpoint: Checkpoint, *, by: User | None, now: datetime) -> int:
    current = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    if current.closed_at is not None:
        raise Closed(_("%(checkpoint)s is closed already.") % {"checkpoint": current})
    if current.opened_at is None:
        current.opened_at = now
        current.save(update_fields=["opened_at"])
    checkpoint.opened_at = current.opened_at
    state = PlanState.DRAFT if current.is_plan else PlanState.APPROVED
    waiting = (
        ActionPlan.objects.select_for_update()
        .filter(fiscal_year=current.fiscal_year, state=state)
        .exclude(reviews__checkpoint=current)
        .order_by("pk")
    )
    plans = list(waiting[:CHUNK])
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
    unfinished = list(Review.objects.open().filter(checkpoint=current).order_by("pk"))
    ActionPlan.objects.select_for_update().filter(pk__in=[review.plan_id for review in unfinished]).values_list("pk")
    engine.lapse(unfinished, now=now)
    facts = {review.pk: {"task": review.task_id, "from": review.stage} for review in unfinished}
    history.record_many(unfinished, EventKind.LAPSED, by=by, at=now, data=facts)
    return len(unfinished)
