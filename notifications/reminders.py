"""The day's run of reminders: once on each business day, who is due is told."""

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay
from notifications.digests import queue_digests
from notifications.due import Due, Reminder, reminders
from notifications.models import MailItem, ReminderRun

FROM = time(8, 0)  # local time


def remind(*, now: datetime) -> int:
    """Queue the day's reminders, one mail a person; returns how many. Once on each business day from 08:00 on.

    Rule days since the last run count, the newest of each review and audience only: after days of standstill every
    person gets one mail on the next business day and not a backlog.
    """
    today = timezone.localdate(now)
    if timezone.localtime(now).time() < FROM or ReminderRun.objects.filter(day=today).exists():
        return 0
    calendar = CalendarDay.objects.calendar()
    return _run(today, calendar, now) if calendar.is_business_day(today) else 0


@transaction.atomic
def _run(today: date, calendar: BusinessCalendar, now: datetime) -> int:
    _run, is_mine = ReminderRun.objects.get_or_create(day=today)
    if not is_mine:
        return 0
    found = reminders(today, since=ReminderRun.objects.last_before(today), calendar=calendar)
    items = {user_id: [_item(reminder, user_id) for reminder in theirs] for user_id, theirs in found.items()}
    return queue_digests(items, today=today, now=now)


def _item(reminder: Reminder[Due], user_id: int) -> MailItem:
    due, rule_day = reminder.due, reminder.rule_day
    return MailItem(
        key=f"remind:{due.review_id}:{due.task_id}:{due.due_on}:{rule_day.day}:{user_id}",
        review_id=due.review_id,
        task_id=due.task_id,
        asks=reminder.asks,
        days=rule_day.days,
        audience=rule_day.audience,
        text=rule_day.text,
    )
