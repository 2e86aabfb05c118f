"""The comments pinned to a review, with what became of them, as people read them. A read model."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from workflows.models import Pin, PinEntry, PinEntryKind, Review, Submission
from workflows.places import Place, places
from workflows.wording import Status

OPEN = Status("orange", "!", pgettext_lazy("pinned comment", "Not resolved"))
ANSWERED = Status("blue", "↩", pgettext_lazy("pinned comment", "Answered"))
RESOLVED = Status("green", "✓", pgettext_lazy("pinned comment", "Resolved"))


@dataclass(frozen=True)
class Remark:
    """One comment, the place it is pinned to as it was called in the submission, and what followed, in order."""

    pin: Pin
    place: Place
    answers: list[PinEntry]
    resolution: PinEntry | None

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


def read_remarks(review: Review, submissions: Iterable[Submission]) -> list[Remark]:
    """All of the review's comments, those not resolved first; `submissions` are the review's own.

    One query and one for what became of them, one alone where there are none; `submissions` is read only if needed.
    """
    pins = list(review.pins.select_related("made_by", "submission").defer("submission__content"))
    if not pins:
        return []
    pinned = {pin.submission_id for pin in pins}
    contents = {found.pk: places(json.loads(found.content)) for found in submissions if found.pk in pinned}
    entries: dict[int, list[PinEntry]] = {pin.pk: [] for pin in pins}
    for entry in PinEntry.objects.filter(pin__review=review).select_related("by"):
        entries[entry.pin_id].append(entry)
    remarks = [_remark(pin, contents[pin.submission_id][pin.target], entries[pin.pk]) for pin in pins]
    return sorted(remarks, key=lambda remark: not remark.is_open)


def _remark(pin: Pin, place: Place, entries: list[PinEntry]) -> Remark:
    resolutions = [entry for entry in entries if entry.kind == PinEntryKind.RESOLVED]
    return Remark(
        pin=pin,
        place=place,
        answers=[entry for entry in entries if entry.kind == PinEntryKind.ANSWERED],
        resolution=resolutions[0] if resolutions else None,
    )


def remark_on(pin: Pin) -> Remark:
    """One comment, as `read_remarks` reads it."""
    return next(found for found in read_remarks(pin.review, pin.review.submissions.all()) if found.pin.pk == pin.pk)


def places_submitted(review: Review) -> dict[str, Place]:
    """The places of the latest submission; none before the first."""
    latest = review.submissions.order_by("-round").first()
    return places(json.loads(latest.content)) if latest else {}


def open_pins(review: Review) -> int:
    """How many of the review's comments are not resolved."""
    return Pin.objects.open().filter(review=review).count()
