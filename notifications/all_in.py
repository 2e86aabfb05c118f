"""Telling that everything has come in (全件提出): no plan of a checkpoint is left that was never handed in."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import Count
from django.utils.functional import Promise

from departments.models import Department, User
from notifications.audiences import Cast
from notifications.models import MailItem, Occasion, ReminderRule
from workflows.models import Event, EventKind, Review, Stage
from workflows.models.reviews import ReviewQuerySet
from workflows.wording import RETURNED, STAGES, Status

# After one of these there may be nothing left to wait for.
COMES_IN = (EventKind.SUBMITTED, EventKind.CANCELLED)


class AllIn(NamedTuple):
    """That everything at a person's departments has come in, the last of it by the event."""

    user_id: int
    event: Event
    rule: ReminderRule

    @property
    def key(self) -> str:
        """One for a checkpoint and person: what has come in once has come in for good."""
        return f"all_in:{self.event.review.checkpoint_id}:{self.user_id}"


def complete_by(events: Iterable[Event], on: date) -> list[AllIn]:
    """Whom to tell, once the events have happened, that nothing is left to come in; who was told is left out.

    By the rules of that occasion: those of the audience at the events' departments who wait at none. In the order of
    keys, so that whoever finds the same at the same time queues it in the same order. The events need `review` and its
    `checkpoint` loaded.
    """
    came = [event for event in events if event.kind in COMES_IN and not event.review.checkpoint.is_change]
    if not came:
        return []
    rules = ReminderRule.objects.filter(occasion=Occasion.ALL_IN).order_by("pk")
    last: dict[int, list[Event]] = defaultdict(list)
    for event in came:
        last[event.review.checkpoint_id].append(event)
    found = [one for rule in rules for about in last.values() for one in _complete(about, rule, on)]
    once = {one.key: one for one in reversed(found)}
    told = set(MailItem.objects.filter(key__in=once).values_list("key", flat=True))
    return [once[key] for key in sorted(once.keys() - told)]


def _complete(events: list[Event], rule: ReminderRule, on: date) -> list[AllIn]:
    """The same for the events of one checkpoint and one rule."""
    reviews = Review.objects.filter(checkpoint=events[0].review.checkpoint_id)
    reached = _by_person(reviews.filter(pk__in=[event.review_id for event in events]), rule.audience, on)
    missing = _by_person(reviews.open().filter(round=0), rule.audience, on)
    by_department = {event.review.department_id: event for event in events}
    return [
        AllIn(user_id, by_department[max(departments)], rule)
        for user_id, departments in reached.items()
        if user_id not in missing
    ]


def stages_of(review: Review, user_id: int, audience: str, on: date) -> list[tuple[str | Promise, int]]:
    """Stage in words → how many reviews of the checkpoint stand there, of those where the person is of the audience."""
    reviews = Review.objects.filter(checkpoint=review.checkpoint_id)
    theirs = reviews.filter(department__in=_by_person(reviews, audience, on)[user_id]).order_by()
    counts: dict[Status, int] = defaultdict(int)
    for stage, returned_from, number in theirs.values_list("stage", "returned_from").annotate(Count("pk")):
        is_returned = stage == Stage.PREPARE and returned_from != ""
        counts[RETURNED if is_returned else STAGES[Stage(stage)]] += number
    return [(status.text, counts[status]) for status in (*STAGES.values(), RETURNED) if status in counts]


def to_tell(rule: ReminderRule, on: date) -> list[str]:
    """The names of whom the rule would tell, as people are appointed on the day."""
    departments = Department.objects.in_force(on).order_by().values("pk")
    cast = Cast(departments, audiences={rule.audience}, stages=(), on=on, own_rights_only=True)
    people = {pk for department in departments for pk in cast.informed(rule.audience, department["pk"])}
    return list(User.objects.filter(pk__in=people).order_by("name").values_list("name", flat=True))


def _by_person(reviews: ReviewQuerySet, audience: str, on: date) -> dict[int, set[int]]:
    """Id of each of the audience → the departments of the reviews where they are it."""
    departments = reviews.order_by().values("department")
    cast = Cast(departments, audiences={audience}, stages=(), on=on)
    found: dict[int, set[int]] = defaultdict(set)
    for pk in set(departments.values_list("department", flat=True)):
        for user_id in cast.informed(audience, pk):
            found[user_id].add(pk)
    return found
