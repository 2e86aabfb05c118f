"""The days of a fiscal year on which the city is closed or open against what weekdays say, for the calendar's page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from departments.fiscal import fiscal_year_of, national_holidays
from departments.models import CalendarDay
from departments.wording import days_text
from departments.years import year_label
from workflows.years import FIRST, LAST, YearTab


class DayKind(models.TextChoices):
    HOLIDAY = "holiday", gettext_lazy("National holiday")
    YEAR_END = "year_end", gettext_lazy("Year-end and New Year")
    CLOSED = "closed", pgettext_lazy("calendar", "Closed")
    OPEN = "open", pgettext_lazy("calendar", "Open")

    @property
    def is_own(self) -> bool:
        """Whether it stands in the city's own table."""
        return self in (DayKind.CLOSED, DayKind.OPEN)


class YearDay(NamedTuple):
    first: date
    last: date
    kind: DayKind
    name: str

    @property
    def text(self) -> str:
        return days_text(self.first, self.last)


@dataclass(frozen=True)
class CalendarYear:
    """What counts in a fiscal year: its days that are unlike other weekdays, and how many business days it has."""

    year: int
    days: list[YearDay]
    business_days: int


def calendar_year(fiscal_year: int) -> CalendarYear:
    """A day of the city's own table stands for what it would be otherwise, with the holiday's name in brackets."""
    first, last = date(fiscal_year, 4, 1), date(fiscal_year + 1, 3, 31)
    holidays = dict(national_holidays(first, last))
    year_end = date(fiscal_year, 12, 29), date(fiscal_year + 1, 1, 3)
    found = {day: YearDay(day, day, DayKind.HOLIDAY, name) for day, name in holidays.items()}
    for own in CalendarDay.objects.filter(day__range=(first, last)):
        name = f"{own.name} ({holidays[own.day]})" if own.day in holidays else own.name
        found[own.day] = YearDay(own.day, own.day, DayKind.OPEN if own.is_open else DayKind.CLOSED, name)
    days = sorted([*found.values(), YearDay(*year_end, DayKind.YEAR_END, _("No city hall is open."))])
    counted = CalendarDay.objects.calendar().between(first - timedelta(days=1), last)
    return CalendarYear(fiscal_year, days, counted)


def calendar_tabs(shown: int, on: date) -> list[YearTab]:
    """This year and the next, the shown one, and those in which the city's table has days, oldest first."""
    years = {fiscal_year_of(day) for day in CalendarDay.objects.values_list("day", flat=True)}
    years |= {fiscal_year_of(on), fiscal_year_of(on) + 1, shown}
    return [YearTab(year, year_label(year), year == shown) for year in sorted(years) if FIRST <= year <= LAST]
