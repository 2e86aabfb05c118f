"""マイワーク: what waits for whom, how urgent it is, what comes next, and how many queries that costs."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, Department, Role, User
from departments.models.plans import PlanKind, PlanState
from departments.projection import rebuild_access
from tests.factories import appoint, make_department, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy
from tests.workflows.moves import (
    NOTE,
    NOW,
    REASON,
    TODAY,
    YEAR,
    at,
    change_of,
    make_checkpoint,
    opened,
    pin_on,
    save,
    take,
)
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.inbox import Urgency, urgency_of
from workflows.models import CheckpointKind, Review, Stage
from workflows.services.checkpoints import open_checkpoint
from workflows.views.inbox import ON_A_PAGE
from workflows.wording import due_text

pytestmark = pytest.mark.usefixtures("clock")

NOTHING = "いま対応が必要なものはありません"


def home_of(user: User, query: str = "") -> str:
    """What the person reads of what waits; not of what is new."""
    return text_of(page_of(user, "home", query=query)).split("新しい動き")[0]


def links_of(user: User) -> str:
    return page_of(user, "home").content.decode().split('class="card news"')[0]


# ---- the department


def test_the_department_finds_what_it_has_to_write(cast: Cast, review: Review) -> None:
    for user in (cast.editor, cast.lead):
        text = home_of(user)
        assert "対応が必要なものが1件あります。" in text
        assert "あと4営業日 令和8年10月14日(水)まで" in text  # 12 October is a holiday
        assert "担当： editor 、 lead" in text
        assert reverse("prepare", args=[review.pk]) in links_of(user)
        assert NOTHING not in text


def test_the_card_says_how_far_it_is_and_leads_to_what_is_missing(cast: Cast, review: Review) -> None:
    measure = review.plan.measures.get()
    text = home_of(cast.editor)
    assert "1施策のうち0件 入力済み" in text
    assert "未入力・不足 2件" in text
    assert "入力する" in text
    save(review, cast.editor, done="")
    assert "入力を続ける" in home_of(cast.editor)
    assert f"{reverse('prepare', args=[review.pk])}#id_m{measure.pk}-done" in links_of(cast.editor)
    save(review, cast.editor)
    text = home_of(cast.lead)
    assert "1施策のうち1件 入力済み" in text
    assert "未入力" not in text
    assert "最終保存 令和8年10月7日(水) 10:00 editor" in text


def test_what_is_entered_is_for_the_lead_to_submit(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    assert "確認して提出" in home_of(cast.lead)
    assert "確認して提出" not in home_of(cast.editor)
    assert "提出は所属長が行います" in home_of(cast.editor)


def test_what_was_returned_says_why_and_by_whom(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    text = home_of(cast.lead)
    assert "差戻しの理由 reviewer、令和8年10月7日(水) 10:00" in text
    assert REASON in text
    assert "修正する" in text
    save(review, cast.editor, done="根拠を追記した。", now=NOW + timedelta(hours=1))
    assert "確認して提出" in home_of(cast.lead)


def test_what_was_revoked_says_why(cast: Cast, review: Review) -> None:
    take(Action.REVOKE, at(Stage.APPROVED, review, cast), cast.approver)
    text = home_of(cast.lead)
    assert "承認取消の理由 approver" in text
    assert REASON in text
    assert "修正する" in text


def test_comments_that_wait_for_an_answer_are_counted(cast: Cast, review: Review) -> None:
    take(Action.PIN, at(Stage.REVIEW, review, cast), cast.reviewer)
    take(Action.RETURN, review, cast.reviewer)
    assert "未解決の指摘が1件あります (うち未回答 1件)" in home_of(cast.editor)
    take(Action.ANSWER, review, cast.editor)
    text = home_of(cast.editor)
    assert "未解決の指摘が1件あります" in text
    assert "未回答" not in text
    assert pin_on(review).entries.count() == 1


def test_a_nudge_stands_on_the_card_until_it_moves_on(cast: Cast, review: Review) -> None:
    assert "催促" not in home_of(cast.editor)
    take(Action.NUDGE, review, cast.reviewer)
    for user in (cast.editor, cast.lead):
        text = home_of(user)
        assert "催促が届いています reviewer" in text
        assert NOTE in text
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert "催促" not in home_of(cast.reviewer)
    take(Action.NUDGE, review, cast.approver, now=NOW + timedelta(days=1))
    text = home_of(cast.reviewer)
    assert "催促あり approver" in text
    assert NOTE in text


def test_the_department_sees_where_its_report_is_and_who_has_it(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    text = home_of(cast.lead)
    assert NOTHING in text
    assert "所属が提出したものの現在の状況" in text
    assert "審査中 doubled 、 reviewer 、 second_reviewer 令和8年10月28日(水)まで" in text
    assert "所属が提出したもの" not in home_of(cast.tax_lead)


def test_a_plan_is_edited_on_its_own_page_and_submitted_here(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic, measures=1)
    [review] = opened(plan, kind=CheckpointKind.PLAN)
    page = links_of(cast.lead)
    assert reverse("plan_edit", args=[plan.pk]) in page
    assert reverse("prepare", args=[review.pk]) in page
    plan.measures.update(goal="")
    assert "1施策のうち0件 作成済み" in home_of(cast.lead)
    assert f"{reverse('plan_edit', args=[plan.pk])}#measure-1" in links_of(cast.lead)


def test_a_change_of_the_plan_leads_to_its_draft(cast: Cast, plan: ActionPlan) -> None:
    review = change_of(plan, cast.lead)
    assert "変更案を編集" in home_of(cast.editor)
    assert reverse("proposal", args=[review.pk]) in links_of(cast.editor)


@pytest.mark.parametrize(
    ("due_on", "urgency"),
    [
        (date(2026, 10, 6), Urgency.LATE),
        (date(2026, 10, 7), Urgency.TODAY),
        (date(2026, 10, 8), Urgency.WEEK),
        (date(2026, 10, 11), Urgency.WEEK),  # Sunday
        (date(2026, 10, 12), Urgency.LATER),
    ],
)
def test_cards_stand_by_urgency(due_on: date, urgency: Urgency) -> None:
    assert urgency_of(due_on, TODAY) == urgency


def test_late_cards_come_first(cast: Cast, reviews: list[Review]) -> None:
    for review, due_on in zip(reviews, (TODAY, TODAY + timedelta(days=30), TODAY - timedelta(days=1)), strict=True):
        Review.objects.filter(pk=review.pk).update(due_on=due_on)
    text = home_of(cast.editor)
    order = [
        text.index(words)
        for words in ("期限超過 1", "3Q進捗確認", "本日締切 1", "1Q進捗確認", "来週以降 1", "2Q進捗確認")
    ]
    assert order == sorted(order)


# ---- the office


def test_the_office_finds_what_it_has_to_review_and_approve(cast: Cast, review: Review) -> None:
    assert NOTHING in home_of(cast.reviewer)
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert "審査するもの" in home_of(cast.reviewer)
    assert "次の1件を審査する" in home_of(cast.reviewer)
    assert NOTHING in home_of(cast.approver)
    take(Action.PASS, review, cast.reviewer)
    assert "承認するもの" in home_of(cast.approver)
    assert "次の1件を確認・承認する" in home_of(cast.approver)
    assert NOTHING in home_of(cast.reviewer)


def test_whoever_may_not_decide_does_not_find_it(cast: Cast, review: Review) -> None:
    """`moved` worked in the department until a week ago and is reviewer now."""
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert NOTHING in home_of(cast.moved)
    assert reverse("review", args=[review.pk]) not in links_of(cast.moved)


def test_the_most_urgent_comes_first(cast: Cast, places: Places, plan: ActionPlan) -> None:
    make_approved_plan(places.tax)
    reviews = opened(plan, places.tax.plans.get())
    for review in reviews:
        at(Stage.REVIEW, review, cast)
    Review.objects.filter(pk=reviews[1].pk).update(due_on=date(2026, 10, 5))
    text = home_of(cast.reviewer)
    assert "うち1件は期限を過ぎています。" in text
    assert "次の1件： 税務課" in text
    assert text.rindex("税務課") < text.index("市民課")
    assert "2営業日超過" in text


def test_one_stage_of_several_can_be_shown_alone(cast: Cast, places: Places, plan: ActionPlan) -> None:
    """`doubled` reviews everything and drafts for the tax department."""
    [review, _own] = opened(plan, make_approved_plan(places.tax))
    at(Stage.REVIEW, review, cast)
    text = home_of(cast.doubled)
    assert "すべて 2 作成・提出するもの 1 審査するもの 1" in text
    assert ("市民課" in text, "税務課" in text) == (True, True)
    alone = home_of(cast.doubled, "?stage=review")
    assert ("市民課" in alone, "税務課" in alone) == (True, False)
    assert home_of(cast.doubled, "?stage=nonsense") == text


# ---- those who only read


def test_readers_find_how_far_it_is_and_where_to_go(cast: Cast, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    for user in (cast.executive, cast.auditor, cast.administrator):
        text = home_of(user)
        assert "令和8年度 2Q進捗確認 提出期限 令和8年10月14日(水)" in text, user
        assert "承認済み 0 / 1 審査・承認待ち 1 未提出 0 期限超過 0" in text, user
        assert reverse("board") in links_of(user)
    assert "承認記録" in home_of(cast.auditor)
    assert "承認記録" not in home_of(cast.executive)


def test_who_reads_no_board_is_told_no_figure(cast: Cast, review: Review) -> None:
    text = home_of(cast.stranger)
    assert NOTHING in text
    assert "2Q進捗確認" not in text


def test_a_deputy_is_told_in_whose_place(cast: Cast, places: Places, review: Review) -> None:
    deputy = make_deputy(places, cast)
    at(Stage.APPROVE, review, cast)
    assert "approverの代理" in home_of(deputy)


# ---- what it costs


def many_departments(number: int, places: Places, by: User) -> list[ActionPlan]:
    """So many departments that the person's post reaches, each with an approved plan; in a few queries."""
    Department.objects.bulk_create(
        Department(code=f"d{at}", name=f"第{at}課", parent=places.city, position=10 + at) for at in range(number)
    )
    rebuild_access(TODAY, users=[by])
    return ActionPlan.objects.bulk_create(
        ActionPlan(department=department, fiscal_year=YEAR, kind=PlanKind.EXECUTION, state=PlanState.APPROVED)
        for department in Department.objects.filter(code__startswith="d", parent=places.city)
    )


