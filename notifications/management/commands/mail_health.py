"""`manage.py mail_health`: what /healthz/mail says, for cron and monitoring without HTTP."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.health import health


class Command(BaseCommand):
    help = "Print as one line of JSON how the outbox stands; exits 1 with the reasons when somebody should look."

    def handle(self, *args: Any, **options: Any) -> None:
        found = health(timezone.now())
        self.stdout.write(json.dumps(found.figures))
        if found.troubles:
            raise CommandError("\n".join(str(trouble.label) for trouble in found.troubles))
