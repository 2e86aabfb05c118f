"""What the office does to a review outside the way of its steps: extend a due day, cancel, revoke an approval."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.models import CalendarDay, User
from departments.wording import day_text
from workflows import engine, history
from workflows.access import Action
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.models import Checkpoint, Decision, EventKind, Outcome, Review, Stage
from workflows.schedule import mending_due
from workflows.services.each import Result, each_by_itself
from workflows.services.reviews import last_event, locked, locked_row, reopen_plan, require


@transaction.atomic
def extend(*, review_id: int, task_id: int, to: date, reason: str, by: User, now: datetime) -> Review:
    """Give one department more time to submit (期限延長), with a reason.

    Raises Stale, NotAllowed, or ReviewError for a day that is no later one, past, not a business day or after the
    closing.
    """
    review = locked(review_id, task_id)
    standing = require(Action.EXTEND, review, by, now)
    reason = _given(reason, _("Say why the due day is extended."))
    _require_later_day(review, to, timezone.localdate(now))
    was, review.due_on, review.extended_to = review.due_on, to, to
    review.save(update_fields=["due_on", "extended_to"])
    facts = {"task": review.task_id, "next_task": review.task_id, "due": str(to), "was": str(was), "comment": reason}
    history.record(review, EventKind.EXTENDED, by=by, absent_id=standing.absent_id, at=now, data=facts)
    return review


class Due(NamedTuple):
    """One review as the person saw it: with its open task and the day on which it was due."""

    review_id: int
    task_id: int
    due_on: date


def extend_many(*, asked: Iterable[Due], to: date, reason: str, by: User, now: datetime) -> list[Result[Review]]:
    """Extend each to the day by itself, whatever becomes of the others; one result for each, in order.

    What is due on another day by now than the person saw is left as it is.
    """
    return each_by_itself(asked, partial(_extend_as_seen, to=to, reason=reason, by=by, now=now), by=by)


@transaction.atomic
def _extend_as_seen(each: Due, *, to: date, reason: str, by: User, now: datetime) -> Review:
    review = locked(each.review_id, each.task_id)
    if review.due_on != each.due_on:
        raise Stale(last_event(review))
    return extend(review_id=each.review_id, task_id=each.task_id, to=to, reason=reason, by=by, now=now)


def _require_later_day(review: Review, to: date, on: date) -> None:
    if review.due_on is not None and to <= review.due_on:
        raise ReviewError(_("Choose a day after %(day)s, which is due now.") % {"day": day_text(review.due_on)})
    if to < on:
        raise ReviewError(_("That day has passed. Choose today or a later day."))
    if to > review.checkpoint.closes_on:
        closing = day_text(review.checkpoint.closes_on)
        raise ReviewError(_("The checkpoint closes on %(day)s. Choose a day up to then.") % {"day": closing})
    calendar = CalendarDay.objects.calendar()
    if not calendar.is_business_day(to):
        following = day_text(calendar.on_or_after(to))
        raise ReviewError(_("The city is closed on that day. The next business day is %(day)s.") % {"day": following})


@transaction.atomic
def cancel(*, review_id: int, task_id: int, reason: str, by: User, now: datetime) -> Review:
    """End a review for good without approval (取下げ), with a reason. Raises Stale, NotAllowed or ReviewError."""
    review = locked(review_id, task_id)
    standing = require(Action.CANCEL, review, by, now)
    reason = _given(reason, _("Say why it is cancelled."))
    facts = {"task": review.task_id, "from": review.stage, "to": Stage.CANCELLED, "comment": reason}
    engine.end([review], Stage.CANCELLED, now=now)
    reopen_plan(review)
    history.record(review, EventKind.CANCELLED, by=by, absent_id=standing.absent_id, at=now, data=facts)
    return review


@transaction.atomic
def revoke(*, review_id: int, round_number: int, reason: str, by: User, now: datetime) -> Review:
    """Take back the approval of a round (承認取消), with a reason; the department mends and submits it again.

    Raises Stale unless exactly that round stands approved, NotAllowed (as when the checkpoint is closed), or
    ReviewError where what came later rests on the approved plan.
    """
    # Before the review's own row, as a closing takes them: it would miss what is about to be open again.
    Checkpoint.objects.select_for_update(of=("self",), no_key=True).get(reviews=review_id)
    review = locked_row(review_id)
    if review.stage != Stage.APPROVED or review.round != round_number:
        raise Stale(last_event(review))
    if review.checkpoint.closed_at is not None:
        raise NotAllowed(_("%(checkpoint)s is closed already.") % {"checkpoint": review.checkpoint})
    standing = require(Action.REVOKE, review, by, now)
    reason = _given(reason, _("Say why the approval is revoked."))
    if obstacle := obstacle_to_revoking(review):
        raise ReviewError(obstacle)
    Decision.objects.create(
        review=review,
        submission=review.submissions.only("review").get(round=review.round),
        step=Stage.APPROVED,
        outcome=Outcome.REVOKED,
        comment=reason,
        decided_by=by,
        decided_at=now,
        on_behalf_of_id=standing.absent_id,
    )
    review.returned_from = Stage.APPROVE
    review.due_on = mending_due(review, timezone.localdate(now), CalendarDay.objects.calendar())
    engine.reopen(review, now=now)
    review.save(update_fields=["stage", "task", "due_on", "stage_since", "returned_from"])
    reopen_plan(review)
    facts = {"next_task": review.task_id, "from": Stage.APPROVED, "to": review.stage, "due": str(review.due_on)}
    facts |= {"step": Stage.APPROVED, "comment": reason}
    history.record(review, EventKind.REVOKED, by=by, absent_id=standing.absent_id, at=now, data=facts)
    return review


def obstacle_to_revoking(review: Review) -> str:
    """Why an approval that may be revoked still cannot be, in a sentence; empty where nothing rests on it."""
    if review.checkpoint.is_plan and Review.objects.filter(plan=review.plan_id).exclude(pk=review.pk).exists():
        return _("Reviews of this plan have been opened since. Let the department ask for a change of it.")
    return ""


def _given(reason: str, sentence: str) -> str:
    """The reason without blanks around it; the sentence says that it is missing."""
    if not reason.strip():
        raise ReviewError(sentence)
    return reason.strip()
