"""In whose place people act (代決・代理), and what the absent person has still to read of it (後閲). A read model."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from departments.access import Rights, rights
from departments.models import User
from workflows.access import Action, Standing, done_in_place_of, standing_for
from workflows.models import Event, EventKind, Review, Stage
from workflows.wording import comment_of, doer_of, happening_text

# What whoever's turn it is can do at the least.
TURN_ACTIONS: dict[str, Action] = {
    Stage.PREPARE: Action.SAVE,
    Stage.REVIEW: Action.PASS,
    Stage.APPROVE: Action.APPROVE,
}


def is_turn_of(known: Rights, review: Review) -> bool:
    """Whether whoever has these rights may act next in the review; `access.waiting_for` for one, without a query."""
    return review.stage in TURN_ACTIONS and standing_for(TURN_ACTIONS[review.stage], known, review) is not None


def absent_for(action: Action, user: User, review: Review, on: date) -> User | None:
    """In whose place the person would take the action; None where it is their own to take, or not theirs at all."""
    standing = standing_for(action, rights(user, on), review)
    if standing is None or standing.absent_id is None:
        return None
    return User.objects.get(pk=standing.absent_id)


def absent_by_review(reviews: Iterable[Review], user: User, on: date) -> dict[int, User]:
    """Review id → in whose place it is the person's turn, for those reviews where it is not so by their own right."""
    known = rights(user, on)
    if not known.mandates:
        return {}
    turns = {review.pk: standing_for(TURN_ACTIONS[review.stage], known, review) or Standing() for review in reviews}
    people = User.objects.in_bulk({turn.absent_id for turn in turns.values() if turn.absent_id is not None})
    return {pk: people[turn.absent_id] for pk, turn in turns.items() if turn.absent_id is not None}


@dataclass(frozen=True)
class Unread:
    """One thing done in the person's place that they have not read yet."""

    event: Event
    what: str
    doer: str
    comment: str


def unread_events(user: User, on: date) -> QuerySet[Event]:
    """What was done in the person's place and not read since, newest first."""
    return done_in_place_of(user, on).filter(acknowledgement=None).order_by("-at", "-pk")


def unread_items(events: Iterable[Event]) -> list[Unread]:
    """The given events of `unread_events` with all that a list shows."""
    return [
        Unread(event=event, what=happening_text(EventKind(event.kind)), doer=doer_of(event), comment=comment_of(event))
        for event in events
    ]
