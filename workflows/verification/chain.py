"""One plan's chain: every event follows from the one before it, and it still holds what was sealed."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from workflows.history import event_hash
from workflows.verification.rows import EventRow, Fault


def broken_link(events: Iterable[EventRow]) -> Fault | None:
    """The first event of one plan, in sequence, that does not follow from the one before it."""
    sequence, previous = 0, ""
    for event in events:
        what = _wrong_with(event, sequence, previous)
        if what:
            return Fault(str(event), what)
        sequence, previous = event.sequence, event.hash
    return None


def _wrong_with(event: EventRow, sequence: int, previous: str) -> str:
    if event.sequence != sequence + 1:
        return f"follows row {sequence} of its plan: a row between them is missing"
    if event.previous != previous:
        return "does not continue the row before it"
    if event.at is None or event.hash != event_hash(event):
        return "was changed after it was written"
    return ""


class Head(NamedTuple):
    """Where the seal of a day found the end of a plan's chain."""

    plan_id: int
    sequence: int
    hash: str
    day: date


def lost_head(events: Sequence[EventRow], heads: Iterable[Head]) -> Fault | None:
    """The first sealed end of a whole chain that the chain does not have any more; heads in sequence."""
    for head in heads:
        if not 1 <= head.sequence <= len(events):
            return Fault(f"plan {head.plan_id}, row {head.sequence}", f"is gone, though it was sealed on {head.day}")
        event = events[head.sequence - 1]
        if event.hash != head.hash:
            return Fault(str(event), f"is not the row that was sealed on {head.day}")
    return None
