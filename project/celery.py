"""The Celery app and the whole timetable: what runs by itself, and when.

Beat only ticks; the database decides what is due. A tick that is missing, late or doubled is therefore harmless,
and no task is ever called with an ETA or a countdown.
"""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("meguru")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def timetable(*, tick_seconds: float) -> dict[str, dict[str, Any]]:
    """What beat sends and when, with a tick of notifications every `tick_seconds`.

    A tick nobody took before the next one is dropped, so that ticks never pile up behind a slow mail server.
    """
    return {
        "tick": {
            "task": "notifications.tasks.tick",
            "schedule": tick_seconds,
            "options": {"expires": tick_seconds},
        },
        # Every hour and not once a night: a machine that is switched off at night must catch up in the morning.
        "keep checkpoints": {
            "task": "workflows.tasks.keep_checkpoints",
            "schedule": crontab(minute=5),
            "options": {"expires": 3600},
        },
        # After midnight; every hour for the same reason. Only the first of a day finds something to do.
        "seal history": {
            "task": "workflows.tasks.seal_history",
            "schedule": crontab(minute=10),
            "options": {"expires": 3600},
        },
    }


app.conf.beat_schedule = timetable(tick_seconds=60)
