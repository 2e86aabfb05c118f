"""The comments pinned to a review, with what became of them, as people read them. A read model."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import pgettext_lazy

from departments.models import User
from workflows.models import Event, EventKind, Pin, PinEntry, PinEntryKind, Review, Submission
from workflows.places import Place, places
from workflows.wording import Status, doer_of

OPEN = Status("orange", "!", pgettext_lazy("pinned comment", "Not resolved"))
ANSWERED = Status("blue", "↩", pgettext_lazy("pinned comment", "Answered"))
RESOLVED = Status("green", "✓", pgettext_lazy("pinned comment", "Resolved"))


@dataclass(frozen=True)
class Said:
    """`who`: 乙, or 乙(甲の代理)."""

    text: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Remark:
    """One comment, the place it is pinned to as it was called in the submission, and what followed, in order."""

    pin: Pin
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


def read_remarks(
    review: Review, submissions: Iterable[Submission] | None = None, events: Iterable[Event] | None = None
) -> list[Remark]:
    """All of the review's comments, those not resolved first.

    One query for the comments and one for what became of them; where there are comments, one each for the review's
    submissions and events, unless the page has them already, with the people loaded.
    """
    pins = list(review.pins.select_related("made_by", "submission").defer("submission__content"))
    if not pins:
        return []
    pinned = {pin.submission_id for pin in pins}
    sent = review.submissions.all() if submissions is None else submissions
    known = {found.pk: places(json.loads(found.content)) for found in sent if found.pk in pinned}
    names = _in_place(review.events.select_related("by", "on_behalf_of") if events is None else events)
    entries: dict[int, list[PinEntry]] = {pin.pk: [] for pin in pins}
    for entry in PinEntry.objects.filter(pin__review=review).select_related("by"):
        entries[entry.pin_id].append(entry)
    remarks = [_remark(pin, known[pin.submission_id][pin.target], entries[pin.pk], names) for pin in pins]
    return sorted(remarks, key=lambda remark: not remark.is_open)


# Comment, what was done about it, by whom and when → how that person is named.
Names = dict[tuple[int, str, int | None, datetime], str]


def _in_place(events: Iterable[Event]) -> Names:
    """What was said in the place of somebody absent (代理), which the events alone know."""
    return {
        (event.data["pin"], event.kind, event.by_id, event.at): doer_of(event)
        for event in events
        if event.on_behalf_of_id is not None and "pin" in event.data
    }


def _remark(pin: Pin, place: Place, entries: list[PinEntry], names: Names) -> Remark:
    def said(kind: str, text: str, by: User, at: datetime) -> Said:
        return Said(text, names.get((pin.pk, kind, by.pk, at), str(by)), at)

    follow = [(entry.kind, said(entry.kind, entry.text, entry.by, entry.at)) for entry in entries]
    return Remark(
        pin=pin,
        place=place,
        said=said(EventKind.PINNED, pin.text, pin.made_by, pin.made_at),
        answers=[found for kind, found in follow if kind == PinEntryKind.ANSWERED],
        resolution=next((found for kind, found in follow if kind == PinEntryKind.RESOLVED), None),
    )


def remark_on(pin: Pin) -> Remark:
    """One comment, as `read_remarks` reads it."""
    return next(found for found in read_remarks(pin.review) if found.pin.pk == pin.pk)


def places_submitted(review: Review) -> dict[str, Place]:
    """The places of the latest submission; none before the first."""
    latest = review.submissions.order_by("-round").first()
    return places(json.loads(latest.content)) if latest else {}


def open_pins(review: Review) -> int:
    """How many of the review's comments are not resolved."""
    return Pin.objects.open().filter(review=review).count()
