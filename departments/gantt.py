"""A fiscal year as the width of a schedule chart (工程表): where its months, spans and days lie. Pure numbers.

Every x and width is in per cent of the year, 0 ≤ x ≤ 100, so that a drawing stretches to any width without a script.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from departments.fiscal import MONTHS, calendar_month

MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True)
class Span:
    """A stretch of the year: where it begins and how wide it is."""

    x: float
    width: float

    @property
    def end(self) -> float:
        return round(self.x + self.width, 2)

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)

    def part(self, per_cent: int) -> "Span":
        """The first so many per cent of it, 0 to 100."""
        return Span(self.x, round(self.width * per_cent / 100, 2))


@dataclass(frozen=True)
class Axis:
    """The days of one fiscal year from its first to its last, each as wide as the others."""

    fiscal_year: int

    @property
    def first(self) -> date:
        return date(self.fiscal_year, 4, 1)

    @property
    def last(self) -> date:
        return date(self.fiscal_year + 1, 3, 31)

    @property
    def months(self) -> list[Span]:
        """The twelve months, April first, without a gap."""
        return [self.span(month, month) for month in MONTHS]

    @property
    def quarters(self) -> list[Span]:
        return [self.span(month, month + 2) for month in MONTHS[::MONTHS_OF_A_QUARTER]]

    def span(self, first_month: int, last_month: int) -> Span:
        """From the first day of one fiscal month to the last day of another; 1 is April."""
        x = self.before(self._first_day(first_month))
        end = 100.0 if last_month == MONTHS[-1] else self.before(self._first_day(last_month + 1))
        return Span(x, round(end - x, 2))

    def before(self, day: date) -> float:
        """Where the day begins; days outside the year lie on its edges."""
        return self._share(day - self.first)

    def after(self, day: date) -> float:
        """Where the day ends: what holds as of a day stands here."""
        return self._share(day - self.first + timedelta(days=1))

    def today(self, on: date) -> float | None:
        """The middle of the day; None where the year has not begun or is over."""
        if not self.first <= on <= self.last:
            return None
        return round((self.before(on) + self.after(on)) / 2, 2)

    def _share(self, passed: timedelta) -> float:
        days = (self.last - self.first).days + 1
        return round(min(max(passed.days / days, 0.0), 1.0) * 100, 2)

    def _first_day(self, fiscal_month: int) -> date:
        month = calendar_month(fiscal_month)
        return date(self.fiscal_year if month >= self.first.month else self.fiscal_year + 1, month, 1)
