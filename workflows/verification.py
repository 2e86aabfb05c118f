"""Checking the history: each plan's chain of events is whole, and the other rows say what it tells.

What this cannot see: the last events of a plan taken off together with every row that they speak of.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from departments.models import ActionPlan
from workflows.content import digest
from workflows.history import event_hash
from workflows.models import Decision, Event, EventKind, Review, Stage, Submission

CHUNK = 500
DECIDED = (EventKind.PASSED, EventKind.RETURNED, EventKind.APPROVED)

Row = TypeVar("Row")


class Fault(NamedTuple):
    """The first row of a plan's history that does not fit, and what is wrong with it."""

    row: str
    what: str


def faults() -> Iterator[Fault]:
    """The first bad row of each plan whose history is not whole, in the order of the plans."""
    plan_ids = list(ActionPlan.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(plan_ids), CHUNK):
        yield from _faults_of(plan_ids[start : start + CHUNK])


def _faults_of(plan_ids: list[int]) -> Iterator[Fault]:
    events = _by_plan(Event.objects.filter(plan__in=plan_ids).order_by("plan", "sequence"), lambda row: row.plan_id)
    reviews = _by_plan(Review.objects.filter(plan__in=plan_ids), lambda row: row.plan_id)
    submissions = _by_plan(
        Submission.objects.filter(review__plan__in=plan_ids).select_related("review"), lambda row: row.review.plan_id
    )
    decisions = _by_plan(
        Decision.objects.filter(review__plan__in=plan_ids).select_related("review", "submission"),
        lambda row: row.review.plan_id,
    )
    for plan_id in plan_ids:
        told = events[plan_id]
        found = (
            broken_link(told)
            or _difference("submission", _submissions_told(told), _submissions_found(submissions[plan_id]))
            or _difference("decision", _decisions_told(told), _decisions_found(decisions[plan_id]))
            or _difference("review", replay(told), _states_found(reviews[plan_id]))
        )
        if found is not None:
            yield found


def _by_plan(rows: Iterable[Row], plan_of: Callable[[Row], int]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[plan_of(row)].append(row)
    return grouped


# ---- the chain


def broken_link(events: Iterable[Event]) -> Fault | None:
    """The first event of one plan, in sequence, that does not follow from the one before it."""
    sequence, previous = 0, ""
    for event in events:
        what = _wrong_with(event, sequence, previous)
        if what:
            return Fault(f"plan {event.plan_id}, row {event.sequence} (event {event.pk})", what)
        sequence, previous = event.sequence, event.hash
    return None


def _wrong_with(event: Event, sequence: int, previous: str) -> str:
    if event.sequence != sequence + 1:
        return f"follows row {sequence} of its plan: a row between them is missing"
    if event.previous != previous:
        return "does not continue the row before it"
    # SQLite lets any text stand where a time should; it is read as none.
    if event.at is None or event.hash != event_hash(event):
        return "was changed after it was written"
    return ""


def replay(events: Iterable[Event]) -> dict[int, tuple[str, int, str]]:
    """Review id → stage, round and the step that returned it, as the events of one plan tell them."""
    states: dict[int, tuple[str, int, str]] = {}
    for event in events:
        stage, _round, returned_from = states.get(event.review_id, ("", 0, ""))
        stage = Stage.LAPSED if event.kind == EventKind.LAPSED else event.data.get("to", stage)
        if event.kind in DECIDED:
            returned_from = event.data["step"] if event.kind == EventKind.RETURNED else ""
        states[event.review_id] = (str(stage), event.round, returned_from)
    return states


# ---- what the events tell, beside the rows they speak of


def _difference(name: str, told: Mapping[Any, Hashable], found: Mapping[Any, Hashable]) -> Fault | None:
    for key in sorted({*told, *found}):
        if told.get(key) != found.get(key):
            row = f"{name} {' '.join(map(str, key)) if isinstance(key, tuple) else key}"
            if key not in found:
                return Fault(row, "is gone, though an event tells of it")
            return Fault(row, "is not what its event says" if key in told else "is told of by no event")
    return None


def _submissions_told(events: Iterable[Event]) -> dict[tuple[int, int], Hashable]:
    return {
        (event.review_id, event.round): (event.data["sha256"], event.data["sha256"], event.by_id, event.at)
        for event in events
        if event.kind == EventKind.SUBMITTED
    }


def _submissions_found(submissions: Iterable[Submission]) -> dict[tuple[int, int], Hashable]:
    return {
        (row.review_id, row.round): (row.sha256, digest(row.content), row.submitted_by_id, row.submitted_at)
        for row in submissions
    }


def _decisions_told(events: Iterable[Event]) -> dict[tuple[int, int, str], Hashable]:
    return {
        (event.review_id, event.round, event.data["step"]): (
            event.review_id,
            str(event.kind),
            event.data["comment"],
            event.by_id,
            event.at,
        )
        for event in events
        if event.kind in DECIDED
    }


def _decisions_found(decisions: Iterable[Decision]) -> dict[tuple[int, int, str], Hashable]:
    return {
        (row.review_id, row.submission.round, row.step): (
            row.submission.review_id,
            row.outcome,
            row.comment,
            row.decided_by_id,
            row.decided_at,
        )
        for row in decisions
    }


def _states_found(reviews: Iterable[Review]) -> dict[int, Hashable]:
    return {row.pk: (row.stage, row.round, row.returned_from) for row in reviews}
