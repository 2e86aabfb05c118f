"""What Celery calls; the schedule is in project/celery.py."""

from celery import shared_task
from django.utils import timezone

from departments.projection import rebuild_access
from workflows.models import Checkpoint
from workflows.services.checkpoints import open_checkpoint
from workflows.services.seals import seal


@shared_task
def keep_checkpoints() -> None:
    """Let appointments that begin or end today count, and give plans approved late their running reviews."""
    now = timezone.now()
    rebuild_access(timezone.localdate(now))
    for checkpoint in Checkpoint.objects.running():
        open_checkpoint(checkpoint=checkpoint, by=None, now=now)


@shared_task
def seal_history() -> None:
    """Seal the history once a day (封印); whoever keeps the log keeps the seal's line too."""
    now = timezone.now()
    seal(day=timezone.localdate(now), now=now)
