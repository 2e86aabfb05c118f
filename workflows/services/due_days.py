"""Moving due days that are set already (期限変更): each review whose day really changes has an event of its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from departments.models import User
from workflows import history
from workflows.models import EventKind, Review


class Move(NamedTuple):
    """The day to which an open review's due day moves, and the department's own day (期限延長), if it has one."""

    review: Review
    due_on: date
    extended_to: date | None


def move_due_days(
    moves: Iterable[Move], *, reasons: Mapping[date | None, str] = MappingProxyType({}), by: User | None, now: datetime
) -> list[Review]:
    """Let open reviews of different plans become due on other days; returns those whose day changes.

    `reasons`: why nothing can be due on a day any more, which is said of every review that was due on it.
    The caller holds the locks of all of them and of their plans, and has a transaction open. A handful of statements,
    and one more for each different day.
    """
    facts: dict[int, dict[str, Any]] = {}
    groups: dict[tuple[date, date | None], list[Review]] = defaultdict(list)
    for review, due_on, extended_to in moves:
        if due_on == review.due_on:
            continue
        groups[due_on, extended_to].append(review)
        days = {"was": str(review.due_on), "due": str(due_on)}
        if extended_to != review.extended_to:
            days |= {"extended_to": str(extended_to)}
        if reason := reasons.get(review.due_on):
            days |= {"comment": reason}
        facts[review.pk] = {"task": review.task_id, "next_task": review.task_id, **days}
    for (due_on, extended_to), reviews in groups.items():
        Review.objects.filter(pk__in=[each.pk for each in reviews]).update(due_on=due_on, extended_to=extended_to)
        for review in reviews:
            review.due_on, review.extended_to = due_on, extended_to
    moved = [review for reviews in groups.values() for review in reviews]
    history.record_many(moved, EventKind.MOVED, by=by, at=now, data=facts)
    return moved
