"""Writing the history: one event for each thing that happened, chained by hash per plan."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from django.db.models import Exists, OuterRef

from departments.models import User
from departments.prepared import Prepared, insert
from workflows.models import Event, EventKind, PendingEvent, Review

# Where a plan's chain ends.
HEAD = Prepared(lambda plan: Event.objects.filter(plan=plan).order_by("-sequence").values_list("sequence", "hash")[:1])


def record(
    review: Review,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    data: dict[str, Any],
    absent_id: int | None = None,
) -> Event:
    """Add one event to the plan's chain; `absent_id`: in whose place it was done. The caller holds the plan's lock."""
    heads = HEAD(review.plan_id)
    event = _next_event(review, kind, by=by, at=at, data=data, last=heads[0] if heads else None, absent_id=absent_id)
    insert(event)
    insert(PendingEvent(event=event))
    return event


def record_many(
    reviews: Iterable[Review], kind: EventKind, *, by: User | None, at: datetime, data: dict[int, dict[str, Any]]
) -> list[Event]:
    """The same for many reviews of different plans; `data` by review id. The caller holds the locks."""
    reviews = list(reviews)
    later = Event.objects.filter(plan=OuterRef("plan"), sequence__gt=OuterRef("sequence"))
    heads = Event.objects.filter(~Exists(later), plan__in=[review.plan_id for review in reviews]).order_by()
    lasts = {plan_id: (sequence, digest) for plan_id, sequence, digest in heads.values_list("plan", "sequence", "hash")}
    events = Event.objects.bulk_create(
        _next_event(review, kind, by=by, at=at, data=data[review.pk], last=lasts.get(review.plan_id))
        for review in reviews
    )
    PendingEvent.objects.bulk_create(PendingEvent(event=event) for event in events)
    return events


def _next_event(
    review: Review,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    data: dict[str, Any],
    last: tuple[int, str] | None,
    absent_id: int | None = None,
) -> Event:
    sequence, previous = last or (0, "")
    event = Event(
        plan_id=review.plan_id,
        review=review,
        sequence=sequence + 1,
        kind=kind,
        at=at,
        by=by,
        on_behalf_of_id=absent_id,
        round=review.round,
        data=data,
        previous=previous,
    )
    event.hash = event_hash(event)
    return event


class Recorded(Protocol):
    """An event's columns, whether on a model's object or in a row that is read without one."""

    plan_id: Any
    review_id: Any
    sequence: Any
    kind: Any
    at: Any
    by_id: Any
    on_behalf_of_id: Any
    round: Any
    data: Any
    previous: Any


def event_hash(event: Recorded) -> str:
    """SHA-256 over the event's canonical form: compact JSON with sorted keys."""
    return hashlib.sha256(orjson.dumps(hashed_form(event), option=orjson.OPT_SORT_KEYS)).hexdigest()


def hashed_form(event: Recorded) -> dict[str, Any]:
    """What an event's hash is over: every column but the hash itself, the time in UTC.

    In whose place it was done stands in it only where it was.
    """
    form = {
        "plan": event.plan_id,
        "review": event.review_id,
        "sequence": event.sequence,
        "kind": event.kind,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": event.by_id,
        "round": event.round,
        "data": event.data,
        "previous": event.previous,
    }
    if event.on_behalf_of_id is not None:
        form["on_behalf_of"] = event.on_behalf_of_id
    return form