@pytest.mark.parametrize("departments", [1, 10, 1000])
def test_the_number_of_queries_of_the_office_is_fixed(
    cast: Cast, places: Places, departments: int, django_assert_num_queries: Any
) -> None:
    many_departments(departments, places, cast.reviewer)
    open_checkpoint(checkpoint=make_checkpoint(), by=None, now=NOW)
    Review.objects.update(stage=Stage.REVIEW, round=1)
    client = logged_in(cast.reviewer)
    with django_assert_num_queries(11):
        text = text_of(client.get("/"))
    assert f"対応が必要なものが{departments}件あります。" in text
    assert text.count(" 審査する ") == min(departments, ON_A_PAGE)


@pytest.mark.parametrize("departments", [1, 10])
def test_the_number_of_queries_of_whoever_leads_many_departments_is_fixed(
    cast: Cast, places: Places, departments: int, django_assert_num_queries: Any
) -> None:
    plans = [make_approved_plan(make_department(f"d{at}", parent=places.city)) for at in range(departments)]
    for plan in plans:
        appoint(cast.lead, plan.department, Role.LEAD, on=TODAY)
    for review in opened(*plans):
        take(Action.NUDGE, review, cast.reviewer)
    client = logged_in(cast.lead)
    with django_assert_num_queries(20):
        text = text_of(client.get("/"))
    assert text.count("催促が届いています") == departments


@pytest.mark.parametrize("page", ["0", "999", "abc", "-1"])
def test_no_page_number_breaks_it(cast: Cast, review: Review, page: str) -> None:
    assert page_of(cast.lead, "home", query=f"?page={page}").status_code == 200


@pytest.mark.parametrize(
    ("on", "tone", "text"),
    [
        (date(2026, 10, 7), "", "あと4営業日"),
        (date(2026, 10, 13), "", "あと1営業日"),
        (date(2026, 10, 14), "yellow", "本日締切"),
        (date(2026, 10, 15), "red", "1営業日超過"),
        (date(2026, 10, 19), "red", "3営業日超過"),
    ],
)
def test_days_are_business_days(on: date, tone: str, text: str) -> None:
    due = due_text(date(2026, 10, 14), on, BusinessCalendar())
    assert due is not None
    assert (due.tone, due.text) == (tone, text)


def test_on_the_closed_days_after_a_due_day_it_is_just_overdue() -> None:
    due = due_text(date(2026, 10, 9), date(2026, 10, 12), BusinessCalendar())  # Friday, and the holiday after it
    assert due is not None
    assert (due.tone, due.text) == ("red", "期限超過")
