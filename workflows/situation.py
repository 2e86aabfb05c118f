"""What is special about a review at the moment: how it ended, more time, nobody to decide, what else may be done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from departments.access import Holder
from departments.models import Role, User
from workflows.access import Action, actors, candidates
from workflows.dossier import Entry
from workflows.models import Event, EventKind, Review, Stage
from workflows.models.history import MOVES_DUE_DAY, SENT_BACK

# The pages beside the way of the steps, in the order in which they are offered: action, route, what it is for.
OTHER_WAYS = [
    (Action.NUDGE, "nudge", _("Nudge whoever has it"), _("Whoever has it gets a mail.")),
    (Action.EXTEND, "extend", _("Extend the due day"), _("This department alone gets more time.")),
    (Action.CANCEL, "cancel", _("Cancel this review"), _("It ends without approval, for good.")),
    (Action.REVOKE, "revoke", _("Revoke the approval"), _("It goes back to the department to be mended.")),
]
DECIDING_ROLE = {Stage.REVIEW: Role.REVIEWER, Stage.APPROVE: Role.APPROVER}
NAMED_CANDIDATES = 10


@dataclass(frozen=True)
class NewDueDay:
    """That the due day was extended (期限延長) or moved (期限変更): from when to when, and the event that did it."""

    was: date
    to: date
    event: Event


@dataclass(frozen=True)
class Vacancy:
    """That nobody may act next. `role`: what somebody has to be appointed as to decide, None to prepare."""

    role: Role | None
    candidates: list[User]

    @property
    def named(self) -> list[User]:
        return self.candidates[:NAMED_CANDIDATES]

    @property
    def unnamed(self) -> int:
        return len(self.candidates) - len(self.named)


@dataclass(frozen=True)
class OtherWay:
    """One page that is offered beside the steps, by its route."""

    route: str
    label: str | Promise
    hint: str | Promise


@dataclass(frozen=True)
class Situation:
    """`cancelled`: the event that ended it; `returned`: the return or revocation that brought it back, while it is."""

    cancelled: Event | None
    returned: Event | None
    new_due_day: NewDueDay | None
    vacancy: Vacancy | None
    other_ways: list[OtherWay]


def situation_of(
    review: Review, may: Iterable[Action], history: Sequence[Entry], people: Sequence[Holder], on: date
) -> Situation:
    """Of the review as it stands: from its history, newest first, and the people who may act next.

    Without a query, but where nobody is left to act.
    """
    events = [entry.event for entry in history]
    return Situation(
        cancelled=_newest(events, EventKind.CANCELLED) if review.stage == Stage.CANCELLED else None,
        returned=_returned(review, events),
        new_due_day=_new_due_day(review, events),
        vacancy=_vacancy(review, on) if review.is_open and not people else None,
        other_ways=[OtherWay(route, label, hint) for action, route, label, hint in OTHER_WAYS if action in may],
    )


def _newest(events: Iterable[Event], *kinds: EventKind) -> Event | None:
    return next((event for event in events if event.kind in kinds), None)


def _returned(review: Review, events: Sequence[Event]) -> Event | None:
    """Of revocation and return, the one that brought it back to the department."""
    return _newest(events, *SENT_BACK) if review.is_returned else None


def _new_due_day(review: Review, events: Sequence[Event]) -> NewDueDay | None:
    """The last one. An extension gives every step more time, a move only the one that was open then."""
    lasting = [event for event in events if event.kind != EventKind.MOVED or event.data["task"] == review.task_id]
    found = _newest(lasting, *MOVES_DUE_DAY) if review.is_open else None
    if found is None:
        return None
    return NewDueDay(date.fromisoformat(found.data["was"]), date.fromisoformat(found.data["due"]), found)


def _vacancy(review: Review, on: date) -> Vacancy:
    role = DECIDING_ROLE.get(Stage(review.stage))
    return Vacancy(role, candidates([review], on)[review.pk] if role else [])


def vacancies(on: date) -> list[tuple[Review, Vacancy]]:
    """The reviews with the office in which nobody may act, most urgent first; a handful of queries."""
    waiting = list(Review.objects.open().filter(stage__in=DECIDING_ROLE).with_names().order_by("due_on", "pk"))
    people = actors(waiting, on)
    vacant = [review for review in waiting if not people[review.pk]]
    able = candidates(vacant, on) if vacant else {}
    return [(review, Vacancy(DECIDING_ROLE[Stage(review.stage)], able[review.pk])) for review in vacant]
