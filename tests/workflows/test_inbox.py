"""マイワーク: what waits for whom, how urgent it is, and how many queries that costs."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan
from tests.factories import make_department, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import REASON, at, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Review, Stage
from workflows.wording import due_text

pytestmark = pytest.mark.usefixtures("clock")


def test_the_department_finds_what_it_has_to_write(cast: Cast, review: Review) -> None:
    for user in (cast.editor, cast.lead):
        page = page_of(user, "home")
        assert "対応が必要なものが1件あります。" in text_of(page)
        assert "令和8年10月14日(水) あと4営業日" in text_of(page)  # 12 October is a holiday
        assert reverse("prepare", args=[review.pk]) in page.content.decode()


def test_what_was_returned_says_so_with_the_first_line_of_the_reason(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    text = text_of(page_of(cast.lead, "home"))
    assert "差戻し" in text
    assert REASON in text
    assert "修正する" in text


def test_what_was_revoked_says_so_with_the_first_line_of_the_reason(cast: Cast, review: Review) -> None:
    take(Action.REVOKE, at(Stage.APPROVED, review, cast), cast.approver)
    text = text_of(page_of(cast.lead, "home"))
    assert REASON in text
    assert "修正する" in text


def test_the_office_finds_what_it_has_to_review_and_approve(cast: Cast, review: Review) -> None:
    assert "いま対応が必要なものはありません" in text_of(page_of(cast.reviewer, "home"))
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert "審査するもの" in text_of(page_of(cast.reviewer, "home"))
    assert "いま対応が必要なものはありません" in text_of(page_of(cast.approver, "home"))
    take(Action.PASS, review, cast.reviewer)
    assert "承認するもの" in text_of(page_of(cast.approver, "home"))
    assert "いま対応が必要なものはありません" in text_of(page_of(cast.reviewer, "home"))


def test_the_department_sees_where_its_report_is_and_who_has_it(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    text = text_of(page_of(cast.lead, "home"))
    assert "所属が提出したものの現在の状況" in text
    assert "審査中 doubled 、 reviewer 、 second_reviewer 令和8年10月28日(水)まで" in text
    assert "所属が提出したもの" not in text_of(page_of(cast.tax_lead, "home"))


def test_whoever_may_not_decide_does_not_find_it(cast: Cast, review: Review) -> None:
    """`moved` worked in the department until a week ago and is reviewer now."""
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert reverse("review", args=[review.pk]) not in page_of(cast.moved, "home").content.decode()


def test_a_plan_is_edited_on_its_own_page_and_submitted_here(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic, measures=1)
    [review] = opened(plan, kind=CheckpointKind.PLAN)
    page = page_of(cast.lead, "home").content.decode()
    assert reverse("plan_edit", args=[plan.pk]) in page
    assert reverse("prepare", args=[review.pk]) in page


def test_the_most_urgent_comes_first(cast: Cast, places: Places, plan: ActionPlan) -> None:
    make_approved_plan(places.tax)
    reviews = opened(plan, places.tax.plans.get())
    Review.objects.filter(pk=reviews[1].pk).update(due_on=date(2026, 10, 5))
    for review, editor, lead in ((reviews[0], cast.editor, cast.lead), (reviews[1], cast.tax_editor, cast.tax_lead)):
        save(review, editor)
        take(Action.SUBMIT, review, lead)
    Review.objects.filter(pk=reviews[1].pk).update(due_on=date(2026, 10, 5))
    text = text_of(page_of(cast.reviewer, "home"))
    assert "うち1件は期限を過ぎています。" in text
    assert text.index("税務課") < text.index("市民課")
    assert "2営業日超過" in text


@pytest.mark.parametrize("departments", [1, 3, 30])
def test_the_number_of_queries_is_fixed(
    cast: Cast, places: Places, departments: int, django_assert_num_queries: Any
) -> None:
    for number in range(departments):
        department = make_department(f"d{number}", parent=places.city, position=10 + number)
        make_approved_plan(department)
    plans = ActionPlan.objects.all()
    for review in opened(*plans):
        Review.objects.filter(pk=review.pk).update(due_on=review.due_on - timedelta(days=number))
    client = logged_in(cast.reviewer)
    Review.objects.update(stage="review", round=1)
    with django_assert_num_queries(11):
        client.get("/")


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
