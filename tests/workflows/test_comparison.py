"""A report beside its last round or the quarter before: what is marked, what moved, and who sees it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from departments.models import ActionPlan, Indicator
from departments.models.indicators import Direction, Kind
from tests.factories import make_indicator
from tests.workflows.cast import Cast
from tests.workflows.moves import NOW, entries, now_of, opened, save, take
from tests.workflows.pages import page_of, text_of
from workflows.access import Action
from workflows.bullets import Measured, measured_then
from workflows.comparison import trend_of
from workflows.content import review_content
from workflows.dossier import open_dossier
from workflows.draft import read_draft
from workflows.models import CheckpointKind, Review
from workflows.services.drafts import IndicatorEntry

pytestmark = pytest.mark.usefixtures("clock")

BEFORE = "窓口の案内を見直し、予約の受付を始めた。"


@pytest.fixture
def indicator(plan: ActionPlan) -> Indicator:
    return make_indicator("M1-1", measure=plan.measures.get(), kind=Kind.LEVEL, unit="分", target=Decimal(15))


def reported(plan: ActionPlan, cast: Cast, kind: str, value: int, progress: str, done: str) -> Review:
    (review,) = opened(plan, kind=kind)
    again(review, cast, value, progress, done)
    return now_of(review)


def again(review: Review, cast: Cast, value: int, progress: str, done: str) -> None:
    values = {found.pk: IndicatorEntry(value=Decimal(value)) for found in Indicator.objects.all()}
    measures = entries(review, progress, done)
    measures = {pk: replace(entry, issue="人手", next_step="増員") for pk, entry in measures.items()}
    save(review, cast.editor, measures=measures, indicators=values)
    take(Action.SUBMIT, review, cast.lead)


@pytest.fixture
def quarter(plan: ActionPlan, cast: Cast, indicator: Indicator) -> Review:
    """The second quarter, after a first one in which all went to plan."""
    reported(plan, cast, CheckpointKind.Q1, 10, "on_plan", BEFORE)
    return reported(plan, cast, CheckpointKind.Q2, 7, "on_plan", f"{BEFORE}十月から三か所に広げる。")


def returned_and_again(review: Review, cast: Cast) -> Review:
    take(Action.RETURN, review, cast.reviewer)
    again(review, cast, 8, "late", f"{BEFORE}十月から五か所に広げる。")
    return now_of(review)


def test_the_first_round_stands_beside_the_quarter_before(cast: Cast, quarter: Review) -> None:
    page = page_of(cast.reviewer, "review", quarter.pk)
    text = text_of(page)
    assert "項目 第1回提出 1Q進捗確認(承認前) 取組の状況" in text
    assert f"{BEFORE}<ins>十月から三か所に広げる。</ins>" in page.content.decode()
    assert "前の四半期から ↓ 悪化 −3分" in text
    assert "とくらべる" not in text  # there is one alone
    assert "課題 人手 同じ" in text


def test_an_approved_quarter_is_called_so(cast: Cast, quarter: Review) -> None:
    first = Review.objects.get(checkpoint__kind=CheckpointKind.Q1)
    take(Action.PASS, first, cast.reviewer)
    take(Action.APPROVE, first, cast.approver)
    assert "1Q進捗確認(承認済)" in text_of(page_of(cast.reviewer, "review", quarter.pk))


def test_a_later_round_stands_beside_either(cast: Cast, quarter: Review) -> None:
    review = returned_and_again(quarter, cast)
    text = text_of(page_of(cast.reviewer, "review", review.pk))
    assert "第1回提出とくらべる 1Q進捗確認(承認前)とくらべる" in text
    assert "項目 第2回提出 第1回提出 進捗区分 × 遅れ 50% ○ 計画どおり 50%" in text
    assert "前の四半期から悪化 1件" in text
    assert "↓ 悪化 計画どおりから 文章1か所 ↓ 悪化 計画どおりから" in text
    for query, before in (("quarter", "1Q進捗確認(承認前)"), ("round", "第1回提出"), ("nonsense", "第1回提出")):
        page = page_of(cast.reviewer, "review", review.pk, query=f"?against={query}")
        assert f"項目 第2回提出 {before}" in text_of(page), query
    for name, args, first in (("review_round", (2,), "第2回提出"), ("review_round", (1,), "第1回提出")):
        assert f"項目 {first} 1Q進捗" in text_of(page_of(cast.lead, name, review.pk, *args, query="?against=quarter"))


def test_marks_are_for_a_text_that_was_mended_not_for_another_one(cast: Cast, quarter: Review) -> None:
    take(Action.RETURN, quarter, cast.reviewer)
    again(quarter, cast, 7, "on_plan", "庁内の研修を終えた。")
    for against, marked in (("round", True), ("quarter", False)):
        page = page_of(cast.reviewer, "review", quarter.pk, query=f"?against={against}").content.decode()
        assert ("<del>" in page) == marked, against


def test_who_reads_what_is_approved_alone_sees_nothing_to_compare_with(cast: Cast, quarter: Review) -> None:
    review = returned_and_again(quarter, cast)
    take(Action.PASS, review, cast.reviewer)
    take(Action.APPROVE, review, cast.approver)
    for query in ("", "?against=round", "?against=quarter"):
        text = text_of(page_of(cast.executive, "review", review.pk, query=query))
        assert "五か所に広げる" in text
        for hidden in ("三か所", "1Q進捗確認", "第1回提出", "悪化"):
            assert hidden not in text


def test_what_stands_side_by_side_is_told_no_second_time(cast: Cast, plan: ActionPlan, quarter: Review) -> None:
    measure = plan.measures.get()
    measure.goal = "待ち時間を半分にする"
    measure.save(update_fields=["goal"])
    review = returned_and_again(quarter, cast)
    dossier = open_dossier(review, cast.reviewer, NOW.date())
    assert dossier.comparison is not None
    assert [row.label for row in dossier.comparison.rest] == ["1 施策1 › 年度の目標"]
    assert "そのほかに前回の提出から変わったところ" in text_of(page_of(cast.reviewer, "review", review.pk))


@pytest.mark.parametrize(
    ("kind", "direction", "unit", "values", "said"),
    [
        (Kind.LEVEL, Direction.AT_LEAST, "人", (10, 13), ("green", "↑", "改善 +3人")),
        (Kind.LEVEL, Direction.AT_MOST, "分", (10, 13), ("red", "↑", "悪化 +3分")),
        (Kind.LEVEL, Direction.AT_MOST, "分", (10, 7), ("green", "↓", "改善 −3分")),
        (Kind.LEVEL, Direction.AT_LEAST, "%", (10, 7), ("red", "↓", "悪化 −3ポイント")),
        (Kind.CUMULATIVE, Direction.AT_LEAST, "人", (10, 13), ("gray", "↑", "+3人")),
        (Kind.LEVEL, Direction.AT_LEAST, "人", (10, 10), ("gray", "→", "横ばい")),
        (Kind.LEVEL, Direction.AT_LEAST, "人", (None, 10), None),
    ],
)
def test_how_a_value_moved(
    quarter: Review, kind: str, direction: str, unit: str, values: tuple[int | None, int], said: object
) -> None:
    Indicator.objects.update(kind=kind, direction=direction, unit=unit)
    content = review_content(quarter, read_draft(quarter))["indicators"][0]
    before, now = (measured_as(content, value) for value in values)
    found = trend_of(now, before)
    assert (found and (found.tone, found.glyph, found.text)) == said


def measured_as(entry: dict[str, object], value: int | None) -> Measured:

    return measured_then({**entry, "value": value and str(value)})
