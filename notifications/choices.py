"""What people chose about their mails (通知の設定), asked about one and about many."""

from collections.abc import Iterable
from datetime import date

from departments.models import Deputy, User
from notifications.models import MailChoice, Pace


def choice_of(user: User) -> MailChoice:
    """What the person chose; the defaults, in a row that is not saved, for who never did."""
    return MailChoice.objects.filter(user=user).first() or MailChoice(user=user)


def daily(user_ids: Iterable[int]) -> frozenset[int]:
    """Those of the people who hear of what happened in the mail of the next morning."""
    chosen = MailChoice.objects.filter(user__in=list(user_ids), events=Pace.DAILY)
    return frozenset(chosen.values_list("user", flat=True))


def resting(on: date) -> frozenset[int]:
    """The ids of those who are absent on the day and chose that mails pause meanwhile (通知の休止).

    Whose deputy rests too is not among them: of two who stand in for each other, nobody would be asked.
    """
    paused = MailChoice.objects.filter(pauses=True).values("user")
    pairs = set(Deputy.objects.in_force(on).filter(absent__in=paused).values_list("absent", "deputy"))
    absent = {person for person, _deputy in pairs}
    return frozenset(absent - {person for person, deputy in pairs if deputy in absent})
