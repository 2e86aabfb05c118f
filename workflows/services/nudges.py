"""Asking whoever has a review to go on with it (催促): once a day at most, and where there is somebody to ask."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.models import User
from departments.wording import moment_text
from workflows import history
from workflows.access import Action, actors
from workflows.errors import ReviewError
from workflows.models import EventKind, Nudge, Review
from workflows.services.each import Asked, Result, each_by_itself
from workflows.services.reviews import locked, require
from workflows.wording import doer_of


@transaction.atomic
def nudge(*, review_id: int, task_id: int, note: str, by: User, now: datetime) -> Nudge:
    """Ask whoever has the review to go on with it; the note goes along.

    Raises Stale, NotAllowed, or ReviewError where they were nudged today already, or there is nobody to nudge.
    """
    review = locked(review_id, task_id)
    standing = require(Action.NUDGE, review, by, now)
    on = timezone.localdate(now)
    if obstacle := obstacle_to_nudging(review, by, on):
        raise ReviewError(obstacle)
    facts = {"task": review.task_id, "next_task": review.task_id, "due": str(review.due_on), "comment": note.strip()}
    event = history.record(review, EventKind.NUDGED, by=by, absent_id=standing.absent_id, at=now, data=facts)
    return Nudge.objects.create(event=event, review=review, day=on)


def obstacle_to_nudging(review: Review, by: User, on: date) -> str:
    """Why a review that may be nudged still cannot be on that day, in a sentence; empty where it can."""
    done = Nudge.objects.filter(review=review, day=on).select_related("event__by", "event__on_behalf_of").first()
    if done is not None:
        facts = {"who": doer_of(done.event), "at": moment_text(done.event.at)}
        return _("%(who)s has nudged already, %(at)s. Once a day is enough; nudge again tomorrow.") % facts
    if all(holder.user == by for holder in actors([review], on)[review.pk]):
        return _("There is nobody else who has it, so nobody would get the mail.")
    return ""


def nudge_many(*, asked: Iterable[Asked], note: str, by: User, now: datetime) -> list[Result[Nudge]]:
    """Nudge each by itself, whatever becomes of the others; one result for each, in order."""
    return each_by_itself(asked, lambda each: nudge(**each._asdict(), note=note, by=by, now=now), by=by)
