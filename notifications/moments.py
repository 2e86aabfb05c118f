"""When a day begins and ends in the city."""

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """The moment at which the day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


def last_moment(day: date) -> datetime:
    """The last microsecond of the day; even the last day that there is has one."""
    return timezone.make_aware(datetime.combine(day, time.max))
