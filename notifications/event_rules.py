"""Who is told of what happened; who is reminded of what is due, and when, stands in the rows of `ReminderRule`."""

from dataclasses import dataclass

from departments.models.organisation import Permission
from workflows.models import Event, EventKind


@dataclass(frozen=True)
class Rule:
    """Who gets a mail about an event; one each, and the doer none. What is empty tells nobody.

    `asks`: whoever has to act next is asked to, so that mail is sent only as long as it is still open; everybody else
    is told for information. `told`: those who hold this permission at the department. `involved`: whoever acted in
    the review before. `pin_author`: whoever made the comment it is about, if the office has the review. `doer_too`:
    even the doer is asked.

    In whose place somebody acted is told of it by every rule that tells anybody.
    """

    asks: bool = False
    told: Permission | None = None
    involved: bool = False
    pin_author: bool = False
    doer_too: bool = False

    @property
    def is_silent(self) -> bool:
        return self == SILENT


SILENT = Rule()
# Whoever asks for a change of a plan has just begun to write it.
CHANGE_OPENED = Rule(asks=True)

RULES: dict[EventKind, Rule] = {
    EventKind.OPENED: Rule(asks=True, doer_too=True),
    EventKind.SUBMITTED: Rule(asks=True, doer_too=True, involved=True),
    EventKind.WITHDRAWN: Rule(asks=True, involved=True),
    EventKind.PASSED: Rule(asks=True, doer_too=True),
    EventKind.RETURNED: Rule(asks=True, doer_too=True, involved=True),
    EventKind.APPROVED: Rule(told=Permission.DRAFT, involved=True),
    EventKind.REVOKED: Rule(asks=True, doer_too=True, involved=True),
    EventKind.EXTENDED: Rule(asks=True, doer_too=True),
    EventKind.MOVED: Rule(asks=True, doer_too=True),
    EventKind.NUDGED: Rule(asks=True),
    EventKind.CANCELLED: Rule(told=Permission.DRAFT, involved=True),
    EventKind.LAPSED: Rule(told=Permission.SUBMIT),
    EventKind.ANSWERED: Rule(pin_author=True),
    # Comments go out with the return, and how they ended is seen on the page.
    EventKind.PINNED: SILENT,
    EventKind.RESOLVED: SILENT,
    EventKind.ACKNOWLEDGED: SILENT,
}


def rule_for(event: Event) -> Rule:
    """The event's row of the table. The event needs `review` loaded."""
    if event.kind == EventKind.OPENED and event.review.change_number:
        return CHANGE_OPENED
    return RULES[EventKind(event.kind)]
