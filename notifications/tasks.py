"""What beat, a worker or a person's click sets off; any of them suffices, and none is needed twice."""

from celery import shared_task
from django.utils import timezone

from notifications.delivery import deliver as deliver_mails
from notifications.dispatch import dispatch
from notifications.reminders import remind

# Shorter than the task's time limit by the ten minutes that one mail server may think about one mail.
SECONDS = 120


@shared_task
def tick() -> None:
    """Queue what happened and what is due, then send."""
    dispatch(now=timezone.now())
    remind(now=timezone.now())
    deliver_mails(seconds=SECONDS)


@shared_task
def deliver() -> None:
    """Send what is queued."""
    deliver_mails(seconds=SECONDS)
