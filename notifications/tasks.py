"""What Celery calls; the schedule is in project/celery.py."""

from celery import shared_task
from django.utils import timezone

from notifications import ticks
from notifications.bounces.reading import sweep

# A worker that is told to stop has this and the mail at hand to finish (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT), and
# the task's time limit lies further off than the ten minutes that a mail server may think about one mail.
SECONDS = 35


@shared_task
def tick() -> None:
    """Queue what happened and what is due, then send."""
    ticks.tick(seconds=SECONDS)


@shared_task
def read_bounces() -> None:
    """Read which mails came back, and queue again what can be sent by now."""
    sweep(now=timezone.now())
