"""What the office does to many from the board: it asks first, says what became of each, and who was first."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, Department, User
from departments.projection import rebuild_access
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import LATER, NOTE, REASON, TODAY, YEAR, at, now_of, opened, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import Event, Nudge, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")

QUERY = f"?year={YEAR}&late=1"
DAY = {"to": LATER.isoformat(), "reason": REASON}


@pytest.fixture
def reviews(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    """Civic is with the reviewers, tax and DX prepare."""
    civic, tax, dx = opened(plan, make_approved_plan(places.tax), make_approved_plan(places.dx))
    at(Stage.REVIEW, civic, cast)
    return [now_of(each) for each in (civic, tax, dx)]


def row(review: Review) -> str:
    """As the board names a row that is ticked."""
    return f"{review.pk}-{review.task_id}-{review.round}"


def post(user: User, route: str, query: str = QUERY, **data: Any) -> Any:
    return logged_in(user).post(reverse(route) + query, data, follow=True)


def cases_of(answer: Any) -> list[str]:
    """The rows of the page that asks."""
    return re.findall(r'name="case" value="([^"]+)"', answer.content.decode())


def ticks(user: User) -> set[str]:
    content = page_of(user, "board").content.decode()
    return set(re.findall(r'name="review" value="([^"]+)"', content))


def test_rows_can_be_ticked_where_there_is_something_to_do(cast: Cast, reviews: list[Review]) -> None:
    civic, tax, dx = map(row, reviews)
    for person, keys in {
        cast.reviewer: {civic, tax, dx},
        cast.approver: {civic, tax, dx},
        cast.doubled: {civic, dx},
        cast.lead: set(),
        cast.executive: set(),
        cast.auditor: set(),
        cast.administrator: set(),
    }.items():
        assert ticks(person) == keys, person


def test_the_page_says_who_would_be_nudged(cast: Cast, reviews: list[Review]) -> None:
    take(Action.NUDGE, reviews[2], cast.second_reviewer)
    answer = post(cast.reviewer, "board_nudge", review=[row(each) for each in reviews])
    text = text_of(answer)
    assert cases_of(answer) == [f"{reviews[1].pk}-{reviews[1].task_id}"]
    assert "対象(1件)" in text
    assert "doubled ほか2名 メッセージ" in text
    assert "1件を催促する" in text
    assert "実行しないもの 2" in text
    assert "あなたが催促するものではありません。" in text
    assert "second_reviewerさんが令和8年10月7日(水) 10:00に催促済みです。" in text
    assert Nudge.objects.count() == 1


def test_those_on_the_page_are_nudged_and_each_is_told_of(cast: Cast, reviews: list[Review]) -> None:
    cases = cases_of(post(cast.approver, "board_nudge", review=[row(each) for each in reviews]))
    take(Action.NUDGE, reviews[1], cast.second_reviewer)
    take(Action.PASS, reviews[0], cast.reviewer)
    answer = post(cast.approver, "board_nudge", case=cases, note=NOTE)
    text = text_of(answer)
    assert "1件を催促しました。" in text
    assert "2件は処理していません" in text
    assert "second_reviewerさんが令和8年10月7日(水) 10:00に催促済みです。" in text
    assert "reviewerさんが令和8年10月7日(水) 10:00に、先に処理しています(" in text
    assert f"{reverse('board')}{QUERY.replace('&', '&amp;')}" in answer.content.decode()
    assert Nudge.objects.get(review=reviews[2]).event.data["comment"] == NOTE


def test_a_message_too_long_nudges_nobody(cast: Cast, reviews: list[Review]) -> None:
    answer = post(cast.approver, "board_nudge", case=[f"{reviews[1].pk}-{reviews[1].task_id}"], note="長" * 501)
    assert "入力内容に1件の誤りがあります" in text_of(answer)
    assert "長" * 501 in answer.content.decode()
    assert len(cases_of(answer)) == 1
    assert not Nudge.objects.exists()


def test_due_days_are_extended_together(cast: Cast, reviews: list[Review]) -> None:
    answer = post(cast.reviewer, "board_extend", review=[row(each) for each in reviews])
    cases = cases_of(answer)
    assert cases == [f"{each.pk}-{each.task_id}-20261014" for each in reviews[1:]]
    assert "すでに提出されているため、期限の延長は必要ありません。" in text_of(answer)
    assert "令和8年10月19日(月)(3営業日後)" in text_of(answer)
    text = text_of(post(cast.reviewer, "board_extend", case=cases, **DAY))
    assert "2件の期限を延長しました" in text
    assert [now_of(each).due_on for each in reviews] == [date(2026, 10, 28), LATER, LATER]
    assert {event.data["comment"] for event in Event.objects.filter(kind="extended")} == {REASON}


def test_who_was_first_is_told_and_the_other_day_stays(cast: Cast, reviews: list[Review]) -> None:
    cases = cases_of(post(cast.reviewer, "board_extend", review=[row(each) for each in reviews[1:]]))
    take(Action.EXTEND, reviews[1], cast.approver)
    later = {"to": "2026-12-01", "reason": REASON}
    text = text_of(post(cast.reviewer, "board_extend", case=cases, **later))
    assert "1件の期限を延長しました" in text
    assert "approverさんが令和8年10月7日(水) 10:00に、先に処理しています(期限延長)" in text
    assert REASON in text.split("入力していた内容")[1]
    assert [now_of(each).due_on for each in reviews[1:]] == [LATER, date(2026, 12, 1)]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"to": "", "reason": REASON}, "入力内容に1件の誤りがあります"),
        ({"to": "2026-11-20", "reason": " "}, "期限を延長する理由を書いてください"),
        ({"to": "0008-11-20", "reason": REASON}, "年は2026のように西暦4桁で"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    cast: Cast, reviews: list[Review], typed: dict[str, str], told: str
) -> None:
    answer = post(cast.reviewer, "board_extend", case=[f"{reviews[1].pk}-{reviews[1].task_id}-20261014"], **typed)
    assert told in text_of(answer)
    assert len(cases_of(answer)) == 1
    assert not Event.objects.filter(kind="extended").exists()


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-11-21", "この日は閉庁日です。次の営業日は令和8年11月24日(火)です。"),
        ("2026-10-14", "現在の期限(令和8年10月14日(水))より後の日を選んでください。"),
        ("2026-10-06", "現在の期限(令和8年10月14日(水))より後の日を選んでください。"),
        ("2027-01-05", "このチェックポイントは令和8年12月25日(金)に締め切られます。"),
    ],
)
def test_a_day_that_can_be_nobodys_is_asked_for_again(cast: Cast, reviews: list[Review], day: str, told: str) -> None:
    cases = [f"{each.pk}-{each.task_id}-20261014" for each in reviews[1:]]
    answer = post(cast.approver, "board_extend", case=cases, to=day, reason=REASON)
    assert (told in text_of(answer), REASON in answer.content.decode(), cases_of(answer)) == (True, True, cases)
    assert {now_of(each).due_on for each in reviews[1:]} == {date(2026, 10, 14)}


def test_who_drafts_for_a_department_extends_nothing_of_it(cast: Cast, reviews: list[Review]) -> None:
    answer = post(cast.doubled, "board_extend", review=[row(each) for each in reviews[1:]])
    assert [case.split("-")[0] for case in cases_of(answer)] == [str(reviews[2].pk)]
    assert "今年度この所属の担当者または所属長であるため" in text_of(answer)
    text = text_of(post(cast.doubled, "board_extend", case=[f"{reviews[1].pk}-{reviews[1].task_id}-20261014"], **DAY))
    assert "この操作を行う権限がありません。" in text
    assert now_of(reviews[1]).due_on == date(2026, 10, 14)


def test_what_moved_on_meanwhile_is_left(cast: Cast, reviews: list[Review]) -> None:
    chosen = [row(each) for each in reviews]
    take(Action.PASS, reviews[0], cast.second_reviewer)
    answer = post(cast.approver, "board_nudge", review=chosen)
    assert "ボードを表示したあとに状態が変わりました。" in text_of(answer)
    assert len(cases_of(answer)) == 2


@pytest.mark.parametrize("route", ["board_nudge", "board_extend"])
def test_nothing_chosen_leads_back_and_says_so(cast: Cast, reviews: list[Review], route: str) -> None:
    answer = post(cast.reviewer, route)
    assert answer.redirect_chain == [(reverse("board") + QUERY, 302)]
    assert "選ばれていません" in text_of(answer)
    answer = post(cast.reviewer, route, review=[f"{number}-1-0" for number in range(300)])
    assert "一度に選べるのは200件までです。" in text_of(answer)
    assert page_of(cast.reviewer, route, query=QUERY)["Location"] == reverse("board") + QUERY


@pytest.mark.parametrize("route", ["board_nudge", "board_extend"])
@pytest.mark.parametrize(
    "data",
    [{"review": "x"}, {"review": "1-2"}, {"case": "1"}, {"case": "1-2-20261301"}, {"case": "1-2-" + "9" * 30}]
    + [{"case": ["1-2-20261014"] + [f"{number}-2-20261014" for number in range(300)]}],
)
def test_a_broken_request_is_refused(cast: Cast, reviews: list[Review], route: str, data: dict[str, Any]) -> None:
    assert post(cast.reviewer, route, **data).status_code == 400


def test_others_find_nothing_there(cast: Cast, reviews: list[Review]) -> None:
    for person in (cast.lead, cast.executive, cast.auditor, cast.administrator, cast.stranger):
        for route in ("board_nudge", "board_extend"):
            assert post(person, route, review=[row(reviews[1])]).status_code == 404
    assert post(cast.reviewer, "board_nudge", review=["999999-1-0"]).status_code == 404
    assert post(cast.reviewer, "board_extend", case=["999999-1-20261014"], **DAY).status_code == 404


def test_the_bulk_page_takes_the_selection(cast: Cast, reviews: list[Review]) -> None:
    answer = post(cast.reviewer, "bulk", "", action="choose", review=[row(reviews[0]), row(reviews[1])])
    text = text_of(answer)
    assert "進捗ボードで選んだものだけを表示しています。" in text
    assert "選んだもののうち1件は、あなたの審査・承認待ちではありません" in text
    assert re.findall(r'name="review" value="([^"]+)"[^>]* checked', answer.content.decode()) == [row(reviews[0])]
    assert now_of(reviews[0]).stage == Stage.REVIEW


@pytest.mark.parametrize("route", ["board_nudge", "board_extend"])
def test_asking_takes_as_many_queries_for_one_as_for_many(cast: Cast, places: Places, route: str) -> None:
    rows = [Department(code=f"n{at}", name=f"第{at}課", parent=places.city) for at in range(20)]
    made = Department.objects.bulk_create(rows)
    rebuild_access(TODAY)
    reviews = opened(*[make_approved_plan(each) for each in made])
    counted = set()
    for chosen in (reviews[:1], reviews):
        client = logged_in(cast.reviewer)
        with CaptureQueriesContext(connection) as queries:
            client.post(reverse(route), {"review": [row(each) for each in chosen]})
        counted.add(len(queries))
    assert len(counted) == 1
