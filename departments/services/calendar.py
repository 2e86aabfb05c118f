"""The city's own closed and open days. Whoever asks for a change goes through `workflows.services.calendar`."""

from datetime import date

import structlog
from django.db import transaction

from departments.models import CalendarDay, CalendarRule, User
from departments.services.rows import save_or_refuse

log = structlog.get_logger("meguru.departments")


@transaction.atomic
def add_calendar_day(*, by: User | None, day: date, name: str, is_open: bool = False) -> CalendarDay:
    """Close the city on a day (閉庁日), or open it against the general rule (開庁日). A day stands here once."""
    row = CalendarDay(day=day, name=name, is_open=is_open)
    save_or_refuse(row)
    _log("calendar day added", day=str(day), is_open=is_open, by=by and by.pk)
    return row


@transaction.atomic
def remove_calendar_day(*, by: User | None, day: date) -> None:
    """Let the general rule hold for the day again; nothing happens where it already does."""
    CalendarDay.objects.filter(day=day).delete()
    _log("calendar day removed", day=str(day), by=by and by.pk)


@transaction.atomic
def set_closed_day_rule(*, by: User | None, closed_days: str) -> CalendarRule:
    """Choose what becomes of due days on days that are closed from now on. Raises Refused for no known choice."""
    rule = held_rule()
    rule.closed_days = closed_days
    save_or_refuse(rule, update_fields=["closed_days"])
    log.info("closed-day rule set", closed_days=closed_days, by=by and by.pk)
    return rule


def held_rule() -> CalendarRule:
    """The city's rule, its row locked for this transaction: who holds it is alone in changing the calendar."""
    CalendarRule.objects.get_or_create(pk=CalendarRule.ONLY)
    return CalendarRule.objects.select_for_update().get(pk=CalendarRule.ONLY)


def _log(what: str, **facts: object) -> None:
    """Log it once it stands: to see what a change would move it is made, and taken back."""
    transaction.on_commit(lambda: log.info(what, **facts))
