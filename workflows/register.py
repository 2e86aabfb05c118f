"""The approval register (承認記録): who did what, when, for whom, in which round, on which content."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, QuerySet, Subquery

from departments.access import rights
from departments.models import Department, User
from departments.models.organisation import Permission
from workflows.models import Event, EventKind, Outcome, Seal, Submission
from workflows.wording import OUTCOMES, Status, comment_of, doer_of, happening_text, round_text

LAST_SEALS = 10


def audits(user: User, on: date) -> bool:
    """Whether the person reads everything, drafts too, without having a hand in it (監査)."""
    known = rights(user, on)
    return known.anywhere(Permission.READ_DRAFTS) and not known.anywhere(Permission.DRAFT)


def last_seals() -> list[Seal]:
    """The newest seals (封印), whose lines can be held against those that were kept elsewhere."""
    return list(Seal.objects.order_by("-day")[:LAST_SEALS])


def register_events(departments: Iterable[int]) -> QuerySet[Event]:
    """All that happened in the departments, the newest first, each with all names.

    `sha256` is that of the submission of the event's round; None before the first.
    """
    about = Submission.objects.filter(review=OuterRef("review"), round=OuterRef("round"))
    events = Event.objects.filter(review__department__in=departments).order_by("-pk")
    names = ("plan", "review__department__parent", "review__checkpoint", "by", "on_behalf_of")
    return events.annotate(sha256=Subquery(about.values("sha256")[:1])).select_related(*names)


@dataclass(frozen=True)
class Entry:
    """An event of the register in words."""

    event: Event
    sha256: str | None

    @property
    def department(self) -> Department:
        return self.event.review.department

    @property
    def outcome(self) -> Status | None:
        """The chip of what was decided; None where nothing was."""
        return OUTCOMES[Outcome(self.event.kind)] if self.event.kind in Outcome.values else None

    @property
    def what(self) -> str:
        return happening_text(EventKind(self.event.kind))

    @property
    def who(self) -> str:
        return doer_of(self.event)

    @property
    def round(self) -> str:
        return round_text(self.event.round) if self.event.round else ""

    @property
    def comment(self) -> str:
        return comment_of(self.event)


def entry_of(event: Event) -> Entry:
    """The entry of one of `register_events`."""
    return Entry(event, event.sha256)  # type: ignore[attr-defined]
