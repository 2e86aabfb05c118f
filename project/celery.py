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


# A tick that nobody took meanwhile is dropped, so that they never pile up behind a slow mail server.
TICK_EXPIRES = 60


def timetable(*, tick_seconds: float) -> dict[str, dict[str, Any]]:
    """What beat sends and when, with a tick of notifications every `tick_seconds`."""
    return {
        "tick": {
            "task": "notifications.tasks.tick",
            "schedule": tick_seconds,
            "options": {"expires": TICK_EXPIRES},
        },
        # Apart from the tick: a mailbox that does not answer holds up no mail.
        "read bounces": {
            "task": "notifications.tasks.read_bounces",
            "schedule": crontab(minute="*/5"),
            "options": {"expires": 300},
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


# So often that, as long as mails wait, both processes of the mail worker have ticks to work on.
app.conf.beat_schedule = timetable(tick_seconds=20)
