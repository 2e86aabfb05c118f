"""Is mail going out? Told by what has been left undone, never by which processes run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from notifications.models import Outcome, OutgoingMail, Tick

RED_AFTER = timedelta(minutes=5)
RECENT = timedelta(days=7)


class Trouble(models.TextChoices):
    """Why somebody should look."""

    OLD_MAIL = "old_mail", _("A mail has been waiting for more than 5 minutes. Does the mail server answer?")
    NO_TICK = "no_tick", _("No round has ended without a fault for more than 5 minutes. Do the workers run?")


@dataclass(frozen=True)
class Health:
    """How the outbox stands at `at`: since when the oldest mail waits (None: none does), how many wait, when a round
    last ended without a fault (None: never), and how many mails of the last 7 days could not be delivered."""

    at: datetime
    waiting: int
    oldest: datetime | None
    last_tick: datetime | None
    undelivered: int

    @property
    def troubles(self) -> list[Trouble]:
        troubles = []
        if self.oldest is not None and self.at - self.oldest > RED_AFTER:
            troubles.append(Trouble.OLD_MAIL)
        if self.last_tick is None or self.at - self.last_tick > RED_AFTER:
            troubles.append(Trouble.NO_TICK)
        return troubles

    @property
    def figures(self) -> dict[str, Any]:
        """The same for machines; times as whole seconds of age, None where there is nothing to tell the age of."""
        return {
            "healthy": not self.troubles,
            "reasons": [trouble.value for trouble in self.troubles],
            "waiting": self.waiting,
            "oldest_waiting_seconds": self._age(self.oldest),
            "last_tick_seconds": self._age(self.last_tick),
            "undelivered_7_days": self.undelivered,
        }

    def _age(self, moment: datetime | None) -> int | None:
        return None if moment is None else max(0, int((self.at - moment).total_seconds()))


def health(now: datetime) -> Health:
    """How the outbox stands."""
    waiting = OutgoingMail.objects.open().order_by().aggregate(count=Count("pk"), oldest=Min("created_at"))
    tick = Tick.objects.first()
    lost = OutgoingMail.objects.filter(status__in=Outcome.UNDELIVERED.statuses, created_at__gt=now - RECENT)
    return Health(
        at=now,
        waiting=waiting["count"],
        oldest=waiting["oldest"],
        last_tick=tick.at if tick else None,
        undelivered=lost.count(),
    )
