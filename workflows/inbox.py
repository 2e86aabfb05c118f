"""What waits for a person, and where stands what they handed in: the read model of «my work» (マイワーク)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from departments.access import Holder, rights
from departments.models import CalendarDay, User
from departments.models.organisation import Permission
from workflows.access import actors
from workflows.models import Event, Review, Stage
from workflows.models.history import SENT_BACK
from workflows.models.reviews import ReviewQuerySet
from workflows.standing import absent_by_review
from workflows.wording import DueText, Status, due_text, status_of


@dataclass(frozen=True)
class Item:
    """One review that waits for the person. `reason`: the first line of why it was returned or its approval revoked.

    `absent`: in whose place it waits for them, None where it is so by their own right.
    """

    review: Review
    status: Status
    due: DueText | None
    reason: str
    absent: User | None


@dataclass(frozen=True)
class Followed:
    """One review that the person's department handed in, and who has it now."""

    review: Review
    status: Status
    due: DueText | None
    holders: list[Holder]


def waiting_items(reviews: Iterable[Review], user: User, on: date) -> list[Item]:
    """The given reviews of `waiting_for`, in their order, with all that a list shows; three queries."""
    reviews = list(reviews)
    calendar = CalendarDay.objects.calendar()
    absent = absent_by_review(reviews, user, on)
    reasons = _return_reasons(review for review in reviews if review.is_returned)
    return [
        Item(
            review=review,
            status=status_of(review),
            due=due_text(review.due_on, on, calendar),
            reason=reasons.get(review.pk, ""),
            absent=absent.get(review.pk),
        )
        for review in reviews
    ]


def _return_reasons(reviews: Iterable[Review]) -> dict[int, str]:
    rounds = {review.pk: review.round for review in reviews}
    events = Event.objects.filter(review__in=rounds, kind__in=SENT_BACK)
    return {
        event.review_id: event.data["comment"].splitlines()[0]
        for event in events
        if event.round == rounds[event.review_id]
    }


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


def followed_items(reviews: Iterable[Review], on: date) -> list[Followed]:
    """The given reviews of `followed_reviews`, in their order, with who has each now; a handful of queries."""
    reviews = list(reviews)
    holders = actors([review for review in reviews if review.is_open], on)
    calendar = CalendarDay.objects.calendar()
    return [
        Followed(
            review=review,
            status=status_of(review),
            due=due_text(review.due_on, on, calendar),
            holders=holders.get(review.pk, []),
        )
        for review in reviews
    ]
