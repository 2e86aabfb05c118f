"""A plan's year: its five checkpoints with stage and days, and what waits for the reader. A read model.

Whoever reads a plan reads its row on the board too, so its stages and due days are no secret; rounds may be.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.access import rights
from departments.fiscal import BusinessCalendar
from departments.models import User
from workflows.access import Sight, sight
from workflows.board_facts import NOT_OPENED, PLAN_NOT_APPROVED
from workflows.gantt import short_name
from workflows.models import Checkpoint, Review, Stage
from workflows.standing import is_turn_of
from workflows.wording import DueText, Status, due_text, status_of

# What the day below a stage is.
DUE_NAMES: dict[str, Promise] = {
    Stage.PREPARE: _("Submission due"),
    Stage.REVIEW: _("Review due"),
    Stage.APPROVE: _("Approval due"),
    Stage.APPROVED: pgettext_lazy("day", "Approved on"),
    Stage.LAPSED: pgettext_lazy("day", "Ended on"),
    Stage.CANCELLED: pgettext_lazy("day", "Ended on"),
}


@dataclass(frozen=True)
class YearStep:
    """The plan at one checkpoint. `review` is None where it has none there; `opens`: its page is there for the reader.

    `day_name` says what `day` is; `round` is 0 where there is none to tell, or it is not the reader's to know.
    """

    checkpoint: Checkpoint
    name: str
    review: Review | None
    status: Status
    day_name: str | Promise
    day: date | None
    due: DueText | None
    round: int
    opens: bool

    @property
    def is_current(self) -> bool:
        """Whether somebody has to act in it."""
        return self.review is not None and self.review.is_open


def year_of(
    checkpoints: Iterable[Checkpoint], reviews: Iterable[Review], user: User, on: date, calendar: BusinessCalendar
) -> list[YearStep]:
    """The checkpoints of the year, in order, with the plan's reviews as the person may know of them."""
    by_checkpoint = {review.checkpoint_id: review for review in reviews if not review.change_number}
    return [_step(found, by_checkpoint.get(found.pk), user, on, calendar) for found in checkpoints]


def _step(checkpoint: Checkpoint, review: Review | None, user: User, on: date, calendar: BusinessCalendar) -> YearStep:
    name = short_name(checkpoint.kind)
    if review is None:
        coming = checkpoint.opened_at is None
        return YearStep(
            checkpoint=checkpoint,
            name=name,
            review=None,
            status=NOT_OPENED if coming else PLAN_NOT_APPROVED,
            day_name=_("Opens on") if coming else "",
            day=checkpoint.opens_on if coming else None,
            due=None,
            round=0,
            opens=False,
        )
    seen = sight(user, review, on)
    return YearStep(
        checkpoint=checkpoint,
        name=name,
        review=review,
        status=status_of(review),
        day_name=DUE_NAMES[review.stage],
        day=review.due_on or timezone.localdate(review.stage_since),
        due=due_text(review.due_on, on, calendar),
        round=review.round if seen > Sight.APPROVED else 0,
        opens=seen > Sight.NOTHING,
    )


@dataclass(frozen=True)
class Turn:
    """What the reader has to do next for the plan; `others`: how many more of its reviews wait for them."""

    review: Review
    status: Status
    due: DueText | None
    others: int


def turn_of(reviews: Iterable[Review], user: User, on: date, calendar: BusinessCalendar) -> Turn | None:
    """The most urgent of the plan's reviews in which the person may act next, if any. Without a query."""
    known = rights(user, on)
    mine = sorted((review for review in reviews if is_turn_of(known, review)), key=lambda each: each.due_on or on)
    if not mine:
        return None
    return Turn(mine[0], status_of(mine[0]), due_text(mine[0].due_on, on, calendar), len(mine) - 1)
