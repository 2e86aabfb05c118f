"""A working day's morning, whatever the real day is: all processes of a scenario read the same shifted clock."""

import os
import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

DAY = date(2026, 10, 13)  # a Tuesday
MORNING = datetime(2026, 10, 13, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
VARIABLE = "FAULTS_CLOCK_SHIFT"

real_now = timezone.now


def shift_from_here() -> None:
    """Let it be MORNING now, for this process and those it starts."""
    os.environ[VARIABLE] = str((MORNING - real_now()).total_seconds())
    read_shift()


def read_shift() -> None:
    """Set Django's clock as the scenario did; to be called before anything is imported that keeps the old one."""
    shift = timedelta(seconds=float(os.environ[VARIABLE]))
    timezone.now = lambda: real_now() + shift


def as_real_seconds(moment: datetime) -> float:
    """A moment by the shifted clock as seconds since the epoch by the real one."""
    return moment.timestamp() - float(os.environ[VARIABLE])


def real_seconds() -> float:
    return time.time()
