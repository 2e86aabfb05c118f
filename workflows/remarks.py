"""The comments pinned to a review, with what became of them, as people read them. A read model of the events."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import pgettext_lazy

from workflows.content import Content
from workflows.models import Event, EventKind, Pin, Review
from workflows.places import Place, places
from workflows.records import events_of, read_papers
from workflows.wording import Status, doer_of

OPEN = Status("orange", "!", pgettext_lazy("pinned comment", "Not resolved"))
ANSWERED = Status("blue", "↩", pgettext_lazy("pinned comment", "Answered"))
RESOLVED = Status("green", "✓", pgettext_lazy("pinned comment", "Resolved"))
FOLLOWING = frozenset({EventKind.ANSWERED, EventKind.RESOLVED})


@dataclass(frozen=True)
class Said:
    """`who`: 乙, or 乙(甲の代理)."""

    text: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Remark:
    """One comment: the id of its `Pin`, the round it was made in, its place as it was called there, what followed."""

    pk: int
    round: int
    place: Place
    said: Said
    answers: list[Said]
    resolution: Said | None

    @property
    def is_open(self) -> bool:
        return self.resolution is None

    @property
    def status(self) -> Status:
        return OPEN if self.is_open else RESOLVED

    @property
    def reply(self) -> Status | None:
        """That an open comment has been answered."""
        return ANSWERED if self.is_open and self.answers else None


def pinned_rounds(events: Iterable[Event]) -> set[int]:
    """The rounds whose contents `read_remarks` needs: those that have been commented."""
    return {event.round for event in events if event.kind == EventKind.PINNED}


def read_remarks(events: Sequence[Event], contents: Mapping[int, Content]) -> list[Remark]:
    """All comments that a review's events tell of, those not resolved first. `contents` by round. No query."""
    known = {number: places(contents[number]) for number in pinned_rounds(events)}
    followed: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in FOLLOWING:
            followed[event.data["pin"]].append(event)
    remarks = [
        _remark(event, known[event.round][event.data["target"]], followed[event.data["pin"]])
        for event in events
        if event.kind == EventKind.PINNED
    ]
    return sorted(remarks, key=lambda remark: not remark.is_open)


def _remark(made: Event, place: Place, followed: Iterable[Event]) -> Remark:
    said = [(event.kind, _said(event)) for event in followed]
    return Remark(
        pk=made.data["pin"],
        round=made.round,
        place=place,
        said=_said(made),
        answers=[found for kind, found in said if kind == EventKind.ANSWERED],
        resolution=next((found for kind, found in said if kind == EventKind.RESOLVED), None),
    )


def _said(event: Event) -> Said:
    return Said(event.data["comment"], doer_of(event), event.at)


def remarks_of(review: Review) -> list[Remark]:
    """The same of a page that needs nothing else; two queries, one where there are no comments."""
    events = events_of(review)
    return read_remarks(events, read_papers(review, pinned_rounds(events)).rounds)


def remark_on(pin: Pin) -> Remark:
    """One comment, as `read_remarks` reads it."""
    return next(found for found in remarks_of(pin.review) if found.pk == pin.pk)


def places_submitted(review: Review) -> dict[str, Place]:
    """The places of the latest submission; none before the first."""
    latest = review.submissions.order_by("-round").first()
    return places(json.loads(latest.content)) if latest else {}
