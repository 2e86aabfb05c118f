"""The days of a checkpoint together: their order, which of them are due days, and the season of a fiscal year."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise

from departments.fiscal import BusinessCalendar
from workflows.models import Checkpoint, Stage
from workflows.schedule import Days

IN_ORDER = ("opens_on", "submit_due", "review_due", "approve_due", "closes_on")
# By which day each stage is due. On these days somebody has to act, so the city hall has to be open on them.
DUE_OF = {Stage.PREPARE: "submit_due", Stage.REVIEW: "review_due", Stage.APPROVE: "approve_due"}


def season(fiscal_year: int) -> tuple[date, date]:
    """The first and the last day that a checkpoint of the year may have."""
    return date(fiscal_year, 4, 1), date(fiscal_year + 1, 6, 30)


def days_of(checkpoint: Checkpoint) -> Days:
    return Days(**{name: getattr(checkpoint, name) for name in Days.__dataclass_fields__})


def in_order(days: Days, place: Callable[[str, date], date], calendar: BusinessCalendar) -> Days:
    """Put each day where `place` puts the day of that name; later ones go on by business days where they collide.

    Steps that had days of their own keep them apart. `as_of` is a cut-off and stays.
    """
    found = {"as_of": days.as_of, "opens_on": place("opens_on", days.opens_on)}
    for before, name in pairwise(IN_ORDER):
        was, day = getattr(days, name), place(name, getattr(days, name))
        apart = was > getattr(days, before) and name != "closes_on"
        if day < found[before] or (apart and day == found[before]):
            day = calendar.add(found[before], 1) if apart else calendar.on_or_after(found[before])
        found[name] = day
    return Days(**found)
