"""Comments pinned to a place of what was submitted (指摘): made and resolved by the office, answered by both sides."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from departments.models import User
from workflows import history
from workflows.access import Action, Standing
from workflows.errors import ReviewError, Stale
from workflows.models import Event, EventKind, Pin, PinEntry, PinEntryKind, Review
from workflows.places import places
from workflows.services.reviews import locked, require, submit

LONGEST = 2000


@transaction.atomic
def pin(*, review_id: int, task_id: int, target: str, text: str, by: User, now: datetime) -> Pin:
    """Pin a comment to a place of the latest submission; `target` as in `Pin`.

    The same once more, as by a double click, is the open comment that is there already. Raises Stale, NotAllowed, or
    ReviewError when nothing is said or the submission has no such place.
    """
    review = locked(review_id, task_id)
    standing = require(Action.PIN, review, by, now)
    text = _said(text, _("Write what you want to say about this place."))
    submission = review.submissions.get(round=review.round)
    if target not in places(json.loads(submission.content)):
        raise ReviewError(_("What was submitted has no such place. Choose one from the list."))
    same = submission.pins.open().filter(target=target, text=text, made_by=by).first()
    if same is not None:
        return same
    made = Pin.objects.create(review=review, submission=submission, target=target, text=text, made_by=by, made_at=now)
    _record(made, EventKind.PINNED, text, by=by, standing=standing, now=now)
    return made


@transaction.atomic
def answer(*, pin_id: int, task_id: int, text: str, by: User, now: datetime) -> PinEntry:
    """Answer a comment that is not resolved; the same answer once more is the one that is there already.

    `task_id` is the open task of the comment's review. Raises Stale, also when the comment has been resolved,
    NotAllowed, or ReviewError when nothing is said.
    """
    found = _locked(pin_id, task_id)
    standing = require(Action.ANSWER, found.review, by, now)
    text = _said(text, _("Write your answer."))
    same = found.entries.filter(kind=PinEntryKind.ANSWERED, by=by, text=text).first()
    if same is not None:
        return same
    _require_unresolved(found)
    entry = PinEntry.objects.create(pin=found, kind=PinEntryKind.ANSWERED, text=text, by=by, at=now)
    _record(found, EventKind.ANSWERED, text, by=by, standing=standing, now=now)
    return entry


@transaction.atomic
def answer_and_submit(
    *, review_id: int, task_id: int, version: int, answers: dict[int, str], by: User, now: datetime
) -> Review:
    """Send the answers, by comment, and submit the draft with them, or neither. Raises as `answer` and `submit` do."""
    for pin_id, text in answers.items():
        answer(pin_id=pin_id, task_id=task_id, text=text, by=by, now=now)
    return submit(review_id=review_id, task_id=task_id, version=version, by=by, now=now)


@transaction.atomic
def resolve(*, pin_id: int, task_id: int, text: str = "", by: User, now: datetime) -> PinEntry:
    """Say that what a comment asked for is done, once and for good; a text may say how.

    Raises Stale, also when the comment has been resolved before, NotAllowed, or ReviewError for too long a text.
    """
    found = _locked(pin_id, task_id)
    standing = require(Action.RESOLVE, found.review, by, now)
    text = _short_enough(text.strip())
    _require_unresolved(found)
    entry = PinEntry.objects.create(pin=found, kind=PinEntryKind.RESOLVED, text=text, by=by, at=now)
    _record(found, EventKind.RESOLVED, text, by=by, standing=standing, now=now)
    return entry


def _locked(pin_id: int, task_id: int) -> Pin:
    """The comment, its review locked."""
    found = Pin.objects.get(pk=pin_id)
    found.review = locked(found.review_id, task_id)
    return found


def resolution_of(found: Pin) -> Event | None:
    """When and by whom the comment was resolved, for whoever comes too late."""
    events = found.review.events.filter(kind=EventKind.RESOLVED, data__pin=found.pk)
    return events.select_related("by", "on_behalf_of").first()


def _require_unresolved(found: Pin) -> None:
    if found.entries.filter(kind=PinEntryKind.RESOLVED).exists():
        raise Stale(resolution_of(found))


def _record(found: Pin, kind: EventKind, text: str, *, by: User, standing: Standing, now: datetime) -> None:
    facts: dict[str, Any] = {"pin": found.pk, "target": found.target, "comment": text}
    history.record(found.review, kind, by=by, absent_id=standing.absent_id, at=now, data=facts)


def _said(text: str, sentence: str) -> str:
    """The text without blanks around it; the sentence says that it is missing."""
    if not text.strip():
        raise ReviewError(sentence)
    return _short_enough(text.strip())


def _short_enough(text: str) -> str:
    if len(text) > LONGEST:
        raise ReviewError(_("Shorten this to %(most)d characters at most.") % {"most": LONGEST})
    return text
