"""Whom the reader of a list may ask to go on with it (催促), and who was asked last. A read model of one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from departments.access import Rights, rights
from departments.models import User
from workflows.access import Action, nudges_anybody, standing_for
from workflows.models import Nudge, Review
from workflows.standing import TURN_ACTIONS


@dataclass(frozen=True)
class Nudging:
    """`last`: review id → the newest nudge."""

    known: Rights
    on: date
    last: dict[int, Nudge]

    def last_of(self, review: Review) -> Nudge | None:
        """The newest nudge of whoever has the review now."""
        found = self.last.get(review.pk)
        return found if found is not None and found.event.data["task"] == review.task_id else None

    def is_due(self, review: Review) -> bool:
        """Whether the reader may nudge, it is not the reader's own turn, and nobody has nudged today."""
        if not review.is_open or standing_for(Action.NUDGE, self.known, review) is None:
            return False
        last, turn = self.last.get(review.pk), TURN_ACTIONS[review.stage]
        return (last is None or last.day < self.on) and standing_for(turn, self.known, review) is None


def nudging_of(reviews: Iterable[Review], user: User, on: date) -> Nudging | None:
    """About those of the reviews that are open; None for whoever nudges nobody."""
    known = rights(user, on)
    if not nudges_anybody(known):
        return None
    nudges = Nudge.objects.filter(review__in=[review.pk for review in reviews if review.is_open])
    newest_last = nudges.select_related("event__by", "event__on_behalf_of").order_by("day")
    return Nudging(known, on, {nudge.review_id: nudge for nudge in newest_last})
