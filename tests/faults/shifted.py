"""python -m tests.faults.shifted MODULE …: run a module as a program, on a working day's morning.

All processes of a scenario read the same shifted clock. It is set, and Django with it, before the module is imported,
for some keep the clock that they find.
"""

import os
import runpy
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import django
from django.utils import timezone

DAY = date(2026, 10, 13)  # a Tuesday
MORNING = datetime(2026, 10, 13, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
VARIABLE = "FAULTS_CLOCK_SHIFT"


def shift() -> None:
    """Let it be MORNING now, or what the process that started this one made of it."""
    real_now = timezone.now
    seconds = os.environ.setdefault(VARIABLE, str((MORNING - real_now()).total_seconds()))
    timezone.now = lambda: real_now() + timedelta(seconds=float(seconds))


if __name__ == "__main__":
    shift()
    django.setup()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
