"""`manage.py send_due`: everything a tick does, now or as of a given time."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import Status
from notifications.outbox import pending_count
from notifications.reminders import remind

YEARS = range(2000, 2100)


class Command(BaseCommand):
    help = "Queue and send the mails that are due. Prints one line of JSON: how many were queued and how they ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", help="as of this time instead of now, such as 2026-10-07T09:00+09:00")

    def handle(self, *args: Any, at: str | None, **options: Any) -> None:
        now = None if at is None else moment(at)
        dispatched = dispatch(now=now or timezone.now())
        reminded = remind(now=now or timezone.now())
        ended = deliver(clock=lambda: now or timezone.now())
        counts = {
            "dispatched": dispatched,
            "reminded": reminded,
            "sent": ended[Status.SENT],
            "cancelled": ended[Status.CANCELLED],
            "retried": ended[Status.RETRY] + ended[Status.UNCERTAIN],
            "failed": ended[Status.FAILED],
            "expired": ended[Status.EXPIRED],
            "pending": pending_count(),
        }
        self.stdout.write(json.dumps(counts))


def moment(text: str) -> datetime:
    """The time that `text` says, in the city's zone unless it names one; CommandError when it says none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or len(text) <= len("2026-10-07") or at.year not in YEARS:
        sentence = _("--at needs a day and a time, such as 2026-10-07T09:00+09:00, and not “%(text)s”.")
        raise CommandError(sentence % {"text": text}, returncode=2)
    return at if timezone.is_aware(at) else timezone.make_aware(at)
