"""Closing the city on a day, or opening it, with every due day that follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from departments.models import CalendarDay, ClosedDays, User
from departments.services import calendar
from departments.services.rows import save_or_refuse
from workflows.days import days_of
from workflows.models import Checkpoint, Review
from workflows.services.due_days import move_due_days
from workflows.services.reviews import locked_open
from workflows.shifts import Shift, Shifts


@dataclass(frozen=True)
class OwnDay:
    """A day to put into the city's table: closed (閉庁日), or open against the general rule (開庁日)."""

    day: date
    name: str
    is_open: bool = False


class Unforeseen(Exception):
    """What would move is not what the person was shown; nothing was changed. `shifts` is what would move now."""

    def __init__(self, shifts: Shifts) -> None:
        super().__init__(shifts.key)
        self.shifts = shifts


@transaction.atomic
def change_calendar(
    *, add: Iterable[OwnDay] = (), remove: Iterable[date] = (), foreseen: str, by: User | None, now: datetime
) -> Shifts:
    """Put days into the city's table and take days out, all or none, and move the due days they close by its rule.

    `foreseen` is the `key` of what the person was shown to move, empty for nothing. Raises Unforeseen where it is
    something else, and departments' Refused where a day cannot be added or a checkpoint cannot hold what moves.
    """
    rule, added = ClosedDays(calendar.held_rule().closed_days), list(add)
    before = CalendarDay.objects.calendar()
    for day in remove:
        calendar.remove_calendar_day(by=by, day=day)
    for own in added:
        calendar.add_calendar_day(by=by, **asdict(own))
    shift = Shift(before, CalendarDay.objects.calendar(), rule, timezone.localdate(now))
    names: dict[date | None, str] = {own.day: own.name for own in added if not own.is_open}
    shifts = _moved(shift, names, by=by, now=now) if shift.moves_days else Shifts()
    if shifts.key != foreseen:
        raise Unforeseen(shifts)
    return shifts


def _moved(shift: Shift, names: Mapping[date | None, str], *, by: User | None, now: datetime) -> Shifts:
    """Move everything that the new calendar moves; the name of a day that it closes is the reason.

    Whoever opens, closes or changes a checkpoint holds its row, and whoever takes a step in a review holds that: with
    all of them held nothing can be given a day by the old calendar meanwhile. Checkpoints come before reviews and
    reviews before plans, as for everybody else; but their keys stay free for what points to them.
    """
    shifts = Shifts()
    checkpoints = list(Checkpoint.objects.filter(closed_at=None).select_for_update(no_key=True).order_by("pk"))
    held = Review.objects.open().filter(checkpoint__in=checkpoints).select_for_update(of=("self",), no_key=True)
    list(held.order_by("plan_id", "pk").values_list("pk", flat=True))
    for checkpoint in checkpoints:
        was, days = days_of(checkpoint), shift.days(checkpoint)
        for name, day in asdict(days).items():
            setattr(checkpoint, name, day)
        if days != was:
            save_or_refuse(checkpoint, update_fields=asdict(days))
        moves = list(shift.moves(checkpoint, was, locked_open(checkpoint)))
        shifts.note(checkpoint, was, moves)
        move_due_days(moves, reasons=names, by=by, now=now)
    return shifts
