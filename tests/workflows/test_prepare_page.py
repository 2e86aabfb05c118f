"""The sheet: written by a department, saved at any time, submitted when it is whole; nothing typed is ever lost."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from departments.drafts import draft_of as plan_draft
from departments.models import ActionPlan, Indicator
from departments.models.indicators import Kind
from departments.services.plans import save_plan
from tests.factories import make_indicator, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, REASON, closed, now_of, opened, save, take, told
from tests.workflows.pages import draft_of, logged_in, page_of, post_sheet, sheet_of, text_of, typed
from workflows.access import Action
from workflows.models import CheckpointKind, IndicatorReport, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")


def seen(planning: Review) -> dict[str, int]:
    """What the page of a plan carries."""
    return {"task": planning.task_id or 0, "version": planning.draft_version}


def test_anything_valid_is_saved_however_little(cast: Cast, review: Review) -> None:
    response = post_sheet(cast.editor, review, "save", sheet_of(review, percent="１２％"), follow=True)
    assert "下書きを保存しました。" in text_of(response)
    assert draft_of(review) == (None, 12, "")


def test_saving_twice_saves_once(cast: Cast, review: Review) -> None:
    data = sheet_of(review, done="進めた。")
    for _ in range(2):
        assert post_sheet(cast.editor, review, "save", data).status_code == 302
    assert now_of(review).version == 2


def test_line_breaks_come_back_as_they_were_typed(cast: Cast, review: Review) -> None:
    post_sheet(cast.editor, review, "save", sheet_of(review, done="一行目\r\n二行目"))
    assert draft_of(review) == (None, None, "一行目\n二行目")


def test_submitting_saves_first_and_lists_all_that_is_missing(cast: Cast, review: Review) -> None:
    own = make_indicator("M1-1", measure=review.plan.measures.get())
    response = post_sheet(cast.lead, review, "submit", sheet_of(review, progress="late") | typed(own, value=""))
    text, measure = text_of(response), review.plan.measures.get()
    assert "まだ提出していません。あと4件の入力が必要です" in text
    assert f'href="#id_m{measure.pk}-issue"' in response.content.decode()
    assert text.count("提出するには入力が必要です。") == 4
    assert (now_of(review).stage, draft_of(review)) == (Stage.PREPARE, ("late", None, ""))


def test_a_whole_report_is_submitted(cast: Cast, review: Review) -> None:
    response = post_sheet(
        cast.lead, review, "submit", sheet_of(review, progress="on_plan", done="終えた。"), follow=True
    )
    assert "提出しました。" in text_of(response)
    assert now_of(review).stage == Stage.REVIEW
    assert draft_of(review) == ("on_plan", None, "終えた。")


def test_what_would_be_submitted_is_shown_before(cast: Cast, review: Review) -> None:
    data = sheet_of(review, progress="on_plan", percent="55", done="終えた。")
    page = post_sheet(cast.lead, review, "check", data)
    assert "次の内容で提出します。" in text_of(page)
    assert "計画どおり 55% 終えた。" in text_of(page)
    assert (now_of(review).stage, draft_of(review)) == (Stage.PREPARE, ("on_plan", 55, "終えた。"))
    now = now_of(review)
    answer = post_sheet(cast.lead, review, "submit", {"task": now.task_id, "version": now.version}, follow=True)
    assert "提出しました。" in text_of(answer)
    assert draft_of(review) == ("on_plan", 55, "終えた。")


def test_what_is_missing_is_not_shown_as_if_it_could_be_submitted(cast: Cast, review: Review) -> None:
    page = post_sheet(cast.lead, review, "check", sheet_of(review, progress="on_plan"))
    assert "まだ提出していません。あと1件の入力が必要です" in text_of(page)


def test_what_somebody_saved_after_the_check_is_not_submitted(cast: Cast, review: Review) -> None:
    post_sheet(cast.lead, review, "check", sheet_of(review, progress="on_plan", done="終えた。"))
    seen = now_of(review)
    post_sheet(cast.editor, review, "save", sheet_of(seen, progress="on_plan", done="書き直した。"))
    answer = post_sheet(cast.lead, review, "submit", {"task": seen.task_id, "version": seen.version})
    assert "この下書きを保存しました" in text_of(answer)
    assert "書き直した。</textarea>" in answer.content.decode()
    assert (now_of(review).stage, draft_of(review)[2]) == (Stage.PREPARE, "書き直した。")


def test_an_editor_is_not_asked(cast: Cast, review: Review) -> None:
    data = sheet_of(review, progress="on_plan", done="終えた。")
    assert post_sheet(cast.editor, review, "check", data).status_code == 403


def test_the_second_click_is_told_that_it_was_the_second(cast: Cast, review: Review) -> None:
    data = sheet_of(review, progress="on_plan", done="終えた。")
    post_sheet(cast.lead, review, "submit", data)
    second = post_sheet(cast.lead, review, "submit", data)
    assert second.status_code == 409
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています(提出)。" in text_of(second)
    assert "入力していた内容" not in text_of(second)
    assert told(review) == [("opened", None, 0), ("submitted", "lead", 1)]


def test_who_comes_second_keeps_what_they_typed(cast: Cast, review: Review) -> None:
    data = sheet_of(review, progress="on_plan", done="終えた。")
    post_sheet(cast.lead, review, "submit", data)
    second = post_sheet(cast.editor, review, "save", sheet_of(review, done="もっと書いた。"))
    assert second.status_code == 409
    assert "leadさんが令和8年10月7日(水) 10:00に、先に処理しています(提出)。" in text_of(second)
    assert "もっと書いた。" in text_of(second)
    assert draft_of(review) == ("on_plan", None, "終えた。")


def test_who_is_overtaken_sees_both_texts_and_may_overwrite(cast: Cast, review: Review) -> None:
    mine = sheet_of(review, done="私の文")
    post_sheet(cast.lead, review, "save", sheet_of(review, done="所属長の文"))
    response = post_sheet(cast.editor, review, "save", mine)
    text = text_of(response)
    assert "leadさんが令和8年10月7日(水) 10:00に、この下書きを保存しました" in text
    assert "私の文" in text
    assert "相手が保存した内容: 所属長の文" in text
    assert draft_of(review) == (None, None, "所属長の文")
    assert 'name="version" value="2"' in response.content.decode()
    post_sheet(cast.editor, review, "save", {**mine, "version": 2})
    assert draft_of(review) == (None, None, "私の文")


@pytest.mark.parametrize("percent", ["101", "-1", "5.5", "abc", "NaN", "1e999999999", "９" * 400, "1,0,0,0"])
def test_a_wrong_number_gets_a_sentence_and_saves_nothing(cast: Cast, review: Review, percent: str) -> None:
    response = post_sheet(cast.editor, review, "save", sheet_of(review, percent=percent, done="書いた。"))
    assert re.search(r"入力内容に\d件の誤りがあります", text_of(response))
    assert "書いた。" in text_of(response)
    assert draft_of(review) == (None, None, "")


@pytest.mark.parametrize("done", ["あ" * 2001, "穴\x00"])
def test_a_wrong_text_gets_a_sentence(cast: Cast, review: Review, done: str) -> None:
    response = post_sheet(cast.editor, review, "save", sheet_of(review, done=done))
    assert "入力内容に1件の誤りがあります" in text_of(response)


@pytest.fixture
def share(plan: ActionPlan) -> Indicator:
    return make_indicator("M1-1", measure=plan.measures.get(), kind=Kind.RATIO, unit="%", target=Decimal(80))


def test_a_share_is_asked_as_two_numbers(cast: Cast, share: Indicator, review: Review) -> None:
    page = page_of(cast.editor, "prepare", review.pk)
    assert "目標 80%以上" in text_of(page)
    data = sheet_of(review) | typed(share, numerator="１，０４６", denominator="1,390")
    post_sheet(cast.editor, review, "save", data)
    found = IndicatorReport.objects.get(review=review)
    assert (found.numerator, found.denominator) == (1046, 1390)


@pytest.mark.parametrize(
    ("numerator", "denominator", "sentence"),
    [
        ("5", "0", "分母は0より大きい数にしてください。"),
        ("6", "5", "分子は分母以下の数にしてください。"),
        ("-1", "5", "0以上の値を入力してください。"),
        ("1.234", "5", "小数"),
    ],
)
def test_a_share_that_cannot_be_gets_a_sentence(
    cast: Cast, share: Indicator, review: Review, numerator: str, denominator: str, sentence: str
) -> None:
    data = sheet_of(review) | typed(share, numerator=numerator, denominator=denominator)
    text = text_of(post_sheet(cast.editor, review, "save", data))
    assert "入力内容に1件の誤りがあります" in text
    assert sentence in text
    assert not IndicatorReport.objects.exists()


def test_not_this_quarter_drops_the_numbers(cast: Cast, share: Indicator, review: Review) -> None:
    data = sheet_of(review) | typed(share, numerator="1", denominator="2", not_this_quarter="on", note="該当なし")
    post_sheet(cast.editor, review, "save", data)
    found = IndicatorReport.objects.get(review=review)
    assert (found.numerator, found.not_this_quarter, found.note) == (None, True, "該当なし")


@pytest.mark.parametrize(("answer", "done"), [("yes", True), ("no", False), ("", None)])
def test_a_milestone_is_reached_or_not(
    cast: Cast, plan: ActionPlan, review: Review, answer: str, done: bool | None
) -> None:
    milestone = make_indicator("M1-1", measure=plan.measures.get(), kind=Kind.MILESTONE)
    post_sheet(cast.editor, review, "save", sheet_of(review) | typed(milestone, done=answer, note="済"))
    assert IndicatorReport.objects.get(review=review).done is done


def test_a_form_without_its_fields_does_not_empty_the_draft(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    now = now_of(review)
    post_sheet(cast.editor, review, "save", {"task": now.task_id, "version": now.version})
    assert draft_of(review) == ("on_plan", 50, "予定どおり進めた。")


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("explode", {}),
        ("", {}),
        ("copy-x", {}),
        ("copy-", {}),
        ("save", {"task": "abc"}),
        ("save", {"task": ""}),
        ("save", {"version": "-1"}),
        ("save", {"version": "9" * 30}),
    ],
)
def test_a_broken_request_is_refused(cast: Cast, review: Review, action: str, change: dict[str, str]) -> None:
    response = post_sheet(cast.editor, review, action, sheet_of(review, done="書いた。") | change)
    assert response.status_code == 400
    assert draft_of(review) == (None, None, "")


# ---- who


def test_only_the_lead_finds_the_button_to_submit(cast: Cast, review: Review) -> None:
    assert 'value="check"' in page_of(cast.lead, "prepare", review.pk).content.decode()
    editors = page_of(cast.editor, "prepare", review.pk)
    assert 'value="check"' not in editors.content.decode()
    assert "提出できる人(所属長)： lead" in text_of(editors)


def test_an_editor_who_submits_anyway_is_refused_and_nothing_is_saved(cast: Cast, review: Review) -> None:
    response = post_sheet(cast.editor, review, "submit", sheet_of(review, progress="on_plan", done="終えた。"))
    assert response.status_code == 403
    assert "この操作を行う権限がありません。" in text_of(response)
    assert draft_of(review) == (None, None, "")


def test_other_departments_find_nothing(cast: Cast, review: Review) -> None:
    for user in (cast.tax_lead, cast.tax_editor, cast.administrator, cast.superuser, cast.stranger, cast.executive):
        assert page_of(user, "prepare", review.pk).status_code == 404
        assert post_sheet(user, review, "save", sheet_of(review, done="他所属")).status_code == 404
    assert draft_of(review) == (None, None, "")


def test_readers_are_led_to_the_page_for_reading(cast: Cast, review: Review) -> None:
    for user in (cast.auditor, cast.reviewer, cast.approver):
        assert page_of(user, "prepare", review.pk).url == reverse("review", args=[review.pk])
        assert post_sheet(user, review, "save", sheet_of(review, done="書いた。")).status_code == 403


def test_a_closed_checkpoint_takes_nothing_more(cast: Cast, review: Review) -> None:
    data = sheet_of(review, done="間に合わなかった。")
    closed(review)
    response = post_sheet(cast.editor, review, "save", data)
    assert response.status_code == 409
    assert "間に合わなかった。" in text_of(response)


def test_what_was_returned_shows_the_reason_on_top(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    assert REASON in text_of(page_of(cast.editor, "prepare", review.pk))


def test_looking_changes_nothing(cast: Cast, review: Review) -> None:
    before = now_of(review)
    page_of(cast.lead, "prepare", review.pk)
    assert (now_of(review).version, told(review)) == (before.version, [("opened", None, 0)])


# ---- the plan checkpoint


@pytest.fixture
def planning(places: Places) -> Review:
    return opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)[0]


def test_a_plan_is_shown_and_submitted(cast: Cast, planning: Review) -> None:
    page = page_of(cast.lead, "prepare", planning.pk)
    assert "提出する内容" in text_of(page)
    assert "施策1の目標" in text_of(page)
    response = post_sheet(cast.lead, planning, "submit", seen(planning), follow=True)
    assert "提出しました。" in text_of(response)
    assert post_sheet(cast.lead, planning, "submit", seen(planning)).status_code == 409


def test_what_a_plan_lacks_is_listed_with_the_way_to_mend_it(cast: Cast, planning: Review) -> None:
    planning.plan.measures.update(goal="")
    page = post_sheet(cast.lead, planning, "submit", seen(planning))
    assert "まだ提出していません。あと1件の入力が必要です" in text_of(page)
    assert reverse("plan_edit", args=[planning.plan_id]) + "#measure-1" in page.content.decode()
    assert now_of(planning).stage == Stage.PREPARE


@pytest.mark.parametrize("action", ["save", "copy-1", ""])
def test_a_plan_has_nothing_to_save_here(cast: Cast, planning: Review, action: str) -> None:
    assert post_sheet(cast.lead, planning, action, seen(planning)).status_code == 400


def test_an_editor_cannot_submit_a_plan(cast: Cast, planning: Review) -> None:
    assert post_sheet(cast.editor, planning, "submit", seen(planning)).status_code == 403


def test_posts_need_the_token_of_the_form(cast: Cast, review: Review) -> None:
    client = logged_in(cast.lead)
    client.handler.enforce_csrf_checks = True
    assert client.post(reverse("prepare", args=[review.pk]), sheet_of(review)).status_code == 403


@pytest.mark.parametrize("measures", [1, 10, 40])
def test_the_number_of_queries_is_fixed(
    cast: Cast, places: Places, measures: int, django_assert_num_queries: Any
) -> None:
    plan = make_approved_plan(places.civic, measures=measures)
    for measure in plan.measures.all():
        make_indicator("M1-1", measure=measure)
    review = opened(plan)[0]
    save(review, cast.editor)
    client = logged_in(cast.lead)
    with django_assert_num_queries(16):
        client.get(reverse("prepare", args=[review.pk]))


def test_a_plan_changed_behind_ones_back_is_not_submitted(cast: Cast, planning: Review) -> None:
    page = seen(planning)
    plan = planning.plan
    changed = replace(plan_draft(plan), summary="窓口の待ち時間を半分にする。")
    save_plan(by=cast.editor, plan_id=plan.pk, version=plan.version, content=changed, now=NOW)
    text = text_of(post_sheet(cast.lead, planning, "submit", page))
    assert "提出されていません。この画面を開いた後に計画が変更されました" in text
    assert "窓口の待ち時間を半分にする。" in text
    assert now_of(planning).stage == Stage.PREPARE
    post_sheet(cast.lead, planning, "submit", seen(now_of(planning)))
    assert now_of(planning).stage == Stage.REVIEW
