"""The page まとめて処理する: what it lists and why, what it does with what is ticked, and in how many queries."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from departments.models import ActionPlan, Role, User
from departments.services import appointments
from tests.factories import appoint, make_department
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, TODAY, fresh, now_of, opened, take
from tests.workflows.pages import logged_in, page_of, text_of
from tests.workflows.test_bulk import Q1, Q2, submitted, three_alike
from workflows.access import Action
from workflows.bulk import bulk_items, deciding
from workflows.content import canonical, digest
from workflows.models import Event, Review, Stage, Submission

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def three(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    return three_alike(cast, places, plan)


def key_of(review: Review) -> str:
    return f"{review.pk}-{review.task_id}-{review.round}"


def post(user: User, action: str, *keys: str) -> HttpResponse:
    return logged_in(user).post(reverse("bulk"), {"action": action, "review": list(keys)})


def test_the_page_lists_what_goes_together_and_why_others_do_not(cast: Cast, plan: ActionPlan, places: Places) -> None:
    submitted(plan, cast, Q1, "late")
    for each, progress in ((plan, "on_plan"), (make_approved_plan(places.tax), "on_plan")):
        submitted(each, cast, Q2, progress)
    page = page_of(cast.reviewer, "bulk")
    text = text_of(page)
    assert "まとめて承認へ回せるもの 1 " in text
    assert "税務課 実行プラン 2Q進捗確認 第1回提出 ○ 計画どおり 1 令和8年10月28日(水) あと14営業日" in text
    assert "1件ずつ確認するもの 2 " in text
    assert "前回の報告から、進捗区分の変わった施策が1件あります。" in text
    assert "前回の報告がなく、遅れなど理由の必要な施策が1件あります。" in text
    assert "checked" not in page.content.decode()


def test_one_button_ticks_all(cast: Cast, three: list[Review]) -> None:
    page = post(cast.reviewer, "review")
    assert page.content.decode().count(" checked") == 3
    assert now_of(three[0]).stage == Stage.REVIEW
    assert post(cast.approver, "approve").content.decode().count(" checked") == 0


def test_the_results_name_each_and_a_second_press_does_nothing(cast: Cast, three: list[Review]) -> None:
    keys = [key_of(review) for review in three]
    take(Action.PASS, three[1], cast.second_reviewer)
    text = text_of(post(cast.reviewer, "decide", *keys, keys[0]))
    assert "2件を処理しました" in text
    assert "1件は処理していません" in text
    assert "税務課 実行プラン 令和8年度 2Q進捗確認" in text
    assert "second_reviewerさんが令和8年10月7日(水) 10:00に、先に処理しています(承認へ回付)。" in text
    assert "承認へ回付 (第1回提出) まとめて処理 reviewer" in text_of(page_of(cast.auditor, "review", three[0].pk))
    assert "まとめて処理" not in text_of(page_of(cast.auditor, "review", three[1].pk))
    events = Event.objects.count()
    text = text_of(post(cast.reviewer, "decide", *keys))
    assert "3件は処理していません" in text
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています(承認へ回付)。" in text
    assert Event.objects.count() == events


def test_a_review_out_of_sight_is_not_named(cast: Cast, places: Places, three: list[Review]) -> None:
    narrow = User.objects.create(username="narrow", name="narrow")
    appoint(narrow, places.civic, Role.REVIEWER, on=TODAY)
    text = text_of(post(narrow, "decide", key_of(three[0]), key_of(three[1]), "999999-1-1"))
    assert "1件を処理しました" in text
    assert text.count("現在は表示できない件です。処理していません。") == 2
    assert "税務課" not in text
    assert [now_of(review).stage for review in three] == [Stage.APPROVE, Stage.REVIEW, Stage.REVIEW]


def test_a_return_of_rights_counts_on_the_next_request(cast: Cast, three: list[Review]) -> None:
    post_held = cast.reviewer.appointments.get()
    appointments.end_appointment(by=None, appointment=post_held, last_day=TODAY.replace(day=6), on=TODAY)
    assert post(cast.reviewer, "decide", key_of(three[0])).status_code == 404
    assert now_of(three[0]).stage == Stage.REVIEW


def test_nothing_or_too_much_is_said(cast: Cast, three: list[Review]) -> None:
    assert "1件も選ばれていません。" in text_of(post(cast.reviewer, "decide"))
    keys = [f"{three[0].pk}-{number}-1" for number in range(201)]
    assert "一度に選べるのは200件までです。何も処理していません。" in text_of(post(cast.reviewer, "decide", *keys))
    assert now_of(three[0]).stage == Stage.REVIEW


@pytest.mark.parametrize("key", ["", "x", "1", "1-2", "1-2-x", "1-2-3-4", f"{'9' * 30}-1-1", "１-1-1"])
def test_a_broken_request_is_refused(cast: Cast, three: list[Review], key: str) -> None:
    assert post(cast.reviewer, "decide", key).status_code == 400
    assert post(cast.reviewer, "explode", key_of(three[0])).status_code == 400


def test_who_finds_the_page(cast: Cast, three: list[Review]) -> None:
    office = {"dx_lead", "reviewer", "second_reviewer", "approver", "moved", "doubled"}
    found = {person.username: page_of(person, "bulk").status_code for person in cast.everybody() if person.is_active}
    assert found == {name: 200 if name in office else 404 for name in found}
    assert "審査・承認を待っているものはありません" in text_of(page_of(cast.approver, "bulk"))


def test_my_work_leads_there_where_two_wait(cast: Cast, three: list[Review]) -> None:
    assert reverse("bulk") in page_of(cast.reviewer, "home").content.decode()
    for review in three[:2]:
        take(Action.PASS, review, cast.reviewer)
    assert reverse("bulk") not in page_of(cast.reviewer, "home").content.decode()
    assert reverse("bulk") in page_of(cast.approver, "home").content.decode()
    assert reverse("bulk") not in page_of(cast.editor, "home").content.decode()


# ---- how many queries


def many_submitted(number: int, places: Places, by: User) -> None:
    """So many departments' reports at two checkpoints, the second of which waits for the office."""
    plans = [make_approved_plan(make_department(f"d{at}", parent=places.city)) for at in range(number)]
    for kind, stage in ((Q1, Stage.APPROVE), (Q2, Stage.REVIEW)):
        reviews = opened(*plans, kind=kind)
        Review.objects.filter(pk__in=[review.pk for review in reviews]).update(stage=stage, round=1)
        for review in reviews:
            (measure,) = review.plan.measures.all()
            text = canonical(
                {
                    "format": 1,
                    "kind": "report",
                    "measures": [{"id": measure.pk, "progress": "on_plan"}],
                    "indicators": [],
                }
            )
            Submission.objects.create(
                review=review, round=1, content=text, sha256=digest(text), submitted_by=by, submitted_at=NOW
            )


@pytest.mark.parametrize("number", [2, 40])
def test_the_number_of_queries_is_fixed(
    cast: Cast, places: Places, number: int, django_assert_num_queries: Any
) -> None:
    many_submitted(number, places, cast.lead)
    user = fresh(cast.reviewer)
    with django_assert_num_queries(7):
        items = bulk_items(deciding(user, TODAY).with_names(), user, TODAY)
    assert [item.obstacle for item in items] == [""] * number
    assert text_of(page_of(cast.reviewer, "bulk")).count("計画どおり") == number
