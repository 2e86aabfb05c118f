"""The fiscal year and the business-day calendar: pure dates, no Django.

A fiscal year (年度) runs from 1 April to 31 March and is named by the year it starts in: 2026 is 令和8年度.
Months inside it are counted from 1 (April) to 12 (March).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import jpholiday

ERAS = ((date(2019, 5, 1), "令和"), (date(1989, 1, 8), "平成"), (date(1926, 12, 25), "昭和"))
WEEKDAYS = "月火水木金土日"
MONTHS = range(1, 13)


def fiscal_year_of(day: date) -> int:
    """The fiscal year (年度) that `day` falls in."""
    return day.year if day.month >= 4 else day.year - 1


def calendar_month(fiscal_month: int) -> int:
    """The month on the wall of a fiscal month: 1 → 4 (April), 12 → 3 (March)."""
    return (fiscal_month + 2) % 12 + 1


def era_year(day: date) -> tuple[str, int]:
    """The era (元号) of `day` and the year in it: 2026-10-07 → ('令和', 8).

    Raises ValueError before 昭和, for which this system has no use.
    """
    for start, name in ERAS:
        if day >= start:
            return name, day.year - start.year + 1
    raise ValueError(f"no era for {day}")


def fiscal_year_label(fiscal_year: int) -> str:
    """2026 → '令和8年度'."""
    name, year = era_year(date(fiscal_year, 5, 1))
    return f"{name}{'元' if year == 1 else year}年度"


def wareki(day: date) -> str:
    """2026-10-07 → '令和8年10月7日(水)'."""
    name, year = era_year(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def year_after(day: date, years: int = 1) -> date:
    """The same day so many years on; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def is_year_end(day: date) -> bool:
    """Whether it is one of the days from 29 December to 3 January, on which no city hall is open (年末年始)."""
    return (day.month == 12 and day.day >= 29) or (day.month == 1 and day.day <= 3)


def national_holidays(first: date, last: date) -> list[tuple[date, str]]:
    """The national holidays (国民の祝日・休日) from the first to the last day, with their names."""
    return jpholiday.between(first, last)


@dataclass(frozen=True)
class BusinessCalendar:
    """Business days (営業日): not weekends, national holidays, 12/29–1/3 or the city's own closing days.

    `closed` and `opened` are the city's own table; they win over everything else.
    """

    closed: frozenset[date] = field(default_factory=frozenset)
    opened: frozenset[date] = field(default_factory=frozenset)

    def is_business_day(self, day: date) -> bool:
        if day in self.opened:
            return True
        if day in self.closed or day.weekday() >= 5:
            return False
        return not is_year_end(day) and not jpholiday.is_holiday(day)

    def add(self, day: date, count: int) -> date:
        """`count` business days after `day` (before it, when negative); `day` itself need not be one."""
        step = timedelta(days=1 if count >= 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_business_day(day):
                day += step
        return day

    def on_or_after(self, day: date) -> date:
        """`day` if it is a business day, else the next one."""
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        """`day` if it is a business day, else the one before."""
        while not self.is_business_day(day):
            day -= timedelta(days=1)
        return day

    def between(self, start: date, end: date) -> int:
        """Business days after `start` up to and with `end`; negative when `end` lies before `start`.

        0 means the same day; a Friday to the next Monday is 1.
        """
        if end < start:
            return -self.between(end, start)
        return sum(self.is_business_day(day) for day in _days_after(start, end))


def _days_after(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
