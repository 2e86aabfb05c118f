"""The year as a chart's width: every bar lies in it, whatever months, days and years there are."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from departments.fiscal import MONTHS, calendar_month
from departments.gantt import Axis

YEARS = st.integers(2019, 2998)
MONTH = st.sampled_from(MONTHS)
# A hundredth of a per cent is lost in rounding.
CLOSE = 0.011


@given(YEARS, MONTH, MONTH, st.integers(0, 100))
def test_a_bar_lies_within_the_year_and_its_filled_part_within_the_bar(
    year: int, one: int, other: int, per_cent: int
) -> None:
    first, last = sorted((one, other))
    bar = Axis(year).span(first, last)
    assert 0 <= bar.x < bar.end <= 100
    done = bar.part(per_cent)
    assert (done.x, 0 <= done.width <= bar.width) == (bar.x, True)
    assert (done.width == 0) == (per_cent == 0)


@given(YEARS)
def test_twelve_months_from_april_to_march_fill_the_year_without_a_gap(year: int) -> None:
    axis = Axis(year)
    months = axis.months
    assert (len(months), months[0].x, months[-1].end) == (12, 0.0, 100.0)
    assert all(abs(before.end - after.x) < CLOSE for before, after in pairwise(months))
    assert [calendar_month(month) for month in MONTHS] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]
    assert [quarter.x for quarter in axis.quarters] == [month.x for month in months[::3]]
    assert axis.quarters[-1].end == 100.0


@given(YEARS, MONTH)
def test_one_month_is_as_wide_as_its_days(year: int, month: int) -> None:
    axis = Axis(year)
    days = (axis.last - axis.first).days + 1
    first = date(year if calendar_month(month) >= 4 else year + 1, calendar_month(month), 1)
    length = ((first + timedelta(days=31)).replace(day=1) - first).days
    assert abs(axis.span(month, month).width - length / days * 100) < CLOSE


def test_the_whole_year_is_the_whole_width() -> None:
    assert (Axis(2026).span(1, 12).x, Axis(2026).span(1, 12).width) == (0.0, 100.0)


def test_a_leap_day_makes_february_wider_and_lies_at_its_end() -> None:
    common, leap = Axis(2026), Axis(2027)
    assert leap.months[10].width > common.months[10].width
    assert leap.after(date(2028, 2, 29)) == leap.months[10].end == leap.before(date(2028, 3, 1))


@given(YEARS, st.dates(date(2018, 1, 1), date(2999, 12, 31)))
def test_days_outside_the_year_stand_at_its_edges_and_today_nowhere(year: int, day: date) -> None:
    axis = Axis(year)
    within = axis.first <= day <= axis.last
    assert 0 <= axis.before(day) <= axis.after(day) <= 100
    assert (axis.today(day) is not None) == within
    if within:
        assert axis.before(day) < axis.today(day) < axis.after(day)
    else:
        assert axis.before(day) == axis.after(day) == (0 if day < axis.first else 100)


@given(st.dates(date(2019, 4, 1), date(2998, 3, 30)))
def test_days_follow_each_other(day: date) -> None:
    axis = Axis(day.year if day.month >= 4 else day.year - 1)
    assert axis.before(day) < axis.after(day) <= axis.after(day + timedelta(days=1))
