"""At what time things happen in the demo city: on business days, in office hours, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from departments.fiscal import BusinessCalendar
from project.demo.casting import Move
from workflows.schedule import Days

OPENING = time(9, 0)
CLOSING = time(17, 45)
REMINDERS = time(8, 30)
MAILS = time(18, 0)

# Business days that people take until they do it, from and to.
GAPS = {
    Move.SUBMIT: (0, 1),
    Move.WITHDRAW: (0, 0),
    Move.PASS: (1, 3),
    Move.RETURN: (1, 3),
    Move.SAVE: (1, 2),
    Move.APPROVE: (1, 3),
    Move.NUDGE: (0, 1),
    Move.EXTEND: (0, 1),
    Move.CANCEL: (1, 2),
    Move.REVOKE: (0, 1),
}


def local(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=timezone.get_default_timezone())


@dataclass(frozen=True)
class Pace:
    """Draws the times of a review's moves; nothing happens after the day `until`."""

    calendar: BusinessCalendar
    until: date
    chance: Random

    def moments(self, moves: Sequence[Move], days: Days) -> list[datetime]:
        """A time for each move, in their order: the first so that the submission comes in around its due day."""
        until = min(self.until, days.approve_due)
        day = self._first_day(len(moves), days, until)
        found: list[datetime] = []
        for move in moves:
            if found:
                day = min(self.calendar.add(day, self.chance.randint(*GAPS[move])), until)
            found.append(self._moment(day, found[-1] if found else None))
        return found

    def _first_day(self, count: int, days: Days, until: date) -> date:
        """The more rounds are to come, the earlier; some who have only to submit are late with that."""
        early = self.chance.randint(-2, 6) + 2 * max(0, count - 3)
        day = min(self.calendar.add(days.submit_due, -early), until)
        return max(day, days.opens_on)

    def _moment(self, day: date, before: datetime | None) -> datetime:
        at = local(day, time(self.chance.randint(10, 15), self.chance.randint(0, 59)))
        if before is not None and at <= before:
            return before + timedelta(minutes=self.chance.randint(4, 9))
        return at
