"""Who is told what: one table for events, one for due days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from departments.access import each_once, holders_by
from departments.fiscal import BusinessCalendar
from departments.models import User
from departments.models.organisation import Permission
from workflows.access import actors
from workflows.models import Event, EventKind


@dataclass(frozen=True)
class Rule:
    """Who gets a mail about an event.

    `told`: those who hold this permission at the department; None: whoever has to act next. `asks`: the mail asks
    them to act, so it is sent only as long as that is still open. `doer_too`: even the person who did it.
    """

    told: Permission | None = None
    asks: bool = False
    doer_too: bool = False


ASKS_WHO_IS_NEXT = Rule(asks=True, doer_too=True)

RULES: dict[EventKind, Rule] = {
    EventKind.OPENED: ASKS_WHO_IS_NEXT,
    EventKind.SUBMITTED: ASKS_WHO_IS_NEXT,
    EventKind.PASSED: ASKS_WHO_IS_NEXT,
    EventKind.RETURNED: ASKS_WHO_IS_NEXT,
    EventKind.WITHDRAWN: Rule(asks=True),
    EventKind.APPROVED: Rule(told=Permission.DRAFT),
    EventKind.LAPSED: Rule(told=Permission.SUBMIT),
}


def rule_for(event: Event) -> Rule:
    return RULES[EventKind(event.kind)]


def recipients(events: Iterable[Event], on: date) -> dict[int, list[User]]:
    """Event id → the people to tell; nobody where the event asked for something that is done by now.

    A handful of queries, however many events. The events need `review` and its `plan` loaded.
    """
    events = [event for event in events if not (rule_for(event).asks and is_overtaken(event))]
    next_ones = actors([event.review for event in events if rule_for(event).told is None], on)
    permissions = {rule.told for rule in map(rule_for, events) if rule.told}
    told = holders_by(permissions, {event.review.department_id for event in events}, on)
    found: dict[int, list[User]] = {}
    for event in events:
        rule = rule_for(event)
        people = told[rule.told].get(event.review.department_id, []) if rule.told else next_ones[event.review_id]
        users = [holder.user for holder in each_once(people)]
        found[event.pk] = [user for user in users if rule.doer_too or user.pk != event.by_id]
    return found


def is_overtaken(event: Event) -> bool:
    """Whether the task that the event opened is no longer the open one."""
    return event.review.task_id is None or event.review.task_id != event.data.get("next_task")


DAYS_BEFORE = (10, 5, 1)
DAYS_BETWEEN_OVERDUE = 3


@dataclass(frozen=True)
class DueRule:
    """A day on which a due day is worth a mail. `days`: business days after the due day, negative before it."""

    day: date
    days: int


def newest_due_rule(due: date, today: date, calendar: BusinessCalendar) -> DueRule | None:
    """The last day up to `today` on which whoever has to act by `due` is reminded; None when it is too early.

    That is 10, 5 and 1 business days before, the due day itself, and every third business day after it.
    """
    passed = calendar.between(due, today)
    if due <= today:
        days = passed - passed % DAYS_BETWEEN_OVERDUE
    else:
        before = [count for count in DAYS_BEFORE if count >= -passed]
        if not before:
            return None
        days = -min(before)
    return DueRule(calendar.add(due, days), days)
