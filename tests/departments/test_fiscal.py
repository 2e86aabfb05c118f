"""The fiscal year and the business-day calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from departments.fiscal import (
    MONTHS,
    BusinessCalendar,
    calendar_month,
    era_year,
    fiscal_year_label,
    fiscal_year_of,
    wareki,
)
from departments.models import CalendarDay

PLAIN = BusinessCalendar()
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_a_year_runs_from_april_to_march(day, year):
    assert fiscal_year_of(day) == year


def test_months_of_the_wall_calendar():
    assert [calendar_month(month) for month in MONTHS] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 10, 7), "令和8年10月7日(水)"),
        (date(2019, 5, 1), "令和元年5月1日(水)"),
        (date(2019, 4, 30), "平成31年4月30日(火)"),
        (date(1989, 1, 7), "昭和64年1月7日(土)"),
    ],
)
def test_days_are_said_in_the_era(day, text):
    assert wareki(day) == text


def test_years_are_said_in_the_era():
    assert [fiscal_year_label(year) for year in (2018, 2019, 2026)] == ["平成30年度", "令和元年度", "令和8年度"]


def test_there_is_no_era_before_showa():
    with pytest.raises(ValueError, match="1926"):
        era_year(date(1926, 12, 24))


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 11, 24), True),  # Tuesday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 9, 22), False),  # between two holidays, so one as well
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2027, 1, 3), False),
        (date(2027, 1, 4), True),
    ],
)
def test_business_days(day, open_):
    assert PLAIN.is_business_day(day) == open_


@pytest.mark.django_db
def test_the_citys_own_table_wins():
    CalendarDay.objects.create(day=date(2026, 11, 24), name="庁舎点検")
    CalendarDay.objects.create(day=date(2026, 11, 28), name="休日開庁", is_open=True)
    calendar = CalendarDay.objects.calendar()
    assert [calendar.is_business_day(date(2026, 11, day)) for day in (24, 25, 28, 29)] == [False, True, True, False]


def test_counting_over_the_new_year():
    assert PLAIN.add(date(2026, 12, 28), 1) == date(2027, 1, 4)
    assert PLAIN.add(date(2027, 1, 4), -1) == date(2026, 12, 28)
    assert PLAIN.add(date(2026, 12, 30), 5) == date(2027, 1, 8)
    assert PLAIN.between(date(2026, 12, 28), date(2027, 1, 5)) == 2
    assert PLAIN.on_or_after(date(2026, 12, 29)) == date(2027, 1, 4)


@given(DAYS, st.integers(1, 30))
def test_adding_and_counting_agree(day, count):
    later = PLAIN.add(day, count)
    assert PLAIN.is_business_day(later)
    assert PLAIN.between(day, later) == count
    assert PLAIN.between(later, day) == -count


@given(DAYS, st.integers(1, 30))
def test_there_and_back_again(day, count):
    start = PLAIN.on_or_after(day)
    assert PLAIN.add(PLAIN.add(start, count), -count) == start


@given(DAYS, st.integers(0, 40))
def test_days_in_between_add_up(day, length):
    end, middle = day + timedelta(days=length), day + timedelta(days=length // 2)
    assert PLAIN.between(day, middle) + PLAIN.between(middle, end) == PLAIN.between(day, end)
