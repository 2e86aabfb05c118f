"""`manage.py send_due`: everything a tick does, once, as of a given time, or again and again."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import ticks
from notifications.bounces.reading import sweep
from notifications.health import health
from notifications.loop import Loop

YEARS = range(2000, 2100)
LONGEST_PAUSE = 3600


class Command(BaseCommand):
    help = (
        "Queue and send the mails that are due. Prints one line of JSON: how many were queued and how they ended, and "
        "how the outbox stands. Exits 1 when a part failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", help="as of this time instead of now, such as 2026-10-07T09:00+09:00")
        parser.add_argument(
            "--every", type=int, metavar="SECONDS", help="go on until SIGTERM; the log has a line for what was done"
        )

    def handle(self, *args: Any, at: str | None, every: int | None, **options: Any) -> None:
        if every is None:
            self._once(None if at is None else moment(at))
        elif at is not None or every not in range(1, LONGEST_PAUSE + 1):
            raise CommandError(_("--every takes seconds from 1 to 3600, and no --at beside it."), returncode=2)
        else:
            Loop(every).run()

    def _once(self, now: datetime | None) -> None:
        came_back = sweep(now=now or timezone.now())
        done = ticks.tick(clock=lambda: now or timezone.now())
        figures = {**done.counts, "came_back": came_back, **health(now or timezone.now()).figures}
        self.stdout.write(json.dumps(figures))
        if done.faults:
            raise CommandError(_("Failed: %(parts)s. The log says why.") % {"parts": ", ".join(done.faults)})


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
