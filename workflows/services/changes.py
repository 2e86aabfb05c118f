"""Asking for a change of an approved plan (計画変更), and drafting it. All else goes as for every review."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.drafts import PlanDraft, as_plain, draft_of, with_ids
from departments.errors import Refused
from departments.models import ActionPlan, User
from departments.services import plans
from workflows import engine, history
from workflows.access import Action
from workflows.errors import NotAllowed, Overtaken, ReviewError
from workflows.models import Checkpoint, CheckpointKind, EventKind, Proposal, Review, Stage
from workflows.proposals import obstacle_to_change
from workflows.removals import reported_but_removed
from workflows.schedule import due_day, last_day_for_changes
from workflows.services.drafts import note_save
from workflows.services.reviews import last_event, locked, require


@transaction.atomic
def request_change(*, plan_id: int, reason: str, by: User, now: datetime) -> Review:
    """Open the next change of an approved plan; its draft starts as the plan stands.

    Raises NotAllowed, or ReviewError where the plan cannot be changed this way now or no reason is given.
    """
    plan = ActionPlan.objects.select_for_update(of=("self",)).select_related("department").get(pk=plan_id)
    if obstacle := obstacle_to_change(plan, timezone.localdate(now)):
        raise ReviewError(obstacle)
    if not reason.strip():
        raise ReviewError(_("Write the reason for the change."))
    checkpoint = _container(plan.fiscal_year, now)
    review = _started(plan, checkpoint, now)
    standing = require(Action.SAVE, review, by, now)
    Proposal.objects.create(
        review=review, reason=reason.strip(), content=as_plain(draft_of(plan)), plan_version=plan.version
    )
    plans.note_author(plan.pk, by)
    facts = {"next_task": review.task_id, "to": review.stage, "due": str(review.due_on), "comment": reason.strip()}
    history.record(review, EventKind.OPENED, by=by, absent_id=standing.absent_id, at=now, data=facts)
    return review


def _container(fiscal_year: int, now: datetime) -> Checkpoint:
    """Where the year's changes are decided on, made for the first of them; nobody opens, moves or closes it."""
    first, last = date(fiscal_year, 4, 1), last_day_for_changes(fiscal_year)
    due = dict.fromkeys(("submit_due", "review_due", "approve_due", "closes_on"), last)
    days = {"as_of": first, "opens_on": first, "opened_at": now, **due}
    found, _is_new = Checkpoint.objects.get_or_create(
        fiscal_year=fiscal_year, kind=CheckpointKind.CHANGE, defaults=days
    )
    return found


def _started(plan: ActionPlan, checkpoint: Checkpoint, now: datetime) -> Review:
    last = Review.objects.filter(plan=plan, checkpoint=checkpoint).aggregate(last=Max("change_number"))["last"]
    due_on = due_day(Review(checkpoint=checkpoint), Stage.PREPARE, timezone.localdate(now))
    (review,) = engine.start(checkpoint, [plan], now=now, due_on=due_on, change_number=(last or 0) + 1)
    return review


@transaction.atomic
def save_proposal(
    *, review_id: int, task_id: int, version: int, reason: str, content: PlanDraft, by: User, now: datetime
) -> Review:
    """Keep the draft of a change: why, and the whole plan as it should be, finished or not.

    Saving the same again changes nothing, so a double click is one save. Raises Stale, Overtaken, NotAllowed, or
    ReviewError where the content breaks a rule or leaves out what has been reported on.
    """
    review = locked(review_id, task_id)
    require(Action.SAVE, review, by, now)
    if not review.checkpoint.is_change:
        raise NotAllowed(_("You may not do this."))
    plan, proposal, stands = review.plan, review.proposal, review.proposal.draft
    reason = reason.strip()
    if (reason, content, plan.version) == (proposal.reason, stands, proposal.plan_version):
        return review
    if review.version != version:
        raise Overtaken(review, last_event(review))
    _require_writable(plan, content)
    proposal.reason, proposal.content = reason, as_plain(with_ids(content, stands))
    proposal.plan_version = plan.version
    proposal.save(update_fields=["reason", "content", "plan_version"])
    note_save(review, by, now)
    return review


def _require_writable(plan: ActionPlan, content: PlanDraft) -> None:
    try:
        plans.check_content(plan, content)
    except Refused as refusal:
        raise ReviewError(str(refusal)) from refusal
    if obstacles := reported_but_removed(plan, content):
        raise ReviewError(" ".join(obstacles))
