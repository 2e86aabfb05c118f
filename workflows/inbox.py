"""What waits for a person, and where stands what they handed in: the read model of «my work» (マイワーク)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from departments.access import Holder, each_once, rights
from departments.fiscal import BusinessCalendar
from departments.models import User
from departments.models.organisation import Permission
from workflows.access import actors
from workflows.headway import Headway, headways
from workflows.models import Event, Nudge, Pin, PinEntry, Review, Stage
from workflows.models.history import SENT_BACK
from workflows.models.reviews import OPEN_STAGES, ReviewQuerySet
from workflows.next_step import NextStep, draft_url, next_step
from workflows.standing import absent_by_review
from workflows.wording import DueText, Status, due_text, status_of


class Urgency(models.TextChoices):
    """How soon something is due, in the order in which it is shown."""

    LATE = "late", pgettext_lazy("urgency", "Overdue")
    TODAY = "today", pgettext_lazy("urgency", "Due today")
    WEEK = "week", pgettext_lazy("urgency", "Due this week")
    LATER = "later", pgettext_lazy("urgency", "Later")


def urgency_of(due_on: date, on: date) -> Urgency:
    """A week ends with its Sunday."""
    if due_on <= on:
        return Urgency.LATE if due_on < on else Urgency.TODAY
    return Urgency.WEEK if due_on <= on + timedelta(days=6 - on.weekday()) else Urgency.LATER


@dataclass(frozen=True)
class StageCount:
    """How many reviews of one stage wait for the person, and how many of them are late."""

    stage: Stage
    number: int
    late: int


def stage_counts(waiting: ReviewQuerySet, on: date) -> list[StageCount]:
    """Of `access.waiting_for`, the stages in which something waits, in the order of the flow; one query."""
    rows = waiting.order_by().values("stage").annotate(number=Count("pk"), late=Count("pk", filter=Q(due_on__lt=on)))
    found = {row["stage"]: row for row in rows}
    return [StageCount(stage, found[stage]["number"], found[stage]["late"]) for stage in OPEN_STAGES if stage in found]


@dataclass(frozen=True)
class Item:
    """One review that waits for the person.

    `absent`: in whose place it waits for them, None where it is so by their own right. `nudge`: the newest by which
    whoever has it now was asked to go on (催促).
    """

    review: Review
    status: Status
    due: DueText | None
    absent: User | None
    nudge: Event | None


@dataclass(frozen=True)
class Pins:
    """How many comments (指摘) are not resolved, and how many of them nobody has answered."""

    open: int = 0
    unanswered: int = 0


@dataclass(frozen=True)
class Task(Item):
    """One review that the person's department prepares. `returned`: what sent it back; `holders`: who has it."""

    returned: Event | None
    pins: Pins
    headway: Headway | None
    holders: list[Holder]
    step: NextStep

    @property
    def draft_url(self) -> str:
        """The page on which it is written."""
        return draft_url(self.review)

    @property
    def submits_next(self) -> bool:
        """Whether the next step leads to the page on which it is submitted."""
        return self.step.url.startswith(reverse("prepare", args=[self.review.pk]))


@dataclass(frozen=True)
class Shelf:
    """The tasks of the same urgency."""

    urgency: Urgency
    tasks: list[Task]


def waiting_items(reviews: Iterable[Review], user: User, on: date, calendar: BusinessCalendar) -> list[Item]:
    """The given reviews of `waiting_for`, in their order, with all that a list shows; two queries."""
    reviews = list(reviews)
    absent = absent_by_review(reviews, user, on)
    nudges = _nudges(reviews)
    return [
        Item(
            review=review,
            status=status_of(review),
            due=due_text(review.due_on, on, calendar),
            absent=absent.get(review.pk),
            nudge=nudges.get(review.pk),
        )
        for review in reviews
    ]


def _nudges(reviews: Sequence[Review]) -> dict[int, Event]:
    """The newest of whoever has each review now."""
    tasks = {review.pk: review.task_id for review in reviews}
    nudges = Nudge.objects.filter(review__in=tasks).select_related("event__by", "event__on_behalf_of").order_by("day")
    return {nudge.review_id: nudge.event for nudge in nudges if nudge.event.data["task"] == tasks[nudge.review_id]}


def shelves(items: Iterable[Item], user: User, on: date) -> list[Shelf]:
    """Those of the items that are prepared, by urgency, each with how far it is and what comes next.

    A dozen queries, however many items.
    """
    items = [item for item in items if item.review.stage == Stage.PREPARE]
    if not items:
        return []
    found = defaultdict(list)
    for task in _tasks(items, user, on):
        found[urgency_of(task.review.due_on or on, on)].append(task)
    return [Shelf(urgency, found[urgency]) for urgency in Urgency if urgency in found]


def _tasks(items: Sequence[Item], user: User, on: date) -> list[Task]:
    reviews = [item.review for item in items]
    submits = rights(user, on).departments(Permission.SUBMIT)
    far, holders = headways(reviews), actors(reviews, on)
    returned, pins = _returns(reviews), _open_pins(reviews)
    return [
        Task(
            **vars(item),
            returned=returned.get(review.pk),
            pins=pins.get(review.pk, Pins()),
            headway=far.get(review.pk),
            holders=list(each_once(holders[review.pk])),
            step=next_step(
                review, far.get(review.pk), returned.get(review.pk), may_submit=review.department_id in submits
            ),
        )
        for item, review in zip(items, reviews, strict=True)
    ]


def _returns(reviews: Iterable[Review]) -> dict[int, Event]:
    """What sent each back that was: the last return or revocation, also where it was submitted and withdrawn since."""
    back = [review.pk for review in reviews if review.is_returned]
    events = Event.objects.filter(review__in=back, kind__in=SENT_BACK).select_related("by", "on_behalf_of")
    return {event.review_id: event for event in events.order_by("sequence")}


def _open_pins(reviews: Iterable[Review]) -> dict[int, Pins]:
    unanswered = ~Exists(PinEntry.objects.filter(pin=OuterRef("pk")))
    found = Pin.objects.open().filter(review__in=[review.pk for review in reviews]).annotate(unanswered=unanswered)
    rows = found.order_by().values("review").annotate(number=Count("pk"), left=Count("pk", filter=Q(unanswered=True)))
    return {row["review"]: Pins(row["number"], row["left"]) for row in rows}


@dataclass(frozen=True)
class Followed:
    """One review that the person's department handed in, and who has it now."""

    review: Review
    status: Status
    due: DueText | None
    holders: list[Holder]


def followed_reviews(user: User, on: date) -> ReviewQuerySet:
    """The reviews of running checkpoints that the person's departments handed in and the office has or has approved.

    Of changes of plans, which have no closing day, those that the office has.
    """
    own = rights(user, on).departments(Permission.DRAFT)
    return (
        Review.objects.filter(department__in=own, checkpoint__opened_at__isnull=False, checkpoint__closed_at=None)
        .exclude(stage=Stage.PREPARE)
        .exclude(change_number__gte=1, task=None)
        .order_by("-stage_since", "pk")
    )


def followed_items(reviews: Iterable[Review], on: date, calendar: BusinessCalendar) -> list[Followed]:
    """The given reviews of `followed_reviews`, in their order, with who has each now; a handful of queries."""
    reviews = list(reviews)
    holders = actors([review for review in reviews if review.is_open], on)
    return [
        Followed(
            review=review,
            status=status_of(review),
            due=due_text(review.due_on, on, calendar),
            holders=holders.get(review.pk, []),
        )
        for review in reviews
    ]
