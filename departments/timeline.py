"""A measure's months as lines to draw over the year: the measure as a whole, then its milestones."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from departments.fiscal import MONTHS
from departments.models import Measure
from departments.wording import months_text


@dataclass(frozen=True)
class Line:
    """`months` says in words what `cells`, one for each fiscal month from April, show.

    `whole`: the line stands for the measure itself.
    """

    title: str
    months: str
    cells: list[bool]
    whole: bool = False


def timeline(measure: Measure) -> list[Line]:
    """The measure, then its milestones in the order of their months, which are fetched unless prefetched."""
    whole = _line(_("The whole measure"), measure.first_month, measure.last_month, whole=True)
    return [whole, *(_line(row.title, row.first_month, row.last_month) for row in measure.milestones.all())]


def _line(title: str, first: int, last: int, *, whole: bool = False) -> Line:
    cells = [first <= month <= last for month in MONTHS]
    return Line(title=title, months=months_text(first, last), cells=cells, whole=whole)
