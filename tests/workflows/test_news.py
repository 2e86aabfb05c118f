"""What happened since a person last looked: what each is told, never more than they may read, and since when."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from departments.models import User
from tests.factories import PASSWORD
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOTE, NOW, REASON, TODAY, at, closed, fresh, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import Event, Review, Stage
from workflows.news import SHOWN, news_of, since_before, since_of

pytestmark = pytest.mark.usefixtures("clock")

BEFORE = NOW - timedelta(days=1)


def told(user: User, since: datetime = BEFORE) -> list[str]:
    return [f"{item.event.kind} {item.review.department.code}" for item in news_of(fresh(user), since, TODAY).items]


def news_on(client: Client) -> str:
    return text_of(client.get("/")).split("新しい動き", 1)[1]


# ---- who is told what


def test_the_department_is_told_of_its_own_and_not_of_others(cast: Cast, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    assert told(cast.editor) == ["returned civic", "submitted civic", "opened civic"]
    assert told(cast.lead) == ["returned civic", "opened civic"]  # what one did oneself is no news
    assert told(cast.tax_lead) == []
    text = news_on(logged_in(cast.editor))
    assert f"差戻し 市民課 2Q進捗確認 {REASON} reviewer、 10月7日 10:00" in text


def test_the_office_is_told_of_what_comes_before_it(cast: Cast, review: Review) -> None:
    at(Stage.APPROVE, review, cast)
    assert told(cast.reviewer) == ["submitted civic"]
    assert told(cast.approver) == ["passed civic"]
    take(Action.APPROVE, review, cast.approver)
    assert told(cast.reviewer) == ["approved civic", "submitted civic"]


def test_readers_are_told_of_what_they_may_read(cast: Cast, review: Review) -> None:
    at(Stage.APPROVE, review, cast)
    assert told(cast.executive) == []
    assert told(cast.auditor) == ["passed civic", "submitted civic"]
    take(Action.APPROVE, review, cast.approver)
    assert told(cast.executive) == ["approved civic"]
    assert told(cast.auditor) == ["approved civic", "passed civic", "submitted civic"]
    take(Action.REVOKE, review, cast.approver)
    assert told(cast.executive) == []
    for nobody in (cast.administrator, cast.stranger, cast.superuser):
        assert told(nobody) == []
        assert "新しい動き" not in text_of(page_of(nobody, "home"))


def test_an_executive_is_not_told_of_an_approval_that_was_revoked(cast: Cast, review: Review) -> None:
    take(Action.REVOKE, at(Stage.APPROVED, review, cast), cast.approver)
    save(review, cast.editor, done="改めた。")
    take(Action.SUBMIT, review, cast.lead)
    take(Action.APPROVE, review, cast.approver)
    assert told(cast.executive) == ["approved civic"]


def test_a_nudge_is_told_with_its_note(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    assert NOTE in news_on(logged_in(cast.lead))


def test_what_was_closed_before_is_no_news(cast: Cast, review: Review) -> None:
    closed(review)
    assert told(cast.lead) == ["lapsed civic", "opened civic"]
    assert told(cast.lead, NOW + timedelta(hours=1)) == []


# ---- since when


def test_only_what_came_later_and_no_more_than_a_few(cast: Cast, places: Places, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    assert told(cast.editor, NOW + timedelta(seconds=1)) == []
    for number in range(SHOWN):
        Event.objects.create(
            plan=review.plan, review=review, sequence=10 + number, kind="answered", at=NOW, by=cast.lead, round=1
        )
    news = news_of(fresh(cast.editor), BEFORE, TODAY)
    assert (len(news.items), news.has_more) == (SHOWN, True)
    assert "続きを承認記録で見る" in news_on(logged_in(cast.editor))


def test_without_a_log_in_before_the_last_two_weeks_are_news() -> None:
    assert since_of(None, NOW) == NOW - timedelta(days=14)
    assert since_of(BEFORE.isoformat(), NOW) == BEFORE


def test_whoever_comes_again_on_the_same_day_finds_the_whole_day() -> None:
    assert since_of(since_before(NOW - timedelta(hours=1), NOW), NOW).isoformat() == "2026-10-07T00:00:00+09:00"
    assert since_of(since_before(BEFORE, NOW), NOW) == BEFORE


def test_the_log_in_before_is_the_moment(cast: Cast, review: Review, client: Client) -> None:
    cast.lead.set_password(PASSWORD)
    cast.lead.last_login = NOW - timedelta(days=3)
    cast.lead.save()
    client.post(reverse("login"), {"username": "lead", "password": PASSWORD})
    assert "令和8年10月4日(日) 10:00 以降" in news_on(client)


def test_what_is_marked_as_read_is_gone(cast: Cast, review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    client = logged_in(cast.lead)
    assert "市民課" in news_on(client)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(minutes=5))
    answer = client.post(reverse("news_read"), follow=True)
    assert "既読にしました" in text_of(answer)
    text = news_on(client)
    assert "令和8年10月7日(水) 10:05 以降" in text
    assert "新しい動きはありません" in text


@pytest.mark.parametrize("number", [1, 3])
def test_it_is_one_query(cast: Cast, places: Places, number: int, django_assert_num_queries: Any) -> None:
    reviews = opened(*(make_approved_plan(each) for each in (places.civic, places.tax, places.dx)[:number]))
    for review in reviews:
        at(Stage.REVIEW, review, cast)
    user = fresh(cast.reviewer)
    news_of(user, BEFORE, TODAY)
    with django_assert_num_queries(1):
        assert len(news_of(user, BEFORE, TODAY).items) == number
