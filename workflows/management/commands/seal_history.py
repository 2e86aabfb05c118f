from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from workflows.services.seals import seal


class Command(BaseCommand):
    help = "Seal the history for today, if that was not done yet, and print the seal's line to keep elsewhere."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        self.stdout.write(seal(day=timezone.localdate(now), now=now).line)
