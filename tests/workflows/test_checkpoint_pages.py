"""チェックポイント: everybody reads the year's calendar; administrators add, move, open and close, each asked first."""

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, User
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import closed, make_checkpoint, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import ROUNDS, Checkpoint, CheckpointKind, Review, Stage
from workflows.schedule import Days, proposed_days

pytestmark = pytest.mark.usefixtures("clock")

DAYS = {
    "as_of": "2026-09-30",
    "opens_on": "2026-10-01",
    "submit_due": "2026-10-15",
    "review_due": "2026-10-26",
    "approve_due": "2026-11-02",
    "closes_on": "2026-12-28",
}


def post(user: User, name: str, *args: object, query: str = "", **data: Any) -> HttpResponse:
    return logged_in(user).post(reverse(name, args=args) + query, data, follow=True)


def test_everybody_reads_the_calendar(cast: Cast) -> None:
    make_checkpoint()
    for user in (cast.editor, cast.executive, cast.stranger):
        page = page_of(user, "checkpoints")
        assert "提出期限 令和8年10月14日(水)" in text_of(page)
        assert "チェックポイントを追加" not in text_of(page)


def test_the_upkeep_is_not_there_for_others(cast: Cast) -> None:
    checkpoint = make_checkpoint()
    for user in (cast.lead, cast.reviewer, cast.approver, cast.auditor, cast.superuser):
        assert page_of(user, "checkpoint_add").status_code == 404
        for name in ("checkpoint_edit", "checkpoint_open", "checkpoint_close"):
            assert page_of(user, name, checkpoint.pk).status_code == 404
            assert post(user, name, checkpoint.pk, sure="on", **DAYS).status_code == 404
    assert Checkpoint.objects.get().opened_at is None


# ---- adding


@given(year=st.integers(2019, 2060), kind=st.sampled_from(ROUNDS))
def test_proposed_days_keep_every_rule(year: int, kind: CheckpointKind) -> None:
    calendar = BusinessCalendar()
    days = proposed_days(year, kind, calendar)
    order = [days.opens_on, days.submit_due, days.review_due, days.approve_due, days.closes_on]
    assert order == sorted(order)
    assert all(calendar.is_business_day(day) for day in order)
    assert date(year, 4, 1) <= min(days.as_of, *order)
    assert max(order) <= date(year + 1, 6, 30)


def test_the_next_missing_checkpoint_is_proposed(cast: Cast) -> None:
    make_checkpoint(CheckpointKind.PLAN)
    page = page_of(cast.administrator, "checkpoint_add")
    assert "令和8年度 1Q進捗確認" in text_of(page)
    assert 'value="2026-07-15"' in page.content.decode()


def test_a_full_year_is_followed_by_the_next(cast: Cast) -> None:
    for kind in ROUNDS:
        make_checkpoint(kind)
    assert "令和9年度 計画策定" in text_of(page_of(cast.administrator, "checkpoint_add"))


def test_a_checkpoint_is_added_once(cast: Cast) -> None:
    query = "?year=2026&kind=q2"
    response = post(cast.administrator, "checkpoint_add", query=query, **DAYS)
    assert "令和8年度 2Q進捗確認を追加しました。まだ開始していません。" in text_of(response)
    second = post(cast.administrator, "checkpoint_add", query=query, **DAYS)
    assert "この年度には、このチェックポイントがすでにあります。" in text_of(second)
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "day", "sentence"),
    [
        ("submit_due", "2026-10-12", "この日は閉庁日です。次の営業日は令和8年10月13日(火)です。"),
        ("review_due", "2026-10-31", "この日は閉庁日です。次の営業日は令和8年11月2日(月)です。"),
        ("submit_due", "2026-09-30", "「開始日」以降の日にしてください。"),
        ("closes_on", "2026-10-30", "「承認期限」以降の日にしてください。"),
        ("as_of", "0001-01-01", "日付が古すぎます。年は2026のように西暦4桁で入力してください。"),
        ("as_of", "1989-01-08", "令和8年4月1日(水)から令和9年6月30日(水)までの日にしてください。"),
        ("as_of", "9999-12-31", "令和8年4月1日(水)から令和9年6月30日(水)までの日にしてください。"),
        ("opens_on", "2026-02-30", "日付"),
        ("opens_on", "", "開始日：入力"),
    ],
)
def test_wrong_days_get_a_sentence_and_nothing_is_added(cast: Cast, name: str, day: str, sentence: str) -> None:
    response = post(cast.administrator, "checkpoint_add", query="?year=2026&kind=q2", **{**DAYS, name: day})
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("query", ["?year=2026&kind=q9", "?year=2055", "?kind=x"])
def test_a_choice_that_is_none_gets_a_sentence(cast: Cast, query: str) -> None:
    response = post(cast.administrator, "checkpoint_add", query=query, **DAYS)
    assert response.status_code == 200
    assert "一覧にある項目から選んでください" in text_of(response)
    assert not Checkpoint.objects.exists()


