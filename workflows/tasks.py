"""What Celery calls; the schedule is in project/celery.py."""

from celery import shared_task
from django.utils import timezone

from departments.projection import rebuild_access
from workflows.models import Checkpoint
from workflows.services.checkpoints import open_checkpoint


@shared_task
def keep_checkpoints() -> None:
    """Let appointments that begin or end today count, and give plans approved late their running reviews."""
    now = timezone.now()
    rebuild_access(timezone.localdate(now))
    for checkpoint in Checkpoint.objects.running():
        open_checkpoint(checkpoint=checkpoint, by=None, now=now)
