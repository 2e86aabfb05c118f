"""The city's own closed and open days."""

from datetime import date

import structlog
from django.db import transaction

from departments.models import CalendarDay, User
from departments.services.rows import save_or_refuse

log = structlog.get_logger("meguru.departments")


@transaction.atomic
def add_calendar_day(*, by: User | None, day: date, name: str, is_open: bool = False) -> CalendarDay:
    """Close the city on a day (閉庁日), or open it against the general rule (開庁日). A day stands here once."""
    row = CalendarDay(day=day, name=name, is_open=is_open)
    save_or_refuse(row)
    log.info("calendar day added", day=str(day), is_open=is_open, by=by and by.pk)
    return row


@transaction.atomic
def remove_calendar_day(*, by: User | None, day: date) -> None:
    """Let the general rule hold for the day again; nothing happens where it already does."""
    CalendarDay.objects.filter(day=day).delete()
    log.info("calendar day removed", day=str(day), by=by and by.pk)
