"""Judging readings: one of each of the strategy's 26 indicators, and what must hold for any."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from departments.imports import import_strategy
from departments.judgement import GROWING, Judgement, Reading, judge, measured, share
from departments.models import Indicator, StepTarget
from departments.models.indicators import Direction, Kind, Step
from tests.departments.strategies import DEMO_FILE, make_demo_departments

YEAREND = Step.YEAREND


def number(text: str | int) -> Decimal:
    return Decimal(text)


def value(text: str | int) -> Reading:
    return Reading(value=number(text))


def ratio(numerator: str | int, denominator: str | int) -> Reading:
    return Reading(numerator=number(numerator), denominator=number(denominator))


def indicator(
    kind: str, target: str | int | None = None, direction: str = Direction.AT_LEAST, **steps: int
) -> Indicator:
    """One that was never saved, with its step targets as if prefetched."""
    made = Indicator(
        pk=1,
        code="1-1",
        kind=kind,
        direction=Direction.EXACTLY if kind == Kind.MILESTONE else direction,
        target=None if target is None else number(target),
    )
    rows = [StepTarget(step=step, target=number(text)) for step, text in steps.items()]
    made._prefetched_objects_cache = {"step_targets": rows}
    return made


# Each indicator of the strategy: a reading in 2Q and what it means, a reading at the year's end and what it means.
READINGS = {
    "1-1": (ratio(700, 1000), "behind", ratio(820, 1000), "achieved"),
    "1-2": (Reading(not_this_quarter=True), "not_applicable", ratio(6, 10), "missed"),
    "2-1": (Reading(not_this_quarter=True), "not_applicable", ratio(61, 1200), "missed"),  # 5.08 %
    "2-2": (ratio(45, 48), "on_track", ratio(90, 100), "achieved"),
    "3-1": (Reading(), "computed", ratio(4, 5), "achieved"),
    "4-1": (value(3), "achieved", value(2), "missed"),
    "4-2": (value(64), "on_track", value(100), "achieved"),
    "5-1": (value(0), "behind", value(5), "achieved"),
    "5-2": (value(6), "achieved", value(6), "achieved"),
    "5-3": (value(22), "on_track", value(19), "missed"),  # a level can fall again
    "5-4": (value("143.99"), "on_track", value(144), "achieved"),
    "6-1": (Reading(done=False), "in_progress", Reading(done=True), "achieved"),
    "6-2": (value(0), "on_track", value(0), "achieved"),
    "6-3": (ratio(35, 40), "behind", ratio("36.12", 40), "achieved"),  # 90.30 %
    "7-1": (ratio(900, 1000), "on_track", ratio(999, 1000), "missed"),
    "7-2": (value(1), "in_progress", value(2), "achieved"),
    "7-3": (value(1), "missed", value(1), "missed"),
    "7-4": (value(5), "on_track", value(5), "achieved"),
    "8-1": (Reading(), "not_yet", value(4), "missed"),
    "8-2": (ratio(30, 122), "on_track", ratio(86, 122), "achieved"),  # 70.49 %
    "9-1": (ratio(12, 12), "on_track", ratio(12, 12), "achieved"),
    "9-2": (ratio(1500, 2000), "in_progress", ratio(1999, 2000), "missed"),
    "9-3": (value(5), "achieved", value(5), "achieved"),
    "10-1": (value(2), "on_track", value(3), "achieved"),
    "10-2": (value(0), "in_progress", value(0), "missed"),
    "11-1": (Reading(), "computed", ratio(84, 100), "missed"),
}


@pytest.mark.django_db
def test_every_indicator_of_the_strategy_is_judged():
    make_demo_departments()
    import_strategy(DEMO_FILE)
    rows = {row.code: row for row in Indicator.objects.prefetch_related("step_targets")}
    assert set(rows) == set(READINGS)
    judged = {
        code: (judge(rows[code], in_2q, Step.Q2).value, judge(rows[code], at_end, YEAREND).value)
        for code, (in_2q, _said, at_end, _said_at_end) in READINGS.items()
    }
    assert judged == {code: (reading[1], reading[3]) for code, reading in READINGS.items()}


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ("1", "3", "33.33"),
        ("2", "3", "66.67"),
        ("1", "800", "0.13"),  # 0.125 rounds up
        ("819949", "1000000", "81.99"),
        ("819950", "1000000", "82.00"),
        ("0", "5", "0.00"),
        ("3", "2", "150.00"),
    ],
)
def test_a_share_is_rounded_half_up_to_two_decimals(numerator, denominator, expected):
    assert str(share(number(numerator), number(denominator))) == expected


@pytest.mark.parametrize(
    "reading", [Reading(), ratio(1, 0), Reading(numerator=number(1)), Reading(denominator=number(2))]
)
def test_a_share_without_both_numbers_is_not_entered(reading):
    assert measured(indicator(Kind.RATIO, 80), reading) is None
    assert judge(indicator(Kind.RATIO, 80), reading, YEAREND) == Judgement.NOT_YET


def test_a_typed_share_counts_for_nothing():
    assert judge(indicator(Kind.RATIO, 80), value(99), YEAREND) == Judgement.NOT_YET


@pytest.mark.parametrize(("typed", "expected"), [(87, "behind"), (88, "on_track"), (95, "on_track")])
def test_before_the_years_end_a_step_target_decides(typed, expected):
    made = indicator(Kind.LEVEL, 90, q2=88)
    assert judge(made, value(typed), Step.Q2) == expected
    assert judge(made, value(typed), Step.Q3) == Judgement.IN_PROGRESS


def test_a_growing_count_that_reached_its_target_is_done_whatever_the_step_says():
    assert judge(indicator(Kind.COUNT, 5, q2=7), value(5), Step.Q2) == Judgement.ACHIEVED
    assert judge(indicator(Kind.COUNT, 5, q2=3), value(2), Step.Q2) == Judgement.BEHIND


@pytest.mark.parametrize(
    ("typed", "step", "expected"),
    [
        (0, Step.Q1, "on_track"),
        (3, Step.Q3, "on_track"),
        (4, Step.Q1, "missed"),
        (3, YEAREND, "achieved"),
        (4, YEAREND, "missed"),
    ],
)
def test_a_ceiling_once_broken_is_missed(typed, step, expected):
    assert judge(indicator(Kind.CEILING, 3, Direction.AT_MOST), value(typed), step) == expected


def test_a_ceiling_may_be_used_up_too_fast():
    made = indicator(Kind.CEILING, 10, Direction.AT_MOST, q1=2)
    assert judge(made, value(3), Step.Q1) == Judgement.BEHIND


@pytest.mark.parametrize(
    ("done", "step", "expected"),
    [
        (None, Step.Q1, "not_yet"),
        (False, Step.Q1, "in_progress"),
        (True, Step.Q1, "achieved"),
        (False, YEAREND, "missed"),
        (True, YEAREND, "achieved"),
    ],
)
def test_a_milestone(done, step, expected):
    assert judge(indicator(Kind.MILESTONE), Reading(done=done), step) == expected


KINDS = st.sampled_from([kind for kind in Kind if kind not in (Kind.MILESTONE, Kind.DERIVED)])
NUMBERS = st.decimals(min_value=0, max_value=10000, places=2)
READING = st.builds(
    Reading,
    value=st.none() | NUMBERS,
    numerator=st.none() | NUMBERS,
    denominator=st.none() | NUMBERS,
    done=st.none() | st.booleans(),
    not_this_quarter=st.booleans(),
)


@st.composite
def indicators(draw):
    kind = draw(st.sampled_from(Kind))
    if kind == Kind.MILESTONE:
        return indicator(kind)
    at_most = kind == Kind.CEILING or draw(st.booleans())
    steps = draw(st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), NUMBERS))
    return indicator(kind, draw(NUMBERS), Direction.AT_MOST if at_most else Direction.AT_LEAST, **steps)


@given(indicators(), READING, st.sampled_from(Step))
def test_every_reading_has_a_judgement(made, reading, step):
    assert judge(made, reading, step) in Judgement


@given(indicators(), READING)
def test_the_years_end_leaves_nothing_open(made, reading):
    open_ended = {Judgement.ON_TRACK, Judgement.IN_PROGRESS, Judgement.BEHIND}
    assert judge(made, reading, YEAREND) not in open_ended


@given(indicators(), READING, st.sampled_from(Step))
def test_the_judgement_agrees_with_the_number_on_the_page(made, reading, step):
    """Achieved and missed always mean that the shown number meets the target or does not."""
    shown, verdict = measured(made, reading), judge(made, reading, step)
    if made.is_milestone or verdict not in (Judgement.ACHIEVED, Judgement.MISSED):
        return
    met = shown <= made.target if made.direction == Direction.AT_MOST else shown >= made.target
    assert met == (verdict == Judgement.ACHIEVED)


@given(st.sampled_from(GROWING), NUMBERS, NUMBERS, NUMBERS, st.booleans())
def test_what_only_grows_is_never_unsettled_again(kind, target, now, more, at_most):
    direction = Direction.AT_MOST if at_most or kind == Kind.CEILING else Direction.AT_LEAST
    made = indicator(kind, target, direction)
    early = judge(made, Reading(value=now), Step.Q1)
    late = judge(made, Reading(value=now + more), YEAREND)
    if early in (Judgement.ACHIEVED, Judgement.MISSED):
        assert late == early


@given(KINDS, NUMBERS, NUMBERS, NUMBERS)
def test_more_is_never_worse_where_the_target_is_a_least(kind, target, value_now, more):
    made = indicator(kind, target)
    if made.is_share:
        readings = [Reading(numerator=n, denominator=number(100)) for n in (value_now, value_now + more)]
    else:
        readings = [Reading(value=n) for n in (value_now, value_now + more)]
    before, after = (judge(made, reading, YEAREND) for reading in readings)
    assert not (before == Judgement.ACHIEVED and after == Judgement.MISSED)
