"""What people chose about their mails, asked about many at once."""

from datetime import date

from departments.models import Deputy
from notifications.models import MailChoice


def resting(on: date) -> frozenset[int]:
    """The ids of those who are absent on the day and chose that mails pause meanwhile (通知の休止)."""
    paused = MailChoice.objects.filter(pauses=True).values("user")
    return frozenset(Deputy.objects.in_force(on).filter(absent__in=paused).values_list("absent", flat=True))
