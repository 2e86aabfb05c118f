"""One review: who reads how much of it, what the office decides on its page, and what the second of two is told."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from departments.drafts import draft_of
from departments.models import ActionPlan
from departments.services.plans import save_plan
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import NOW, REASON, closed, now_of, opened, save, take, told
from tests.workflows.pages import logged_in, page_of, post_decision, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Event, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def submitted(cast: Cast, review: Review) -> Review:
    save(review, cast.editor, done="最初の報告")
    return now_of(take(Action.SUBMIT, review, cast.lead))


@pytest.fixture
def returned(cast: Cast, submitted: Review) -> Review:
    return now_of(take(Action.RETURN, submitted, cast.reviewer))


@pytest.fixture
def second_round(cast: Cast, returned: Review) -> Review:
    save(returned, cast.editor, done="直した報告")
    return now_of(take(Action.SUBMIT, returned, cast.lead))


@pytest.fixture
def approved(cast: Cast, second_round: Review) -> Review:
    take(Action.PASS, second_round, cast.reviewer)
    return now_of(take(Action.APPROVE, second_round, cast.approver))


# ---- reading


def test_before_the_first_submission_the_page_says_so(cast: Cast, review: Review) -> None:
    assert "下書き ✎ 提出前 まだ入力されていません 入力を続ける" in text_of(page_of(cast.editor, "review", review.pk))
    save(review, cast.editor, done="書きかけの文")
    for user in cast.reviewer, cast.approver, cast.editor, cast.lead, cast.auditor:
        text, reads = text_of(page_of(user, "review", review.pk)), user not in (cast.reviewer, cast.approver)
        assert ("まだ提出されていません" in text, "書きかけの文" in text) == (True, False)
        assert ("下書き ✎ 提出前 最終保存：editor、令和8年10月7日(水) 10:00" in text) == reads
        assert ("所属が提出すると、内容を読むことができます。" in text) == (not reads)


def test_a_draft_is_read_by_the_department_and_the_auditor_alone(cast: Cast, review: Review) -> None:
    save(review, cast.editor, done="書きかけの文")
    for user in (cast.editor, cast.lead, cast.auditor):
        text = text_of(page_of(user, "review_draft", review.pk))
        assert ("書きかけの文" in text, "提出前" in text, "最終保存：editor" in text) == (True,) * 3
    for user in (cast.reviewer, cast.approver, cast.executive, cast.tax_lead, cast.administrator, cast.superuser):
        assert page_of(user, "review_draft", review.pk).status_code == 404


def test_the_card_leads_to_where_the_reader_goes_on(cast: Cast, returned: Review) -> None:
    draft, prepare = (f'href="{reverse(name, args=[returned.pk])}"' for name in ("review_draft", "prepare"))
    for user, leads in ((cast.lead, [prepare] * 2), (cast.auditor, [draft]), (cast.reviewer, [])):
        page = page_of(user, "review", returned.pk).content.decode()
        assert re.findall(f"{draft}|{prepare}", page) == leads
    assert prepare in page_of(cast.lead, "review_draft", returned.pk).content.decode()
    assert prepare not in page_of(cast.auditor, "review_draft", returned.pk).content.decode()


def test_outside_of_preparation_there_is_no_draft(cast: Cast, submitted: Review) -> None:
    assert page_of(cast.lead, "review_draft", submitted.pk).url == reverse("review", args=[submitted.pk])
    assert page_of(cast.reviewer, "review_draft", submitted.pk).status_code == 404
    assert "提出前" not in text_of(page_of(cast.lead, "review", submitted.pk))


def test_what_was_never_submitted_keeps_its_draft(cast: Cast, review: Review) -> None:
    save(review, cast.editor, done="書きかけの文")
    closed(review)
    assert "書きかけの文" in text_of(page_of(cast.lead, "review_draft", review.pk))
    for user in (cast.lead, cast.reviewer):
        assert "提出はありませんでした" in text_of(page_of(user, "review", review.pk))


def test_whoever_opens_what_came_back_sees_why_and_where_to_go_on(cast: Cast, returned: Review) -> None:
    text = text_of(page_of(cast.lead, "review", returned.pk))
    assert "修正する" in text.partition("差戻しになりました。所属で直して再提出してください")[0]
    assert f"差戻しになりました。所属で直して再提出してください {REASON} reviewer、令和8年10月7日(水) 10:00" in text
    take(Action.SUBMIT, returned, cast.lead)
    assert "差戻しになりました" not in text_of(page_of(cast.lead, "review", returned.pk))


def test_while_it_is_mended_all_read_what_was_submitted(cast: Cast, returned: Review) -> None:
    save(returned, cast.editor, done="直しかけの文")
    for user in (cast.reviewer, cast.lead, cast.auditor):
        text = text_of(page_of(user, "review", returned.pk))
        assert ("最初の報告" in text, "直しかけの文" in text) == (True, False)
    draft = text_of(page_of(cast.lead, "review_draft", returned.pk))
    assert "第1回提出から変わったところ：1か所" in draft
    assert "項目 下書き 第1回提出 取組の状況 直しかけの文 最初の報告" in draft
    assert "直しかけの文" in draft


def test_of_a_plan_the_card_tells_who_saved_the_plan(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    assert "下書き ✎ 提出前 確認して提出 計画を編集" in text_of(page_of(cast.lead, "review", review.pk))
    changed = replace(draft_of(plan), summary="窓口の待ち時間を半分にする。")
    save_plan(by=cast.editor, plan_id=plan.pk, version=plan.version, content=changed, now=NOW)
    assert "下書き ✎ 提出前 最終保存：editor、" in text_of(page_of(cast.lead, "review", review.pk))
    assert "窓口の待ち時間を半分にする。" in text_of(page_of(cast.auditor, "review_draft", review.pk))


def test_what_changed_between_two_rounds_is_marked(cast: Cast, second_round: Review) -> None:
    page = page_of(cast.reviewer, "review", second_round.pk)
    text = text_of(page)
    assert "第1回提出から変わったところ：1か所" in text
    assert "項目 第2回提出 第1回提出 取組の状況" in text
    assert "<del>最初" in page.content.decode()
    assert "<ins>直" in page.content.decode()


def test_the_history_tells_all_with_comments(cast: Cast, approved: Review) -> None:
    text = text_of(page_of(cast.auditor, "review", approved.pk))
    for what in (
        "開始",
        "提出 (第1回提出)",
        "差戻し (第1回提出)",
        REASON,
        "提出 (第2回提出)",
        "承認へ回付",
        "承認 (第2回提出)",
    ):
        assert what in text


def test_an_executive_reads_what_was_approved_and_no_other_round(cast: Cast, approved: Review) -> None:
    text = text_of(page_of(cast.executive, "review", approved.pk))
    assert "直した報告" in text
    assert "審査・承認の結果" in text
    for hidden in ("最初の報告", REASON, "履歴", "第1回提出"):
        assert hidden not in text
    assert page_of(cast.executive, "review_round", approved.pk, 2).status_code == 200
    assert page_of(cast.executive, "review_round", approved.pk, 1).status_code == 404


def test_before_approval_an_executive_finds_nothing(cast: Cast, second_round: Review) -> None:
    for name, args in (("review", ()), ("review_round", (1,)), ("withdraw", ())):
        assert page_of(cast.executive, name, second_round.pk, *args).status_code == 404


def test_each_round_can_be_read_again(cast: Cast, second_round: Review) -> None:
    text = text_of(page_of(cast.reviewer, "review_round", second_round.pk, 1))
    assert "最初の報告" in text
    assert "直した報告" not in text
    assert second_round.submissions.get(round=1).sha256 in text
    assert page_of(cast.reviewer, "review_round", second_round.pk, 3).status_code == 404
    assert page_of(cast.reviewer, "review_round", second_round.pk, 10**30).status_code == 404


def test_other_departments_find_nothing(cast: Cast, approved: Review) -> None:
    for user in (cast.tax_lead, cast.administrator, cast.superuser, cast.stranger):
        assert page_of(user, "review", approved.pk).status_code == 404
        assert page_of(user, "review_round", approved.pk, 1).status_code == 404
        assert page_of(user, "withdraw", approved.pk).status_code == 404
        assert post_decision(user, approved, "approved").status_code == 404
        assert logged_in(user).post(reverse("withdraw", args=[approved.pk]), {"task": 1}).status_code == 404


@pytest.mark.parametrize("pk", [0, 999999, 10**30])
def test_no_number_in_the_address_breaks_it(cast: Cast, review: Review, pk: int) -> None:
    for name in ("review", "review_draft", "prepare", "withdraw"):
        assert page_of(cast.lead, name, pk).status_code == 404


def test_what_ended_unfinished_says_so(cast: Cast, submitted: Review) -> None:
    closed(submitted)
    text = text_of(page_of(cast.lead, "review", submitted.pk))
    assert "承認される前にチェックポイントが終了しました。" in text
    assert "最初の報告" in text


def test_the_page_names_who_can_act(cast: Cast, submitted: Review) -> None:
    text = text_of(page_of(cast.lead, "review", submitted.pk))
    assert "いまの担当(審査)： doubled 、 reviewer 、 second_reviewer" in text


def test_whoever_works_there_is_told_that_others_decide(cast: Cast, submitted: Review) -> None:
    page = page_of(cast.moved, "review", submitted.pk)
    assert "この件は、ほかの方が判断します" in text_of(page)
    assert 'name="outcome"' not in page.content.decode()


# ---- deciding


def test_passing_on_and_approving(cast: Cast, submitted: Review) -> None:
    response = post_decision(cast.reviewer, submitted, "passed", follow=True)
    assert "市民課 令和8年度 2Q進捗確認を承認へ回しました。" in text_of(response)
    response = post_decision(cast.approver, now_of(submitted), "approved", "よくできています。", follow=True)
    assert "市民課 令和8年度 2Q進捗確認を承認しました。" in text_of(response)
    assert now_of(submitted).stage == Stage.APPROVED


def test_a_return_without_a_reason_is_asked_for_one(cast: Cast, submitted: Review) -> None:
    response = post_decision(cast.reviewer, submitted, "returned", "  ")
    assert "差し戻す理由を入力してください。" in text_of(response)
    assert now_of(submitted).stage == Stage.REVIEW


def test_a_comment_that_is_too_long_is_kept_in_the_form(cast: Cast, submitted: Review) -> None:
    response = post_decision(cast.reviewer, submitted, "returned", "長" * 2001)
    assert "入力内容に1件の誤りがあります" in text_of(response)
    assert "長" * 2001 in response.content.decode()
    assert now_of(submitted).stage == Stage.REVIEW


def test_the_second_reviewer_is_told_who_was_first_and_keeps_the_comment(cast: Cast, submitted: Review) -> None:
    post_decision(cast.reviewer, submitted, "passed")
    second = post_decision(cast.second_reviewer, submitted, "returned", "私の理由")
    assert second.status_code == 409
    assert "reviewerさんが令和8年10月7日(水) 10:00に、先に処理しています(承認へ回付)。" in text_of(second)
    assert "私の理由" in text_of(second)
    assert now_of(submitted).stage == Stage.APPROVE


def test_a_double_click_decides_once(cast: Cast, submitted: Review) -> None:
    post_decision(cast.reviewer, submitted, "returned", REASON)
    second = post_decision(cast.reviewer, submitted, "returned", REASON)
    assert second.status_code == 409
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています(差戻し)。" in text_of(second)
    assert "入力していた内容" not in text_of(second)
    assert [kind for kind, _who, _round in told(submitted)] == ["opened", "submitted", "returned"]


def test_a_decision_of_another_step_is_refused(cast: Cast, submitted: Review) -> None:
    for user, outcome in ((cast.reviewer, "approved"), (cast.approver, "approved"), (cast.lead, "passed")):
        assert post_decision(user, submitted, outcome).status_code == 403
    assert now_of(submitted).stage == Stage.REVIEW


def test_whoever_works_there_is_refused_in_words(cast: Cast, submitted: Review) -> None:
    response = post_decision(cast.moved, submitted, "passed")
    assert response.status_code == 403
    assert "今年度この所属の担当者または所属長であるため" in text_of(response)


@pytest.mark.parametrize("change", [{"outcome": "explode"}, {"outcome": ""}, {"task": "x"}, {"task": ""}])
def test_a_broken_request_is_refused(cast: Cast, submitted: Review, change: dict[str, str]) -> None:
    data = {"task": submitted.task_id, "outcome": "passed", "comment": ""} | change
    assert logged_in(cast.reviewer).post(reverse("decide", args=[submitted.pk]), data).status_code == 400
    assert now_of(submitted).stage == Stage.REVIEW


def test_looking_never_decides(cast: Cast, submitted: Review) -> None:
    assert page_of(cast.reviewer, "decide", submitted.pk).status_code == 302
    assert Event.objects.filter(review=submitted).count() == 2


# ---- taking it back


def test_the_lead_is_asked_and_takes_it_back(cast: Cast, submitted: Review) -> None:
    assert "下書きとして所属に戻ります" in text_of(page_of(cast.lead, "withdraw", submitted.pk))
    assert now_of(submitted).stage == Stage.REVIEW
    address = reverse("withdraw", args=[submitted.pk])
    response = logged_in(cast.lead).post(address, {"task": submitted.task_id}, follow=True)
    assert "引き戻しました。" in text_of(response)
    assert now_of(submitted).stage == Stage.PREPARE
    second = logged_in(cast.lead).post(address, {"task": submitted.task_id})
    assert second.status_code == 409
    assert "すでに処理しています(引戻し)。" in text_of(second)


def test_it_cannot_be_taken_back_once_the_office_has_acted(cast: Cast, submitted: Review) -> None:
    take(Action.PASS, submitted, cast.reviewer)
    page = page_of(cast.lead, "withdraw", submitted.pk)
    assert page.url == reverse("review", args=[submitted.pk])
    response = logged_in(cast.lead).post(
        reverse("withdraw", args=[submitted.pk]), {"task": now_of(submitted).task_id or 0}
    )
    assert response.status_code == 403


def test_only_the_lead_takes_it_back(cast: Cast, submitted: Review) -> None:
    for user in (cast.editor, cast.reviewer, cast.approver, cast.auditor):
        address = reverse("withdraw", args=[submitted.pk])
        assert logged_in(user).post(address, {"task": submitted.task_id}).status_code == 403
    assert now_of(submitted).stage == Stage.REVIEW


def test_the_page_reads_in_english_too(cast: Cast, plan: ActionPlan, submitted: Review) -> None:
    cast.reviewer.language = "en"
    cast.reviewer.save(update_fields=["language"])
    text = text_of(page_of(cast.reviewer, "review", submitted.pk))
    assert "Under review" in text
    assert "28 Oct 2026 (Wed) 14 business days left" in text
    assert "Pass on for approval" in text


def test_what_was_submitted_again_and_taken_back_still_tells_why_it_came_back(cast: Cast, second_round: Review) -> None:
    take(Action.WITHDRAW, second_round, cast.lead)
    for name, *args in (("review", second_round.pk), ("prepare", second_round.pk), ("home",)):
        assert REASON in text_of(page_of(cast.lead, name, *args)), name
