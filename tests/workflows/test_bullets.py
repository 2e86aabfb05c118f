"""The bullet chart: nothing outside the box, everything in the order of its numbers, whatever is measured."""

from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from departments.judgement import Judgement, Reading
from departments.models import Indicator
from workflows.bullets import Bullet, Measured, bullet, round_up
from workflows.charts import WIDTH, stacked

NUMBERS = st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2)
SMALL = st.decimals(min_value=0, max_value=150, places=1)
AMOUNTS = st.one_of(st.just(Decimal(0)), SMALL, NUMBERS)


def drawn(
    reading: Reading, judgement: Judgement = Judgement.IN_PROGRESS, step: Decimal | None = None, **fields: Any
) -> Bullet:
    values = {"kind": "count", "direction": "at_least", "unit": "件", "target": Decimal(5), **fields}
    return bullet(Measured(Indicator(code="1-1", title="指標", **values), reading, step, judgement), "b1")


@given(
    value=st.none() | AMOUNTS,
    target=AMOUNTS,
    step=st.none() | AMOUNTS,
    baseline=st.none() | AMOUNTS,
    direction=st.sampled_from(["at_least", "at_most"]),
    unit=st.sampled_from(["%", "件"]),
)
def test_everything_lies_inside_and_in_order(
    value: Decimal | None,
    target: Decimal,
    step: Decimal | None,
    baseline: Decimal | None,
    direction: str,
    unit: str,
) -> None:
    found = drawn(
        Reading(value=value),
        target=target,
        step=step,
        baseline=baseline,
        baseline_year=None if baseline is None else 2025,
        direction=direction,
        unit=unit,
    )
    marks = [(target, found.target), (step, found.step), (baseline, found.baseline)]
    placed = sorted((number, mark.x) for number, mark in marks if number is not None and mark is not None)
    places = [x for _number, x in placed]
    assert all(0 < x < WIDTH for x in places)
    assert places == sorted(places)
    assert (found.bar is None) == (value is None)
    assert 0 <= found.good_from <= found.good_from + found.good_width <= WIDTH
    if value is not None and found.bar is not None:
        assert 0 <= found.bar <= WIDTH
        assert not found.over or found.bar == WIDTH
        met = value <= target if direction == "at_most" else value >= target
        ends_in_good = found.good_from <= found.bar <= found.good_from + found.good_width
        assert ends_in_good or not met


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("1e12"), places=2))
def test_a_scale_ends_round_and_not_far_away(number: Decimal) -> None:
    assert number <= round_up(number) <= number * 2


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=12))
def test_a_stack_has_no_gap_and_ends_at_its_width(counts: list[int]) -> None:
    pieces = list(stacked(counts, sum(counts)))
    assert len(pieces) == len(counts)
    for before, after in zip(pieces, pieces[1:], strict=False):
        assert before.x + before.width == pytest.approx(after.x)
    assert sum(piece.width for piece in pieces) == pytest.approx(WIDTH if any(counts) else 0)


SHARE = {"kind": "ratio", "unit": "%"}
ZERO = {"kind": "ceiling", "direction": "at_most", "target": Decimal(0)}
MILESTONE = {"kind": "milestone", "direction": "exactly", "unit": "", "target": None}


@pytest.mark.parametrize(
    ("fields", "reading", "bar", "target", "good", "end"),
    [
        ({**SHARE, "target": Decimal(80)}, Reading(numerator=Decimal(1), denominator=Decimal(2)), 160, 256, 256, ""),
        ({**SHARE, "target": Decimal(100)}, Reading(numerator=Decimal(3), denominator=Decimal(2)), 320, 213.3, 213.3,
         "150%"),
        ({}, Reading(value=Decimal(3)), 120, 200, 200, "8件"),
        ({}, Reading(value=Decimal(9999)), 320, 106.7, 106.7, "15件"),
        ({"unit": "%", "direction": "at_most"}, Reading(value=Decimal(4)), 160, 200, 0, "8%"),
        (ZERO, Reading(value=Decimal(0)), 0, 2, 0, "5件"),
        (ZERO, Reading(value=Decimal(2)), 128, 2, 0, "5件"),
        (MILESTONE, Reading(done=False), 0, 318, 320, ""),
        (MILESTONE, Reading(done=True), 320, 318, 320, ""),
        ({}, Reading(), None, 200, 200, "8件"),
        ({}, Reading(not_this_quarter=True), None, 200, 200, "8件"),
    ],
)  # fmt: skip
def test_each_kind_has_its_scale(
    fields: dict[str, Any], reading: Reading, bar: float | None, target: float, good: float, end: str
) -> None:
    found = drawn(reading, **fields)
    assert (found.bar, found.target.x, found.good_from, found.end) == (bar, target, good, end)


def test_its_words_say_all_that_it_shows() -> None:
    with override("ja"):
        found = drawn(
            Reading(numerator=Decimal(71), denominator=Decimal(1386)),
            Judgement.BEHIND,
            step=Decimal(6),
            kind="survey",
            direction="at_most",
            unit="%",
            baseline=Decimal("6.7"),
            baseline_year=2025,
        )
    assert found.description == (
        "実績値: 5.12% (71 ÷ 1,386) / 目標: 5%以下(令和7年度 6.7%) / この時点の目標: 6% / 令和7年度: 6.7% / 判定: 遅れ"
    )


def test_the_drawing_has_no_style_and_names_itself() -> None:
    html = render_to_string("workflows/_bullet.html", {"bullet": drawn(Reading(value=Decimal(3)), step=Decimal(2))})
    assert "style=" not in html
    assert 'aria-labelledby="b1-title b1-desc"' in html
    assert '<title id="b1-title">1-1 指標</title>' in html
