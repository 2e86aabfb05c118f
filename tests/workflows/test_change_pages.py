"""The pages of a change of a plan (計画変更), as the department and the office see them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from departments.drafts import draft_of
from departments.models import ActionPlan, Role, User
from departments.models.indicators import Kind
from departments.models.plans import PlanState, Priority
from departments.projection import rebuild_access
from tests.factories import make_indicator, make_measure, make_plan, the_initiative
from tests.workflows.amendments import WHY, asked, change_at, live, other, plan_of, proposed, with_measure
from tests.workflows.cast import Cast, Places, stand_in
from tests.workflows.moves import TODAY, entries, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, post_decision, text_of
from workflows.access import Action
from workflows.models import Event, Proposal, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")

ASK = "計画変更を申請"


def post_request(user: User, plan: ActionPlan, reason: str = WHY) -> HttpResponse:
    return logged_in(user).post(reverse("change_add", args=[plan.pk]), {"reason": reason})


def sheet(review: Review, **typed: Any) -> dict[str, Any]:
    """A post of the edit page as it stands, with what was typed."""
    page = page_of(User.objects.get(username="editor"), "proposal", review.pk).context["editor"]
    fields = {form.add_prefix(name): form[name].value() for form in page.forms() for name in form.fields}
    return {name: "" if value is None else value for name, value in {**fields, **typed}.items()}


def post_proposal(user: User, review: Review, data: dict[str, Any], **more: Any) -> HttpResponse:
    return logged_in(user).post(reverse("proposal", args=[review.pk]), {**data, **more})


# ---- asking


def test_the_plans_page_offers_it_to_those_who_draft_there(plan: ActionPlan, cast: Cast) -> None:
    for person, offered in [(cast.editor, True), (cast.lead, True), (cast.reviewer, False), (cast.auditor, False)]:
        assert (ASK in text_of(page_of(person, "plan", plan.pk))) == offered
    asked(plan, cast.editor)
    assert ASK not in text_of(page_of(cast.editor, "plan", plan.pk))


def test_the_plans_page_says_in_whose_place_it_was_asked_for(places: Places, plan: ActionPlan, cast: Cast) -> None:
    stand_in(cast.dx_lead, cast.lead, Role.LEAD, places.civic)
    rebuild_access(TODAY)
    asked(plan, cast.dx_lead)
    assert "dx_lead(leadの代理)" in text_of(page_of(cast.editor, "plan", plan.pk))


@pytest.mark.parametrize("state", [PlanState.DRAFT, PlanState.SUBMITTED])
def test_it_is_offered_for_approved_plans_only(places: Places, cast: Cast, state: PlanState) -> None:
    plan = make_plan(places.civic, measures=1, state=state)
    assert "計画変更" not in text_of(page_of(cast.editor, "plan", plan.pk))
    response = page_of(cast.editor, "change_add", plan.pk, follow=True)
    assert response.redirect_chain == [(reverse("plan", args=[plan.pk]), 302)]
    assert "この計画はまだ承認されていません。" in text_of(response)
    assert "この計画はまだ承認されていません。" in text_of(post_request(cast.editor, plan))
    assert not Review.objects.exists()


def test_asking_opens_the_draft(plan: ActionPlan, cast: Cast) -> None:
    assert "いまの計画が有効です" in text_of(page_of(cast.editor, "change_add", plan.pk))
    response = post_request(cast.editor, plan)
    review = Review.objects.get()
    assert response.url == reverse("proposal", args=[review.pk])
    text = text_of(page_of(cast.editor, "proposal", review.pk))
    assert ("市民課 計画変更 第1号" in text, WHY in text, "施策1の目標" in text) == (True, True, True)


@pytest.mark.parametrize("reason", ["", " \r\n "])
def test_a_reason_is_asked_for(plan: ActionPlan, cast: Cast, reason: str) -> None:
    assert "入力または選択してください。" in text_of(post_request(cast.editor, plan, reason))
    assert not Review.objects.exists()


def test_a_second_click_says_that_one_is_under_way_and_keeps_what_was_typed(plan: ActionPlan, cast: Cast) -> None:
    post_request(cast.editor, plan)
    text = text_of(post_request(cast.lead, plan, "別の理由"))
    assert ("手続中の計画変更があります" in text, "別の理由" in text) == (True, True)
    assert Review.objects.count() == 1


@pytest.mark.parametrize("name", ["tax_lead", "reviewer", "approver", "executive", "administrator", "stranger"])
def test_for_others_there_is_no_such_page(plan: ActionPlan, cast: Cast, name: str) -> None:
    person = getattr(cast, name)
    assert page_of(person, "change_add", plan.pk).status_code == 404
    assert post_request(person, plan).status_code == 404
    assert not Review.objects.exists()


# ---- drafting


def test_a_draft_is_saved_and_then_checked(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    typed = sheet(review, reason="理由を書き直した。", summary="改めた概要", **{"m0-title": "改めた施策"})
    assert post_proposal(cast.editor, review, typed).url == reverse("prepare", args=[review.pk])
    text = text_of(page_of(cast.editor, "prepare", review.pk))
    said = ("理由を書き直した。", "変更前 変更後", "計画の 概要 改めた 概要", "施策 1 改めた 施策", "変更案を編集")
    for told in said:
        assert told in text, (told, text)
    assert plan.measures.get().title == "施策1"


def test_the_draft_says_what_the_plan_says_now(plan: ActionPlan, cast: Cast) -> None:
    make_indicator("M1-1", measure=plan.measures.get(), target=5)
    review = asked(plan, cast.editor)
    assert "変更前" not in text_of(page_of(cast.editor, "proposal", review.pk))
    indicator = draft_of(plan).measures[0].indicators[0]
    wanted = other(
        plan,
        title="<b>改めた</b>施策",
        first_month=3,
        priority=Priority.OTHER,
        initiative=the_initiative(number=2).pk,
        indicators=(replace(indicator, kind=Kind.CUMULATIVE, target=Decimal(8)),),
    )
    proposed(review, cast.editor, replace(wanted, summary=""))
    page = page_of(cast.editor, "proposal", review.pk)
    shown = page.content.decode()
    for told in ("計画の概要", "施策1", "4月", "所属の優先課題", "1 取組1", "件数", "5"):
        assert f'<span class="before typed">変更前:{told}</span>' in shown, told
    assert shown.count("変更前:") == 7
    typed = sheet(review, **{"m0-title": "さらに改めた施策", "m0-goal": ""})
    answer = post_proposal(cast.editor, review, typed, change="add m0-s").content.decode()
    assert "変更前:施策1の目標</span>" in answer
    proposed(review, cast.editor, other(plan, title="施策1"))
    assert "変更前" not in text_of(page_of(cast.editor, "proposal", review.pk))


def test_a_measure_comes_and_goes_without_a_script(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    answer = post_proposal(cast.editor, review, sheet(review), change="add m")
    assert "下の表示に反映しました" in text_of(answer)
    new = {"initiative": the_initiative().pk, "title": "新しい施策", "priority": "other", "goal": "目標"}
    months = {"first_month": 1, "last_month": 12}
    typed = sheet(review, **{f"m1-{name}": value for name, value in {**new, **months}.items()})
    post_proposal(cast.editor, review, typed)
    assert [measure.id for measure in Proposal.objects.get().draft.measures] == [plan.measures.get().pk, -1]
    post_proposal(cast.editor, review, sheet(review, **{"m1-title": "名を改めた施策"}))
    assert [measure.id for measure in Proposal.objects.get().draft.measures] == [plan.measures.get().pk, -1]
    answer = post_proposal(cast.editor, review, sheet(review), change="remove m1")
    assert "名を改めた施策" not in text_of(answer)


def test_what_was_reported_on_stays_when_it_is_to_be_removed(plan: ActionPlan, cast: Cast) -> None:
    indicator = make_indicator("M1-1", measure=plan.measures.get(), title="受付の件数")
    make_measure(plan)
    (quarter,) = opened(plan)
    first = plan.measures.first().pk
    save(quarter, cast.editor, measures={first: entries(quarter)[first]})
    quarter.indicator_reports.create(indicator=indicator, value=3)
    review = asked(plan, cast.editor)
    for key, told in [
        ("m0", "施策「1 施策1」は報告済みのため削除できません。"),
        ("m0-k0", "指標「M1-1 受付の件数」は報告済みのため削除できません。"),
    ]:
        answer = post_proposal(cast.editor, review, sheet(review, summary="書きかけ"), change=f"remove {key}")
        assert (told in text_of(answer), "書きかけ" in text_of(answer)) == (True, True)
        assert 'value="受付の件数"' in answer.content.decode()
    text = text_of(post_proposal(cast.editor, review, sheet(review), change="remove m1"))
    assert ("報告済み" in text, "施策2の目標" in text) == (False, False)
    left_out = {name: value for name, value in sheet(review).items() if not name.startswith("m0")}
    answer = post_proposal(cast.editor, review, left_out)
    assert (answer.status_code, "施策「1 施策1」は報告済み" in text_of(answer)) == (409, True)


def test_mistakes_are_said_and_what_was_typed_stays(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    typed = sheet(review, reason="書きかけの理由", **{"m0-first_month": 9, "m0-last_month": 3})
    text = text_of(post_proposal(cast.editor, review, typed))
    assert ("書きかけの理由" in text, "終了" in text, now_of(review).version) == (True, True, 1)


def test_who_comes_second_reads_who_was_first(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    page = sheet(review, **{"m0-title": "担当者の案"})
    proposed(review, cast.lead, other(plan, title="所属長の案"))
    answer = post_proposal(cast.editor, review, page)
    assert answer.status_code == 409
    text, shown = text_of(answer), answer.content.decode()
    assert "leadさんが令和8年10月7日(水) 10:00に、この下書きを保存しました" in text
    assert ("保存されていません" in text, "担当者の案" in shown) == (True, True)
    take(Action.SUBMIT, review, cast.lead)
    answer = post_proposal(cast.lead, review, page)
    assert (answer.status_code, Proposal.objects.get().draft.measures[0].title) == (409, "所属長の案")
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています(提出)。" in text_of(answer)


def test_the_draft_is_nobody_elses_to_edit(plan: ActionPlan, review: Review, cast: Cast) -> None:
    change = asked(plan, cast.editor)
    typed = sheet(change, **{"m0-title": "よそからの案"})
    for person, status in [(cast.reviewer, 403), (cast.auditor, 403), (cast.tax_lead, 404), (cast.executive, 404)]:
        assert post_proposal(person, change, typed).status_code == status
        assert page_of(person, "proposal", change.pk).status_code == (302 if status == 403 else 404)
    assert Proposal.objects.get().draft == draft_of(plan)
    assert page_of(cast.editor, "proposal", review.pk).status_code == 404
    assert post_proposal(cast.editor, review, typed).status_code == 404


def test_junk_is_an_answer_and_no_crash(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    typed = sheet(review)
    for more in (
        {"version": "x"},
        {"task": ""},
        {"m0-id": "９９９９９９"},
        {"m0-id": "-5"},
        {"m0-target": "\0"},
        {"change": "remove"},
        {"change": "remove m0-id"},
        {"change": "add m9999-k"},
        {"m0-title": "\0"},
    ):
        assert post_proposal(cast.editor, review, {**typed, **more}).status_code in (200, 302, 400, 409), more
    assert plan.measures.get().title == "施策1"


# ---- submitting and deciding


def test_a_change_is_checked_and_submitted(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    page = page_of(cast.lead, "prepare", review.pk)
    assert "計画の内容がまだ変更されていません。" in text_of(page)
    assert f'href="{reverse("proposal", args=[review.pk])}#measures"' in page.content.decode()
    post = {"action": "submit", "task": review.task_id, "version": review.version}
    answer = logged_in(cast.lead).post(reverse("prepare", args=[review.pk]), post)
    assert ("提出できません" in text_of(answer) or "まだ" in text_of(answer), now_of(review).round) == (True, 0)
    proposed(review, cast.editor, other(plan, title="改めた施策"))
    answer = logged_in(cast.lead).post(reverse("prepare", args=[review.pk]), post)
    # Nobody submits what they have not seen.
    assert (now_of(review).round, "改めた施策" in text_of(answer)) == (0, True)
    answer = logged_in(cast.lead).post(reverse("prepare", args=[review.pk]), {**post, "version": 2})
    assert (answer.status_code, now_of(review).stage) == (302, Stage.REVIEW)


def test_the_office_reads_old_and_new_side_by_side_and_what_changed_between_rounds(
    plan: ActionPlan, cast: Cast
) -> None:
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, with_measure(other(plan, title="改めた施策")))
    take(Action.SUBMIT, review, cast.lead)
    text = text_of(page_of(cast.reviewer, "review", review.pk))
    assert (WHY in text, "施策 1 改めた 施策" in text, "新しい施策の目標" in text) == (True, True, True)
    assert "前回の提出から" not in text
    take(Action.RETURN, review, cast.reviewer)
    proposed(review, cast.editor, replace(Proposal.objects.get().draft, summary="改めた概要"), reason="理由を補った。")
    take(Action.SUBMIT, review, cast.lead)
    for name, args in (("review", [review.pk]), ("review_round", [review.pk, 2])):
        page = page_of(cast.reviewer, name, *args)
        amendment = text_of(page).partition("前回の提出から変わったところ")[0]
        assert ("理由を補った。" in amendment, "施策 1 改めた 施策" in amendment) == (True, True)
        assert "計画の 概要 改めた 概要" in amendment
        between = page.context["dossier"].changes
        assert [(row.before, row.after) for row in between] == [("計画の概要", "改めた概要"), (WHY, "理由を補った。")]
    first = text_of(page_of(cast.reviewer, "review_round", review.pk, 1))
    assert (WHY in first, "改めた概要" in first) == (True, False)


def test_a_draft_of_a_change_is_not_the_offices_to_read(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.REVIEW, plan, cast)
    take(Action.RETURN, review, cast.reviewer)
    proposed(review, cast.editor, other(plan, title="まだ見せない案"), reason="まだ見せない理由")
    for name, args in (("review", [review.pk]), ("plan", [plan.pk])):
        text = text_of(page_of(cast.reviewer, name, *args))
        assert ("まだ見せない" in text, WHY in text) == (False, True)
    assert page_of(cast.reviewer, "review_draft", review.pk).status_code == 404
    for name, args in (("review_draft", [review.pk]), ("plan", [plan.pk])):
        assert "まだ見せない" in text_of(page_of(cast.editor, name, *args))


def test_an_obstacle_is_said_to_the_approver_and_nothing_changes(plan: ActionPlan, cast: Cast) -> None:
    make_measure(plan)
    (quarter,) = opened(plan)
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, replace(draft_of(plan), measures=draft_of(plan).measures[:1]))
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    save(quarter, cast.editor)
    before = plan_of(plan), Event.objects.count()
    answer = post_decision(cast.approver, now_of(review), "approved", "承認します。")
    text = text_of(answer)
    assert ("施策「2 施策2」は報告済み" in text, "承認します。" in text) == (True, True)
    assert (plan_of(plan), Event.objects.count()) == before


def test_the_plans_page_lists_its_changes(plan: ActionPlan, cast: Cast) -> None:
    change_at(Stage.APPROVED, plan, cast)
    second = asked(plan, cast.lead, "二つ目の理由")
    proposed(second, cast.editor, other(plan, title="二度改めた施策"), reason="二つ目の理由")
    section = text_of(page_of(cast.editor, "plan", plan.pk)).split("計画変更 計画変更 第2号", 1)[1]
    told = ["未提出", "二つ目の理由", "lead", "計画変更 第1号", "承認済み", WHY, "editor", "変更内容"]
    assert [section.find(words) for words in told] == sorted(section.find(words) for words in told)
    section = text_of(page_of(cast.executive, "plan", plan.pk))
    assert ("計画変更 第1号" in section, "計画変更 第2号" in section) == (True, False)


def test_it_waits_and_is_followed_under_its_own_name(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.PREPARE, plan, cast)
    home = page_of(cast.editor, "home")
    assert ("計画変更 第1号" in text_of(home), "変更案を編集" in text_of(home)) == (True, True)
    assert f'href="{reverse("proposal", args=[review.pk])}"' in home.content.decode()
    take(Action.SUBMIT, review, cast.lead)
    assert "計画変更 第1号" in text_of(page_of(cast.reviewer, "home"))
    assert "計画変更 第1号" in text_of(page_of(cast.editor, "home"))
    take(Action.PASS, review, cast.reviewer)
    take(Action.APPROVE, review, cast.approver)
    assert "計画変更" not in text_of(page_of(cast.editor, "home")).split("新しい動き")[0]


def test_the_board_and_the_checkpoints_know_no_such_round(plan: ActionPlan, review: Review, cast: Cast) -> None:
    change_at(Stage.REVIEW, plan, cast)
    for name in ("board", "checkpoints", "rates"):
        assert "計画変更" not in text_of(page_of(cast.administrator if name == "checkpoints" else cast.reviewer, name))


def test_the_page_takes_few_queries(plan: ActionPlan, cast: Cast, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_indicator("M-1", measure=make_measure(plan))
    review = change_at(Stage.REVIEW, plan, cast)
    client = logged_in(cast.reviewer)
    with django_assert_num_queries(12):
        client.get(reverse("review", args=[review.pk]))


# ---- the quarters that are over


def test_pages_of_a_quarter_that_is_over_stay_as_they_were(plan: ActionPlan, cast: Cast) -> None:
    make_indicator("M1-1", measure=plan.measures.get(), title="受付の件数")
    (first,) = opened(plan, kind="q1")
    save(first, cast.editor)
    first.indicator_reports.create(indicator=plan.measures.get().indicators.get(), value=4)
    for action, person in [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]:
        take(action, first, person)
    pages = [("review", [first.pk]), ("review_round", [first.pk, 1])]
    people = [cast.editor, cast.reviewer, cast.executive, cast.auditor]
    before = [text_of(page_of(person, name, *args)) for person in people for name, args in pages]
    review = asked(plan, cast.editor)
    (indicator,) = draft_of(plan).measures[0].indicators
    wanted = other(
        plan,
        title="改めた施策",
        goal="改めた目標",
        priority=Priority.OTHER,
        indicators=(replace(indicator, title="改めた指標", target=Decimal(1)),),
    )
    proposed(review, cast.editor, wanted)
    for action, person in [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]:
        take(action, review, person)
    assert live(plan).measures.get().title == "改めた施策"
    assert [text_of(page_of(person, name, *args)) for person in people for name, args in pages] == before
    (second,) = opened(plan, kind="q2")
    sheet_of_second = text_of(page_of(cast.editor, "prepare", second.pk))
    assert ("改めた施策" in sheet_of_second, "改めた指標" in sheet_of_second) == (True, True)
