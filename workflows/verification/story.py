"""What the events of one plan tell of other rows: by table, then by the key of the row."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localdate

from workflows.models import EventKind, Stage
from workflows.verification.rows import EventRow, Fault

DECIDED = (EventKind.PASSED, EventKind.RETURNED, EventKind.APPROVED, EventKind.REVOKED)
COMMENTED = (EventKind.ANSWERED, EventKind.RESOLVED)
# Events that end a review without a step of its flow.
ENDED = {EventKind.LAPSED: Stage.LAPSED, EventKind.CANCELLED: Stage.CANCELLED}
# Events that leave the open task open.
BESIDE_THE_WAY = frozenset({EventKind.EXTENDED, EventKind.MOVED, EventKind.NUDGED})
# The step that a returned review goes back to. A revoked approval goes back to whoever approves.
BACK_TO = {EventKind.REVOKED: str(Stage.APPROVE)}

Rows = dict[Any, Hashable]


@dataclass(slots=True)
class State:
    """Where a review stands. Not its due day, which once moved with the checkpoint's days without an event."""

    stage: str = ""
    task: int | None = None
    round: int = 0
    returned_from: str = ""
    extended_to: date | None = None
    since: datetime | None = None


@dataclass
class Story:
    """`approved`: review id → sequence of its last approval. Every other table as `found` reads it, and compared."""

    reviews: dict[int, State] = field(default_factory=dict)
    approved: dict[int, int] = field(default_factory=dict)
    submissions: Rows = field(default_factory=dict)
    decisions: Rows = field(default_factory=dict)
    pins: Rows = field(default_factory=dict)
    answers: dict[int, tuple] = field(default_factory=dict)
    nudges: Rows = field(default_factory=dict)
    acknowledgements: Rows = field(default_factory=dict)

    def tell(self, event: EventRow) -> None:
        """Add what one event tells; KeyError, TypeError or ValueError when it does not tell what its kind does."""
        state = self.reviews.get(event.review_id)
        if state is None:
            state = self.reviews[event.review_id] = State()
        _move(state, event)
        if event.kind == EventKind.SUBMITTED:
            digest = event.data["sha256"]
            told = (digest, event.at, digest, event.by_id, event.on_behalf_of_id)
            self.submissions[event.review_id, event.round] = told
        elif event.kind in DECIDED:
            self._decided(event)
        elif event.kind == EventKind.PINNED:
            said = (event.data["target"], event.data["comment"], event.by_id)
            self.pins[event.data["pin"]] = (event.at, event.review_id, event.review_id, event.round, *said)
        elif event.kind in COMMENTED:
            answer = (event.at, event.kind, event.data["comment"], event.by_id)
            self.answers[event.data["pin"]] = (*self.answers.get(event.data["pin"], ()), answer)
        elif event.kind == EventKind.NUDGED:
            self.nudges[event.sequence] = (event.review_id, localdate(event.at))
        elif event.kind == EventKind.ACKNOWLEDGED:
            self.acknowledgements[event.data["event"]] = event.at

    def _decided(self, event: EventRow) -> None:
        told = (event.at, event.review_id, event.kind, event.data["comment"], event.by_id, event.on_behalf_of_id)
        self.decisions[event.review_id, event.round, event.data["step"]] = told
        if event.kind == EventKind.APPROVED:
            self.approved[event.review_id] = event.sequence


def _move(state: State, event: EventRow) -> None:
    kind, data = event.kind, event.data
    state.round = event.round
    if kind in ENDED:
        state.stage, state.since, state.task = ENDED[kind], event.at, None
    elif "to" in data:
        state.stage, state.since, state.task = data["to"], event.at, data["next_task"]
    if kind in BESIDE_THE_WAY:
        _stay(state, event)
    elif kind in DECIDED:
        state.returned_from = data["step"] if kind == EventKind.RETURNED else BACK_TO.get(kind, "")


def _stay(state: State, event: EventRow) -> None:
    kind, data = event.kind, event.data
    if not data["task"] == data["next_task"] == state.task:
        raise ValueError("not of the task that was open")
    if kind == EventKind.EXTENDED:
        state.extended_to = date.fromisoformat(data["due"])
    elif "extended_to" in data:
        state.extended_to = date.fromisoformat(data["extended_to"])


def told_by(events: Iterable[EventRow]) -> Story | Fault:
    """The story of one whole chain, or its first event that cannot be understood."""
    story = Story()
    for event in events:
        try:
            story.tell(event)
        except (KeyError, TypeError, ValueError):
            return Fault(str(event), "does not tell what an event of its kind tells")
    return story
