"""Whether the board has changed since a page was made: two queries that count, for whoever has it open all day."""

from datetime import date
from hashlib import blake2s

from departments.access import Rights, rights
from departments.models import User
from workflows.access import board_departments
from workflows.models import Checkpoint, Event


def board_version(user: User, year: int, on: date) -> str:
    """Stands for all that the board of the year shows to the person on the day but the names of people and departments.

    Whatever happens to a review is an event, and none is ever removed: so it is enough to count them.
    """
    known = rights(user, on)
    events = Event.objects.filter(plan__fiscal_year=year, plan__department__in=board_departments(user, on))
    days = ("opened_at", "closed_at", "submit_due", "review_due", "approve_due")
    granted = [_sorted(each) for each in (known, *(mandate.rights for mandate in known.mandates))]
    parts = (on, granted, events.count(), list(Checkpoint.objects.of_year(year).values_list(*days)))
    return blake2s(repr(parts).encode(), digest_size=8).hexdigest()


def _sorted(known: Rights) -> list[tuple[str, list[int]]]:
    return sorted((permission, sorted(places)) for permission, places in known.granted.items())