# ---- moving the days


def test_what_is_open_becomes_due_on_the_new_days(cast: Cast, places: Places, plan: ActionPlan) -> None:
    civic, tax = opened(plan, make_approved_plan(places.tax))
    save(civic, cast.editor)
    take(Action.SUBMIT, civic, cast.lead)
    response = post(cast.administrator, "checkpoint_edit", civic.checkpoint_id, **DAYS)
    assert "日程を変更しました。" in text_of(response)
    assert [now_of(review).due_on for review in (civic, tax)] == [date(2026, 10, 26), date(2026, 10, 15)]


def test_wrong_days_move_nothing(cast: Cast, review: Review) -> None:
    response = post(cast.administrator, "checkpoint_edit", review.checkpoint_id, **{**DAYS, "review_due": "2026-10-14"})
    assert "「提出期限」以降の日にしてください。" in text_of(response)
    assert now_of(review).due_on == date(2026, 10, 14)


def test_a_closed_checkpoint_has_nothing_to_change(cast: Cast, review: Review) -> None:
    closed(review)
    for name in ("checkpoint_edit", "checkpoint_open", "checkpoint_close"):
        for response in (
            page_of(cast.administrator, name, review.checkpoint_id),
            post(cast.administrator, name, review.checkpoint_id, sure="on", **DAYS),
        ):
            assert response.status_code == 409
            assert "令和8年度 2Q進捗確認は、令和8年10月7日(水) 10:00に終了しています。" in text_of(response)


# ---- opening and closing


def test_opening_is_asked_first_and_says_what_it_does(cast: Cast, places: Places, plan: ActionPlan) -> None:
    make_plan(places.tax)
    checkpoint = make_checkpoint()
    text = text_of(page_of(cast.administrator, "checkpoint_open", checkpoint.pk))
    assert "1 件の計画について開始し" in text
    assert "税務課 令和8年度 実行プラン" in text
    assert not Review.objects.exists()
    response = post(cast.administrator, "checkpoint_open", checkpoint.pk)
    assert "新しく1件を開始し、0件はすでに開始していました。" in text_of(response)
    again = post(cast.administrator, "checkpoint_open", checkpoint.pk)
    assert "新しく0件を開始し、1件はすでに開始していました。" in text_of(again)
    assert Review.objects.count() == 1


def test_closing_needs_a_tick_and_is_done_once(cast: Cast, review: Review) -> None:
    asked = page_of(cast.administrator, "checkpoint_close", review.checkpoint_id)
    assert "まだ承認されていないものが 1 件あります。" in text_of(asked)
    unticked = post(cast.administrator, "checkpoint_close", review.checkpoint_id)
    assert "終了するには、ここにチェックを入れてください。" in text_of(unticked)
    assert now_of(review).stage == Stage.PREPARE
    response = post(cast.administrator, "checkpoint_close", review.checkpoint_id, sure="on")
    assert "未了のまま終わったものは1件です。" in text_of(response)
    assert now_of(review).stage == Stage.LAPSED
    assert post(cast.administrator, "checkpoint_close", review.checkpoint_id, sure="on").status_code == 409


def test_a_checkpoint_that_was_never_opened_cannot_be_closed(cast: Cast) -> None:
    checkpoint = make_checkpoint()
    response = post(cast.administrator, "checkpoint_close", checkpoint.pk, sure="on")
    assert response.status_code == 409
    assert "まだ開始していません。" in text_of(response)


def test_days_are_named_as_the_columns_are() -> None:
    checkpoint = Checkpoint(**asdict(Days(*[date(2026, 10, 1)] * 6)))
    assert checkpoint.submit_due == date(2026, 10, 1)
