"""By when each step is due, and sensible days for a checkpoint, in business days: holidays cost nobody time."""

from dataclasses import dataclass
from datetime import date, timedelta

from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay
from workflows.models import CheckpointKind, Review, Stage

# Business days to prepare, to review and to approve.
TO_SUBMIT, TO_REVIEW, TO_APPROVE = 10, 7, 5
TIME_FOR = {Stage.PREPARE: TO_SUBMIT, Stage.REVIEW: TO_REVIEW, Stage.APPROVE: TO_APPROVE}
# Business days that a department has at least to mend what was returned, whatever day it came back.
TO_MEND = 5

# As of, opening and closing of each kind: (years after the start of the fiscal year, month, day).
FRAMES = {
    CheckpointKind.PLAN: ((0, 4, 1), (0, 4, 1), (0, 5, 31)),
    CheckpointKind.Q1: ((0, 6, 30), (0, 7, 1), (0, 9, 30)),
    CheckpointKind.Q2: ((0, 9, 30), (0, 10, 1), (0, 12, 28)),
    CheckpointKind.Q3: ((0, 12, 31), (1, 1, 4), (1, 3, 31)),
    CheckpointKind.YEAREND: ((1, 3, 31), (1, 3, 15), (1, 5, 31)),
}
# At the year's end the final figures exist only after 31 March.
COUNTED_FROM_AS_OF = (CheckpointKind.YEAREND,)


def due_day(review: Review, stage: Stage, on: date, calendar: BusinessCalendar | None = None) -> date:
    """By when the stage is due in a review that comes to it on the day.

    The checkpoint's day; as much later as the department's own was extended; so many days on for a change of a plan.
    Without `calendar`, one query where it takes one.
    """
    checkpoint = review.checkpoint
    if checkpoint.is_change:
        return (calendar or CalendarDay.objects.calendar()).add(on, TIME_FOR[stage])
    day = checkpoint.due_days[stage]
    if review.extended_to is None or review.extended_to <= checkpoint.submit_due:
        return day
    calendar = calendar or CalendarDay.objects.calendar()
    later = calendar.add(review.extended_to, calendar.between(checkpoint.submit_due, day))
    return min(later, checkpoint.closes_on)


def rescheduled(review: Review, calendar: BusinessCalendar) -> date:
    """By when an open review of a round is due after the checkpoint's days have moved.

    That is the day that its stage has now; what was returned keeps the time it was given.
    """
    day = due_day(review, Stage(review.stage), review.checkpoint.opens_on, calendar)
    return max(day, review.due_on or day) if review.is_returned else day


def last_day_for_changes(fiscal_year: int) -> date:
    """Until when changes of the year's plans can be asked for (計画変更): as long as the year-end round may last."""
    return date(fiscal_year + 1, 5, 31)


def mending_due(review: Review, returned_on: date, calendar: BusinessCalendar) -> date:
    """By when a returned review is due again: the submission's due day, or some business days on if that is later."""
    on = min(calendar.add(returned_on, TO_MEND), review.checkpoint.closes_on)
    return max(due_day(review, Stage.PREPARE, returned_on, calendar), on)


@dataclass(frozen=True)
class Days:
    """The days of a checkpoint, by the names of its columns."""

    as_of: date
    opens_on: date
    submit_due: date
    review_due: date
    approve_due: date
    closes_on: date


def proposed_days(fiscal_year: int, kind: CheckpointKind, calendar: BusinessCalendar) -> Days:
    """Days that keep every rule: due days are business days, in order, within the season of the kind."""
    as_of, opens_on, closes_on = (date(fiscal_year + years, month, day) for years, month, day in FRAMES[kind])
    opens_on = calendar.on_or_after(opens_on)
    submit_due = calendar.add(as_of if kind in COUNTED_FROM_AS_OF else opens_on, TO_SUBMIT)
    review_due = calendar.add(submit_due, TO_REVIEW)
    approve_due = calendar.add(review_due, TO_APPROVE)
    last = calendar.add(closes_on + timedelta(days=1), -1)
    return Days(as_of, opens_on, submit_due, review_due, approve_due, max(last, approve_due))
