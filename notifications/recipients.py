"""From an event to the people who are told of it, by its rule; nobody who may not read the review is among them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from departments.access import Rights, each_once, holders_by
from departments.models import DeputyGrant, User
from departments.models.organisation import Permission
from notifications.choices import resting
from notifications.event_rules import rule_for
from workflows.access import TURN, Sight, actors, sight_by
from workflows.models import Event, EventKind, Pin, Review, Stage

# Doing one of these makes a person involved in the review (関係者).
ACTS = {
    EventKind.SUBMITTED,
    EventKind.WITHDRAWN,
    EventKind.PASSED,
    EventKind.RETURNED,
    EventKind.APPROVED,
    EventKind.REVOKED,
    EventKind.EXTENDED,
}
READING = (Permission.READ_DRAFTS, Permission.READ_SUBMISSIONS, Permission.READ_APPROVED)


class Told(NamedTuple):
    """One person to tell of an event; `asks`: they have to act, else it is for their information."""

    user: User
    asks: bool


def recipients(events: Iterable[Event], on: date) -> dict[int, list[Told]]:
    """Event id → the people to tell, once each; who has to act is asked, unless that is done by now.

    A handful of queries, however many events. The events need `review` and its `plan` loaded.
    """
    events = list(events)
    asked = _asked(events, on)
    holders, beside = _holders(events, on), _beside(events, on)
    return {
        event.pk: [
            *(Told(user, asks=True) for user in asked[event.pk]),
            *(Told(user, asks=False) for user in _others([*holders[event.pk], *beside[event.pk]], asked[event.pk])),
        ]
        for event in events
    }


def _others(users: Iterable[User], told: Iterable[User]) -> Iterator[User]:
    """Each of the users once, without those who are told already."""
    seen = {user.pk for user in told}
    for user in users:
        if user.pk not in seen:
            seen.add(user.pk)
            yield user


def _asked(events: Iterable[Event], on: date) -> dict[int, list[User]]:
    """Event id → whoever has to act, for the events that ask for what is still to do."""
    asking = [event for event in events if rule_for(event).asks and not is_overtaken(event)]
    next_ones = _actors([event.review for event in asking], on) if asking else {}
    found: dict[int, list[User]] = defaultdict(list)
    for event in asking:
        users = next_ones[event.review_id]
        found[event.pk] = [user for user in users if rule_for(event).doer_too or user.pk != event.by_id]
    return found


def _actors(reviews: Sequence[Review], on: date) -> dict[int, list[User]]:
    """Review id → who may act next on it, without those who rest while somebody is asked in their place."""
    found = {pk: [holder.user for holder in holders] for pk, holders in actors(reviews, on).items()}
    deputies = _deputies(resting(on), on)
    for review in reviews if deputies else ():
        asked = {user.pk for user in found[review.pk]}
        turn = TURN[review.stage][0], review.department_id
        gone = {absent for absent, users in deputies[turn].items() if users & asked}
        found[review.pk] = [user for user in found[review.pk] if user.pk not in gone]
    return found


def _deputies(absent: Collection[int], on: date) -> dict[tuple[str, int], dict[int, set[int]]]:
    """Permission and department id → absent person's id → ids of those who hold it there in their place."""
    found: dict[tuple[str, int], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in DeputyGrant.objects.filter(absent__in=absent, until__gte=on):
        found[row.permission, row.department_id][row.absent_id].add(row.user_id)
    return found


def is_overtaken(event: Event) -> bool:
    """Whether the task that the event opened is no longer the open one."""
    return event.review.task_id is None or event.review.task_id != event.data.get("next_task")


def _holders(events: Iterable[Event], on: date) -> dict[int, list[User]]:
    """Event id → those who hold the permission that its rule names, without the doer."""
    named = {event: rule.told for event in events if (rule := rule_for(event)).told}
    departments = {event.review.department_id for event in named}
    holders = holders_by(set(named.values()), departments, on) if named else {}
    found: dict[int, list[User]] = defaultdict(list)
    for event, permission in named.items():
        users = [holder.user for holder in each_once(holders[permission].get(event.review.department_id, []))]
        found[event.pk] = [user for user in users if user.pk != event.by_id]
    return found


def _beside(events: Iterable[Event], on: date) -> dict[int, list[User]]:
    """Event id → who is told because of what they did, or what was done in their place, in order of user name."""
    concerned = [event for event in events if _concerns_more(event)]
    candidates = _candidates(concerned)
    readers = _readers([event.review for event in concerned], on) if concerned else {}
    found: dict[int, list[User]] = defaultdict(list)
    for event in concerned:
        users = [user for user in readers[event.review_id] if user.pk in candidates[event.pk]]
        found[event.pk] = sorted(users, key=lambda user: user.username)
    return found


def _concerns_more(event: Event) -> bool:
    rule = rule_for(event)
    in_place = event.on_behalf_of_id is not None and not rule.is_silent
    return rule.involved or rule.pin_author or in_place


def _candidates(events: Sequence[Event]) -> dict[int, set[int | None]]:
    """Event id → ids of those people, whether they may still read the review or not.

    Whoever has done anything in it since knows of the event.
    """
    deeds: dict[int, list[Event]] = defaultdict(list)
    rows = Event.objects.filter(review__in={event.review_id for event in events}).order_by()
    for deed in rows.only("review", "sequence", "kind", "by", "on_behalf_of"):
        deeds[deed.review_id].append(deed)
    authors = _pin_authors([event for event in events if rule_for(event).pin_author])
    found: dict[int, set[int | None]] = {}
    for event in events:
        people = {event.on_behalf_of_id, authors.get(event.pk)}
        if rule_for(event).involved:
            people |= _involved(deeds[event.review_id], event)
        since = {deed.by_id for deed in deeds[event.review_id] if deed.sequence > event.sequence}
        found[event.pk] = people - since - {event.by_id}
    return found


def _involved(deeds: Iterable[Event], event: Event) -> set[int | None]:
    """Who acted in the review up to the event, or was acted for."""
    acts = [deed for deed in deeds if deed.sequence <= event.sequence and deed.kind in ACTS]
    return {pk for deed in acts for pk in (deed.by_id, deed.on_behalf_of_id)}


def _pin_authors(events: Sequence[Event]) -> dict[int, int]:
    """Event id → id of whoever made the comment that the event answers.

    While the department mends, its answers are still to come with the submission.
    """
    pins = {event.pk: event.data["pin"] for event in events if event.review.stage != Stage.PREPARE}
    authors = dict(Pin.objects.filter(pk__in=pins.values()).values_list("pk", "made_by"))
    return {event_id: authors[pin_id] for event_id, pin_id in pins.items()}


def _readers(reviews: Iterable[Review], on: date) -> dict[int, list[User]]:
    """Review id → the active people whom its page opens for."""
    reviews = list(reviews)
    found = holders_by(READING, {review.department_id for review in reviews}, on)
    people: dict[int, User] = {}
    granted: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for permission, departments in found.items():
        for department_id, holders in departments.items():
            for user, _absent in holders:
                people[user.pk] = user
                granted[user.pk][permission].add(department_id)
    known = {
        pk: Rights(granted={name: frozenset(ids) for name, ids in theirs.items()}, served={})
        for pk, theirs in granted.items()
    }
    return {
        review.pk: [people[pk] for pk in people if sight_by(known[pk], review) > Sight.NOTHING] for review in reviews
    }
