"""閉庁日: closing the city on a day moves the due days that it falls on, once somebody has seen which."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from departments.errors import Refused
from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay, CalendarRule, ClosedDays, User
from departments.services.calendar import add_calendar_day, set_closed_day_rule
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, change_of, make_checkpoint, now_of, opened, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.days import IN_ORDER, days_of
from workflows.models import Checkpoint, CheckpointKind, Event, Review, Stage
from workflows.schedule import Days
from workflows.services.calendar import OwnDay, Unforeseen, change_calendar
from workflows.shifts import Shift, Shifts
from workflows.verification import faults

pytestmark = pytest.mark.usefixtures("clock")

SUBMIT, REVIEW, APPROVE, CLOSE = (date(2026, *day) for day in ((10, 14), (10, 28), (11, 11), (12, 25)))


def october(day: int) -> date:
    return date(2026, 10, day)


def foreseen(now: datetime = NOW, **change: Any) -> Shifts:
    """What the change would move; nothing is changed."""
    try:
        return change_calendar(**change, foreseen="-", by=None, now=now)
    except Unforeseen as error:
        return error.shifts


def close(*days: date, now: datetime = NOW) -> Shifts:
    """Close the city on the days, knowing what moves."""
    add = [OwnDay(day, "庁舎点検") for day in days]
    return change_calendar(add=add, foreseen=foreseen(now, add=add).key, by=None, now=now)


def order(checkpoint: Checkpoint) -> list[date]:
    days = days_of(Checkpoint.objects.get(pk=checkpoint.pk))
    return [days.submit_due, days.review_due, days.approve_due, days.closes_on]


def post(user: User, **data: str) -> HttpResponse:
    return logged_in(user).post(reverse("calendar"), data, follow=True)


ONE = {"day": "2026-10-14", "is_open": "closed", "name": "庁舎点検"}


# ---- what moves


def test_the_due_day_moves_with_every_review_that_is_due_on_it(cast: Cast, places: Places) -> None:
    prepared, submitted = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    at(Stage.REVIEW, submitted, cast)
    shifts = close(SUBMIT)
    assert order(prepared.checkpoint) == [october(15), REVIEW, APPROVE, CLOSE]
    assert [now_of(each).due_on for each in (prepared, submitted)] == [october(15), REVIEW]
    assert [(move.name, move.was, move.day, move.reviews) for move in shifts.days] == [
        ("submit_due", SUBMIT, october(15), 1)
    ]
    assert (shifts.own, shifts.reviews) == ([], 1)
    assert list(Event.objects.filter(kind="moved").values_list("review", flat=True)) == [prepared.pk]
    assert list(faults()) == []


@pytest.mark.parametrize(
    ("rule", "day"),
    [(ClosedDays.NEXT, october(15)), (ClosedDays.PREVIOUS, october(13)), (ClosedDays.LEAVE, SUBMIT)],
)
def test_by_the_rule_of_the_city(review: Review, rule: ClosedDays, day: date) -> None:
    set_closed_day_rule(by=None, closed_days=rule)
    close(SUBMIT)
    assert (now_of(review).due_on, order(review.checkpoint)[0]) == (day, day)


def test_no_day_moves_into_the_past_nor_out_of_it(review: Review) -> None:
    set_closed_day_rule(by=None, closed_days=ClosedDays.PREVIOUS)
    on = NOW + timedelta(days=7)  # the due day itself; the day before has passed
    close(SUBMIT, now=on)
    assert now_of(review).due_on == october(15)
    assert close(october(15), now=NOW + timedelta(days=9)).key == ""
    assert now_of(review).due_on == october(15)


def test_days_that_collide_go_on_one_after_the_other(review: Review) -> None:
    Checkpoint.objects.update(review_due=october(15), approve_due=october(16))
    close(SUBMIT)
    assert order(review.checkpoint) == [october(15), october(16), october(19), CLOSE]


def test_days_that_were_one_stay_one(review: Review) -> None:
    Checkpoint.objects.update(review_due=SUBMIT)
    close(SUBMIT)
    assert order(review.checkpoint) == [october(15), october(15), APPROVE, CLOSE]


def test_a_day_moved_earlier_does_not_meet_the_one_before(review: Review) -> None:
    set_closed_day_rule(by=None, closed_days=ClosedDays.PREVIOUS)
    Checkpoint.objects.update(review_due=october(15))
    close(october(15))
    assert order(review.checkpoint) == [SUBMIT, october(16), APPROVE, CLOSE]


def test_where_the_closing_day_cannot_hold_nothing_changes(review: Review) -> None:
    Checkpoint.objects.update(review_due=october(15), approve_due=october(16), closes_on=october(16))
    with pytest.raises(Refused, match=r"令和8年度 2Q進捗確認は令和8年10月16日\(金\)に終了するため"):
        close(SUBMIT)
    assert order(review.checkpoint) == [SUBMIT, october(15), october(16), october(16)]
    assert not CalendarDay.objects.exists()
    assert not Event.objects.filter(kind="moved").exists()


def test_the_closing_day_moves_too_but_not_out_of_its_season(review: Review) -> None:
    close(CLOSE)
    assert order(review.checkpoint)[-1] == date(2026, 12, 28)
    Checkpoint.objects.update(closes_on=date(2027, 6, 30))
    with pytest.raises(Refused, match="日程を変更してください"):
        close(date(2027, 6, 30))


def test_an_opening_moves_until_it_is_opened(cast: Cast, review: Review) -> None:
    Checkpoint.objects.update(opens_on=october(9))
    coming = make_checkpoint(CheckpointKind.Q3)
    Checkpoint.objects.filter(pk=coming.pk).update(opens_on=october(9))
    close(october(9))
    assert [Checkpoint.objects.get(pk=pk).opens_on for pk in (review.checkpoint_id, coming.pk)] == [
        october(9),
        october(13),
    ]


def test_a_closed_checkpoint_and_a_weekend_stay(review: Review) -> None:
    Checkpoint.objects.update(closes_on=date(2026, 12, 26), closed_at=NOW)
    sunday = make_checkpoint(CheckpointKind.Q3)
    Checkpoint.objects.filter(pk=sunday.pk).update(closes_on=date(2026, 12, 27))
    assert close(date(2026, 12, 27)).key == ""  # the city was closed on it anyway
    close(SUBMIT)
    assert order(review.checkpoint)[0] == SUBMIT
    assert order(sunday) == [october(15), REVIEW, APPROVE, date(2026, 12, 27)]


def test_a_departments_own_day_moves(cast: Cast, review: Review) -> None:
    own = take(Action.EXTEND, review, cast.reviewer).due_on
    assert own is not None
    shifts = close(own)
    day = date(2026, 11, 24)  # behind a weekend and a holiday
    assert (now_of(review).due_on, now_of(review).extended_to) == (day, day)
    assert [(move.review, move.was, move.day) for move in shifts.own] == [(review, own, day)]
    assert list(faults()) == []


def test_a_day_for_mending_moves(cast: Cast, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    assert now_of(review).due_on == october(15)
    close(october(15))
    assert (now_of(review).due_on, order(review.checkpoint)[0]) == (october(16), SUBMIT)
    close(october(16), SUBMIT)
    assert (now_of(review).due_on, order(review.checkpoint)[0]) == (october(19), october(19))


def test_the_day_of_a_change_of_a_plan_moves(cast: Cast, places: Places) -> None:
    change = change_of(make_approved_plan(places.civic), cast.editor)
    assert change.due_on is not None
    day = CalendarDay.objects.calendar().add(change.due_on, 1)
    assert [(move.review, move.day) for move in close(change.due_on).own] == [(change, day)]
    assert now_of(change).due_on == day


def test_an_own_day_cannot_move_past_the_closing(cast: Cast, review: Review) -> None:
    own = take(Action.EXTEND, review, cast.reviewer).due_on
    Checkpoint.objects.update(closes_on=own)
    assert own is not None
    close(own)  # the closing day moves along
    Checkpoint.objects.update(closes_on=date(2026, 11, 24))
    Review.objects.update(due_on=date(2026, 11, 24))
    Checkpoint.objects.update(closes_on=date(2026, 11, 22))
    with pytest.raises(Refused, match="市民課 令和8年度 2Q進捗確認の期限が終了日"):
        close(date(2026, 11, 24))


def test_taking_a_closing_back_moves_nothing_and_an_opening_does(review: Review) -> None:
    close(SUBMIT)
    assert change_calendar(remove=[SUBMIT], foreseen="", by=None, now=NOW).key == ""
    assert now_of(review).due_on == october(15)
    saturday = october(17)
    add_calendar_day(by=None, day=saturday, name="休日開庁", is_open=True)
    Checkpoint.objects.update(submit_due=saturday)
    Review.objects.update(due_on=saturday)
    shifts = foreseen(remove=[saturday])
    change_calendar(remove=[saturday], foreseen=shifts.key, by=None, now=NOW)
    assert now_of(review).due_on == october(19)


def test_what_was_not_foreseen_is_not_done(review: Review) -> None:
    for key in ("", "0" * 64, "\0"):
        with pytest.raises(Unforeseen) as raised:
            change_calendar(add=[OwnDay(SUBMIT, "庁舎点検")], foreseen=key, by=None, now=NOW)
        assert [move.day for move in raised.value.shifts.days] == [october(15)]
    assert (now_of(review).due_on, CalendarDay.objects.count()) == (SUBMIT, 0)


SEASON = st.dates(date(2026, 4, 1), date(2027, 6, 30))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    order=st.lists(SEASON, min_size=5, max_size=5).map(sorted),
    closed=st.frozensets(SEASON, max_size=40),
    rule=st.sampled_from(ClosedDays),
    on=SEASON,
)
def test_whatever_closes_days_stay_in_order_and_the_past_stays(
    order: list[date], closed: frozenset[date], rule: ClosedDays, on: date
) -> None:
    was = Days(order[0], *order)
    checkpoint = Checkpoint(fiscal_year=2026, kind=CheckpointKind.Q2, **asdict(was))
    shift = Shift(BusinessCalendar(), BusinessCalendar(closed), rule, on)
    try:
        days = shift.days(checkpoint)
    except Refused:
        return
    moved = [getattr(days, name) for name in IN_ORDER]
    assert moved == sorted(moved)
    for before, day in zip(order, moved, strict=True):
        assert before == day or (before >= on and day >= on and rule is not ClosedDays.LEAVE)
        assert shift.place(day) == day
    apart = [(a, b) for a, b in pairwise(order[:4]) if a < b]
    assert len([1 for a, b in pairwise(moved[:4]) if a < b]) >= len(apart)


# ---- the page


def test_what_would_move_is_shown_before_it_is_saved(cast: Cast, review: Review) -> None:
    asked = post(cast.administrator, **ONE)
    assert "令和8年10月14日(水) 庁舎点検：閉庁日にします" in text_of(asked)
    assert "令和8年10月14日(水)は、令和8年度 2Q進捗確認の提出期限です。" in text_of(asked)
    assert "令和8年10月15日(木)に移ります。 1件の期限が変わります。" in text_of(asked)
    assert now_of(review).due_on == SUBMIT
    key = asked.context["shifts"].key
    done = post(cast.administrator, **ONE, foreseen=key)
    assert "1日分を登録しました。 1件の期限を変更しました。" in text_of(done)
    assert now_of(review).due_on == october(15)
    event = Event.objects.get(kind="moved")
    assert (event.by, event.data["comment"]) == (cast.administrator, "庁舎点検")


def test_the_question_is_asked_again_where_the_answer_has_changed(cast: Cast, review: Review) -> None:
    key = post(cast.administrator, **ONE).context["shifts"].key
    close(october(15))
    asked = post(cast.administrator, **ONE, foreseen=key)
    assert "確認している間に状況が変わりました。" in text_of(asked)
    assert "令和8年10月16日(金)に移ります。" in text_of(asked)
    assert now_of(review).due_on == SUBMIT


def test_own_days_are_listed(cast: Cast, review: Review) -> None:
    take(Action.EXTEND, review, cast.reviewer)
    asked = post(cast.administrator, day="2026-11-20", is_open="closed", name="庁舎点検")
    assert "市民課 令和8年度 2Q進捗確認：令和8年11月20日(金)から令和8年11月24日(火)へ" in text_of(asked)


def test_a_refusal_stands_above_what_was_typed(cast: Cast, review: Review) -> None:
    Checkpoint.objects.update(review_due=october(15), approve_due=october(15), closes_on=october(15))
    refused = post(cast.administrator, **ONE)
    assert "先にチェックポイントの日程を変更してください。" in text_of(refused)
    assert 'value="2026-10-14"' in refused.content.decode()


def test_taking_a_closing_back_says_that_due_days_stay(cast: Cast, review: Review) -> None:
    close(SUBMIT)
    assert "日を削除しました。 期限は動かしていません。" in text_of(post(cast.administrator, remove="2026-10-14"))


def test_a_day_that_is_in_the_list_already_is_said_so(cast: Cast) -> None:
    close(SUBMIT)
    assert "この日はすでに登録されています。" in text_of(post(cast.administrator, **ONE))


def test_taking_an_opening_out_is_asked_too(cast: Cast, review: Review) -> None:
    add_calendar_day(by=None, day=october(17), name="休日開庁", is_open=True)
    Review.objects.update(due_on=october(17))
    asked = post(cast.administrator, remove="2026-10-17")
    assert "令和8年10月17日(土)：一覧から削除します" in text_of(asked)
    post(cast.administrator, remove="2026-10-17", foreseen=asked.context["shifts"].key)
    event = Event.objects.get(kind="moved")
    assert (now_of(review).due_on, event.data.get("comment")) == (october(19), None)


def test_the_rule_is_chosen_on_the_page(cast: Cast) -> None:
    assert CalendarRule.objects.closed_days() is ClosedDays.NEXT
    done = post(cast.administrator, closed_days="previous")
    assert "これから登録する閉庁日に適用します。" in text_of(done)
    assert CalendarRule.objects.closed_days() is ClosedDays.PREVIOUS
    assert "一覧にある項目から選んでください" in text_of(post(cast.administrator, closed_days="later"))
    assert CalendarRule.objects.closed_days() is ClosedDays.PREVIOUS


def test_many_days_at_once_or_none(cast: Cast, review: Review) -> None:
    lines = "2026-10-01, 開庁記念日\r\n\r\n２０２６/１１/２　庁舎点検\n2027年1月4日\t初出式\n"
    assert "3日分を登録しました。" in text_of(post(cast.administrator, lines=lines))
    assert list(CalendarDay.objects.values_list("day", "name", "is_open")) == [
        (date(2026, 10, 1), "開庁記念日", False),
        (date(2026, 11, 2), "庁舎点検", False),
        (date(2027, 1, 4), "初出式", False),
    ]
    wrong = ["2026-12-01, よい", "2026-02-30, 無い日", "10月1日 年が無い", "2026-12-01, 二度", "2027-01-04, 既にある"]
    wrong += ["0008-04-01, 令和8年", f"2026-12-02, {'長' * 61}", "2026-12-03,"]
    text = text_of(post(cast.administrator, lines="\n".join(wrong)))
    for sentence in (
        "2行目：存在しない日付です。",
        "3行目：「2026-10-01, 開庁記念日」のように、",
        "4行目：令和8年12月1日(火)はすでに登録されています。",
        "5行目：令和9年1月4日(月)はすでに登録されています。",
        "6行目：平成31年4月1日(月)から令和82年3月31日(水)までの日にしてください。",
        "7行目：",
        "8行目：",
    ):
        assert sentence in text
    assert CalendarDay.objects.count() == 3
    assert "一度に追加できるのは200行までです。" in text_of(post(cast.administrator, lines="x\n" * 201))


def test_the_year_lists_what_counts(cast: Cast) -> None:
    add_calendar_day(by=None, day=date(2026, 11, 3), name="文化祭", is_open=True)
    add_calendar_day(by=None, day=date(2027, 4, 2), name="翌年度")
    page = page_of(cast.administrator, "calendar", query="?year=2026")
    text = text_of(page)
    for said in (
        "令和8年4月29日(水) 昭和の日",
        "令和8年11月3日(火) 文化祭 (文化の日)",
        "令和8年12月29日(火)～令和9年1月3日(日)",
        "令和9年3月22日(月)",
    ):
        assert said in text
    assert "翌年度" not in text
    assert "翌年度" in text_of(page_of(cast.administrator, "calendar", query="?year=2027"))
    assert "この年度の営業日は242日" in text  # 241 by the general rule, and 文化の日


@pytest.mark.parametrize("year", ["8", "99999", "2018", "-1", "x", "２０２６"])
def test_a_year_that_is_none_is_not_there(cast: Cast, year: str) -> None:
    assert page_of(cast.administrator, "calendar", query=f"?year={year}").status_code == 404


@pytest.mark.parametrize("day", ["2100-04-01", "9999-12-31", "1999-01-01"])
def test_days_out_of_reach_get_a_sentence(cast: Cast, day: str) -> None:
    assert "までの日にしてください。" in text_of(post(cast.administrator, day=day, is_open="closed", name="遠い日"))
    assert not CalendarDay.objects.exists()


def test_the_page_is_for_administrators_alone(cast: Cast, review: Review) -> None:
    for user in (cast.lead, cast.reviewer, cast.approver, cast.auditor, cast.superuser):
        assert page_of(user, "calendar").status_code == 404
        for sent in (ONE, {"closed_days": "leave"}, {"lines": "2026-11-02, 点検"}, {"remove": "2026-10-14"}):
            assert post(user, **sent).status_code == 404
    assert (CalendarDay.objects.count(), CalendarRule.objects.count()) == (0, 0)
