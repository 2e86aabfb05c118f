"""What a change of the city's calendar does to due days: all that it newly closes a day under moves by the city's rule.

Nothing is written here; `services.calendar` does that.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.fiscal import BusinessCalendar
from departments.models import ClosedDays
from departments.wording import day_text
from workflows.days import DUE_OF, IN_ORDER, days_of, in_order, season
from workflows.models import Checkpoint, Review, Stage
from workflows.schedule import Days, rescheduled
from workflows.services.due_days import Move


@dataclass(frozen=True)
class DayMove:
    """A day of a checkpoint that moves; `reviews` counts what becomes due on the other day with it."""

    checkpoint: Checkpoint
    name: str
    was: date
    day: date
    reviews: int

    @property
    def label(self) -> str:
        """The day's name (提出期限)."""
        return str(Checkpoint._meta.get_field(self.name).verbose_name)  # type: ignore[union-attr]


@dataclass(frozen=True)
class OwnMove:
    """The due day of one review that moves by itself: an extended one, one for mending, one for a change of a plan."""

    review: Review
    was: date
    day: date


@dataclass
class Shifts:
    """All that moves; `reviews` counts the reviews whose due day does."""

    days: list[DayMove] = field(default_factory=list)
    own: list[OwnMove] = field(default_factory=list)
    reviews: int = 0

    @property
    def key(self) -> str:
        """Tells whether it is still the same as was shown; empty for nothing. Counts may differ."""
        rows = [(move.checkpoint.pk, move.name, str(move.was), str(move.day)) for move in self.days]
        own = [(move.review.pk, str(move.was), str(move.day)) for move in self.own]
        return hashlib.sha256(repr((rows, own)).encode()).hexdigest() if rows or own else ""

    def note(self, checkpoint: Checkpoint, was: Days, moves: Iterable[Move]) -> None:
        """Take in what moves in a checkpoint, which has its new days already and had `was`."""
        together: Counter[str] = Counter()
        for move in moves:
            review, name = move.review, DUE_OF[Stage(move.review.stage)]
            self.reviews += 1
            if (review.due_on, move.due_on) == (getattr(was, name), getattr(checkpoint, name)):
                together[name] += 1
            elif review.due_on is not None:
                self.own.append(OwnMove(review, review.due_on, move.due_on))
        for name in IN_ORDER:
            before, day = getattr(was, name), getattr(checkpoint, name)
            if before != day:
                self.days.append(DayMove(checkpoint, name, before, day, together[name]))


@dataclass(frozen=True)
class Shift:
    """From one calendar to another on a day. Days before it are never moved, nor is any day moved to before it."""

    before: BusinessCalendar
    after: BusinessCalendar
    rule: ClosedDays
    on: date

    def place(self, day: date, earliest: date = date.min) -> date:
        """Where a day goes: somewhere else only where it was a business day and is none any more."""
        if day < self.on or not self.before.is_business_day(day) or self.after.is_business_day(day):
            return day
        return self.rule.settle(day, self.after, max(self.on, earliest))

    @property
    def moves_days(self) -> bool:
        """Whether there is any day that it would move a due day from."""
        changed = (self.before.closed ^ self.after.closed) | (self.before.opened ^ self.after.opened)
        return any(self.place(day) != day for day in changed)

    def days(self, checkpoint: Checkpoint) -> Days:
        """The days that the checkpoint has then. Raises Refused where they would run past its closing or season."""
        was, (first, last) = days_of(checkpoint), season(checkpoint.fiscal_year)
        if checkpoint.is_change:
            return was

        def place(name: str, day: date) -> date:
            return day if name == "opens_on" and checkpoint.opened_at else self.place(day, first)

        days = in_order(was, place, self.after)
        if days.closes_on > min(place("closes_on", was.closes_on), last):
            raise Refused(
                _(
                    "%(checkpoint)s: the days cannot move on, because it closes on %(day)s."
                    " Change the days of the checkpoint first."
                )
                % {"checkpoint": checkpoint, "day": day_text(was.closes_on)}
            )
        return days

    def moves(self, checkpoint: Checkpoint, was: Days, reviews: Iterable[Review]) -> Iterator[Move]:
        """Where the due days of open reviews go whose checkpoint has its new days already, and had `was`."""
        has_moved = days_of(checkpoint) != was
        for review in reviews:
            then = copy(review)
            then.checkpoint = checkpoint
            then.due_on = review.due_on and self.place(review.due_on)
            then.extended_to = review.extended_to and self.place(review.extended_to)
            due_on = rescheduled(then, self.after) if has_moved else then.due_on
            if due_on is None or due_on == review.due_on:
                continue
            if due_on > checkpoint.closes_on and not checkpoint.is_change:
                raise Refused(
                    _("The due day of %(review)s would lie after the closing day, %(day)s.")
                    % {"review": review, "day": day_text(checkpoint.closes_on)}
                )
            yield Move(review, due_on, then.extended_to)
