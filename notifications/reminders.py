"""What is due today and who is reminded of it: derived from the reviews as they stand, never stored ahead."""

from collections import defaultdict
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay
from notifications.digests import queue_digests
from notifications.models import MailItem, ReminderRun
from notifications.rules import DAYS_BEFORE, DueRule, newest_due_rule
from workflows.access import actors
from workflows.models import Review

FROM = time(8, 0)  # local time


def remind(*, now: datetime) -> int:
    """Queue the day's reminders, one mail a person; returns how many. Once on each business day from 08:00 on.

    Rule days since the last run count, the newest of each review only: after days of standstill every person gets one
    mail on the next business day and not a backlog.
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
    due = _due(today, calendar)
    people = actors([review for review, _rule in due], today)
    items: dict[int, list[MailItem]] = defaultdict(list)
    for review, rule in due:
        for user, _absent in people[review.pk]:
            items[user.pk].append(_item(review, rule, user.pk))
    return queue_digests(items, today=today, now=now)


def _due(today: date, calendar: BusinessCalendar) -> list[tuple[Review, DueRule]]:
    """The open reviews with a rule day since the last run that whoever must act now has not had a mail for."""
    last_run = ReminderRun.objects.filter(day__lt=today).order_by("-day").first()
    reviews = Review.objects.open().filter(due_on__lte=calendar.add(today, max(DAYS_BEFORE)))
    due_days = reviews.order_by().values_list("due_on", flat=True).distinct()
    rules = {due_on: newest_due_rule(due_on, today, calendar) for due_on in due_days if due_on is not None}
    fresh = {due_on: rule for due_on, rule in rules.items() if rule and (last_run is None or rule.day > last_run.day)}
    due = reviews.filter(due_on__in=fresh).select_related("plan").order_by("due_on", "pk")
    pairs = [(review, fresh[review.due_on]) for review in due if review.due_on]
    return [(review, rule) for review, rule in pairs if _was_waiting(review, rule, today)]


def _was_waiting(review: Review, rule: DueRule, today: date) -> bool:
    """Whether the task is older than the rule day: who got it that day or later knows of it already.

    A task that began after today is one that a run for a past day meets; such a run takes it as it stands.
    """
    since = timezone.localdate(review.stage_since)
    return since < rule.day or since > today


def _item(review: Review, rule: DueRule, user_id: int) -> MailItem:
    return MailItem(
        key=f"remind:{review.pk}:{review.task_id}:{review.due_on}:{rule.day}:{user_id}",
        review=review,
        task_id=review.task_id,
        asks=True,
        days=rule.days,
    )
