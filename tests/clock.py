"""The time that pages see, in the hands of a test (fixture `clock`)."""

from datetime import date, datetime

from django.utils import timezone


class Clock:
    """The time that the pages see. It stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 9, 0, tzinfo=timezone.get_default_timezone())

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date, hour: int = 10, minute: int = 0) -> datetime:
        self.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.get_default_timezone())
        return self.now
