"""When the checkpoints of the demo year are: the one that is running stands around today, the others follow suit."""

from datetime import date

from django.db.models import TextChoices

from departments.fiscal import BusinessCalendar
from project.demo.plans import FISCAL_YEAR
from workflows.models import ROUNDS, CheckpointKind
from workflows.schedule import TO_APPROVE, TO_REVIEW, TO_SUBMIT, Days, proposed_days

EARLIEST = date(FISCAL_YEAR, 4, 1)
LATEST = date(2099, 12, 31)
PAUSE = 5  # business days between two checkpoints that had to be moved


class DemoStage(TextChoices):
    """How far the demo city has come."""

    PLANNING = "planning"
    OPEN = "open"
    REVIEW = "review"
    OVERDUE = "overdue"
    CLOSED = "closed"


# Opening, the three due days and closing of the running checkpoint, in business days from today. None of them makes
# today a day of reminders, so that the first mails are about what is done in the demo and not about its past.
AROUND_TODAY = {
    DemoStage.PLANNING: (-9, 4, 9, 14, 19),
    DemoStage.OPEN: (-1, 9, 16, 21, 30),
    DemoStage.REVIEW: (-18, -4, 3, 8, 13),
    DemoStage.OVERDUE: (-24, -10, -4, 2, 9),
    DemoStage.CLOSED: (-34, -20, -14, -8, -2),
}


def running_kind(stage: DemoStage, today: date) -> CheckpointKind:
    """The quarter that is held on the day, the second where none is: the demo then plays in its own autumn."""
    if stage == DemoStage.PLANNING:
        return CheckpointKind.PLAN
    if date(FISCAL_YEAR, 7, 1) <= today <= date(FISCAL_YEAR, 9, 30):
        return CheckpointKind.Q1
    if date(FISCAL_YEAR + 1, 1, 1) <= today <= date(FISCAL_YEAR + 1, 3, 31):
        return CheckpointKind.Q3
    return CheckpointKind.Q2


def year_days(stage: DemoStage, today: date, calendar: BusinessCalendar) -> dict[CheckpointKind, Days]:
    """The days of all five checkpoints: in season where that leaves them in their order, else moved."""
    kinds = list(ROUNDS)
    at = kinds.index(running_kind(stage, today))
    as_of = proposed_days(FISCAL_YEAR, kinds[at], calendar).as_of
    days = {kinds[at]: Days(as_of, *(calendar.add(today, offset) for offset in AROUND_TODAY[stage]))}
    for kind in reversed(kinds[:at]):
        opening = min(row.opens_on for row in days.values())
        days[kind] = _before(proposed_days(FISCAL_YEAR, kind, calendar), opening, calendar)
    for kind in kinds[at + 1 :]:
        closing = max(row.closes_on for row in days.values())
        days[kind] = _after(proposed_days(FISCAL_YEAR, kind, calendar), closing, calendar)
    return {kind: days[kind] for kind in kinds}


def _before(usual: Days, opening: date, calendar: BusinessCalendar) -> Days:
    """The usual days, or a round of the usual length that ends before the next opening."""
    if usual.closes_on < opening:
        return usual
    closes_on = calendar.add(opening, -1)
    review_due = calendar.add(closes_on, -TO_APPROVE)
    submit_due = calendar.add(review_due, -TO_REVIEW)
    opens_on = calendar.add(submit_due, -TO_SUBMIT)
    return Days(usual.as_of, opens_on, submit_due, review_due, closes_on, closes_on)


def _after(usual: Days, closing: date, calendar: BusinessCalendar) -> Days:
    if usual.opens_on > closing:
        return usual
    opens_on = calendar.add(closing, PAUSE)
    submit_due = calendar.add(opens_on, TO_SUBMIT)
    review_due = calendar.add(submit_due, TO_REVIEW)
    approve_due = calendar.add(review_due, TO_APPROVE)
    return Days(usual.as_of, opens_on, submit_due, review_due, approve_due, calendar.add(approve_due, PAUSE))
