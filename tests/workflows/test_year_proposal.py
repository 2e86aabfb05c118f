"""年間日程: a year's checkpoints proposed from the last one, on business days and in order, and added all or none.

`HYPOTHESIS_PROFILE=long` tries many more years and closing days, at random; the short form the same few every time.
"""

import os
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from departments.errors import Refused
from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay, ClosedDays, User
from departments.services.calendar import add_calendar_day, set_closed_day_rule
from tests.workflows.cast import Cast
from tests.workflows.moves import make_checkpoint
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.days import DUE_OF, IN_ORDER, days_of, season
from workflows.forms.checkpoints import DaysForm, ProposedDaysForm
from workflows.models import ROUNDS, Checkpoint, CheckpointKind
from workflows.next_year import Proposed, following, proposed_year, usual
from workflows.schedule import Days, proposed_days
from workflows.services.year import add_year

pytestmark = pytest.mark.usefixtures("clock")

PROFILES = {
    "short": settings(max_examples=60, derandomize=True, deadline=None),
    "long": settings(max_examples=3000, deadline=None),
}
TRIES = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

PLAIN = BusinessCalendar()
# Of the fiscal year 2026, as the city had them.
LAST = Days(date(2026, 9, 30), *(date(2026, *day) for day in ((10, 1), (10, 14), (10, 23), (10, 30), (12, 28))))


def checkpoint(days: Days = LAST, kind: CheckpointKind = CheckpointKind.Q2, fiscal_year: int = 2026) -> Checkpoint:
    return Checkpoint(fiscal_year=fiscal_year, kind=kind, **asdict(days))


def make_year(fiscal_year: int) -> None:
    add_year(fiscal_year=fiscal_year, days={k: proposed_days(fiscal_year, k, PLAIN) for k in ROUNDS}, by=None)


def filled(page: HttpResponse, **typed: str) -> dict[str, Any]:
    """The page's form as it stands, but for what was typed."""
    forms = page.context["forms"]
    sent = {form[name].html_name: str(form[name].value()) for form in forms for name in form.fields}
    return {"kind": [form.kind.value for form in forms], **sent, **typed}


def post(user: User, year: int, **sent: Any) -> HttpResponse:
    return logged_in(user).post(reverse("year_propose") + f"?year={year}", sent, follow=True)


# ---- what is proposed


def days_within(fiscal_year: int) -> st.SearchStrategy[list[date]]:
    first, last = season(fiscal_year)
    return st.lists(st.dates(first, last), max_size=25)


@st.composite
def last_years(draw: st.DrawFn) -> tuple[Checkpoint, int, BusinessCalendar, ClosedDays]:
    """A checkpoint with any days in order, a later year, and a city that is closed and open on any days of it."""
    last_year = draw(st.integers(2020, 2040))
    first, last = season(last_year)
    as_of, *order = draw(st.lists(st.dates(first, last), min_size=6, max_size=6))
    days = Days(as_of, *sorted(order))
    year = last_year + draw(st.integers(1, 3))
    calendar = BusinessCalendar(frozenset(draw(days_within(year))), frozenset(draw(days_within(year))))
    return checkpoint(days, CheckpointKind.Q2, last_year), year, calendar, draw(st.sampled_from(ClosedDays))


def faults_of(days: Days, year: int, calendar: BusinessCalendar) -> dict[str, Any]:
    form = DaysForm({name: str(day) for name, day in asdict(days).items()}, fiscal_year=year, calendar=calendar)
    return form.errors


@TRIES
@given(case=last_years())
def test_a_proposal_keeps_every_rule(case: tuple[Checkpoint, int, BusinessCalendar, ClosedDays]) -> None:
    last, year, calendar, rule = case
    days = following(last, year, calendar, rule)
    assert faults_of(days, year, calendar) == {}
    assert all(calendar.is_business_day(getattr(days, name)) for name in IN_ORDER)


@TRIES
@given(year=st.integers(2020, 2040), kind=st.sampled_from(ROUNDS), data=st.data())
def test_so_do_the_usual_days(year: int, kind: CheckpointKind, data: st.DataObject) -> None:
    calendar = BusinessCalendar(frozenset(data.draw(days_within(year))))
    days = usual(kind, year, calendar)
    assert faults_of(days, year, calendar) == {}
    assert all(calendar.is_business_day(getattr(days, name)) for name in DUE_OF.values())


def test_the_same_days_a_year_on() -> None:
    # 14 October 2028 is a Saturday and 28 December a Thursday; the 1st and the 23rd are Sunday and Monday.
    days = [date(2028, 10, 2), date(2028, 10, 16), date(2028, 10, 23), date(2028, 10, 30), date(2028, 12, 28)]
    assert following(checkpoint(), 2028, PLAIN, ClosedDays.NEXT) == Days(date(2028, 9, 30), *days)
    assert following(checkpoint(), 2028, PLAIN, ClosedDays.LEAVE) == Days(date(2028, 9, 30), *days)
    days[0:2] = [date(2028, 9, 29), date(2028, 10, 13)]
    assert following(checkpoint(), 2028, PLAIN, ClosedDays.PREVIOUS) == Days(date(2028, 9, 30), *days)


def test_leap_day_and_the_ends_of_the_year() -> None:
    plan = Days(date(2024, 4, 1), *(date(2024, 4, day) for day in (1, 15, 23, 30)), date(2025, 6, 30))
    # 1 April 2028 is a Saturday: the business day before lies in another year. 30 June 2029 is a Saturday too.
    days = following(checkpoint(plan, CheckpointKind.PLAN, 2024), 2028, PLAIN, ClosedDays.PREVIOUS)
    assert (days.as_of, days.opens_on, days.closes_on) == (date(2028, 4, 1), date(2028, 4, 3), date(2029, 6, 29))
    assert following(checkpoint(plan, CheckpointKind.PLAN, 2024), 2028, PLAIN, ClosedDays.NEXT).closes_on == date(
        2029, 6, 29
    )
    leap = Days(date(2024, 2, 29), *[date(2024, 2, 29)] * 4, date(2024, 3, 29))
    days = following(checkpoint(leap, CheckpointKind.Q3, 2023), 2024, PLAIN, ClosedDays.NEXT)
    assert days == Days(date(2025, 2, 28), *[date(2025, 2, 28)] * 4, date(2025, 3, 31))


def test_the_last_year_of_the_century() -> None:
    days = following(checkpoint(), 2099, PLAIN, ClosedDays.NEXT)
    assert faults_of(days, 2099, PLAIN) == {}
    assert usual(CheckpointKind.YEAREND, 2099, PLAIN).as_of == date(2100, 3, 31)


def test_only_what_is_missing_is_proposed_from_the_newest_earlier_year(db: None) -> None:
    make_year(2024)
    make_checkpoint(CheckpointKind.Q2, 2025)
    make_checkpoint(CheckpointKind.Q1, 2027)
    proposal = proposed_year(2027)
    assert [each.kind for each in proposal.existing] == [CheckpointKind.Q1]
    assert [(each.kind, each.last and each.last.fiscal_year) for each in proposal.proposed] == [
        (CheckpointKind.PLAN, None),
        (CheckpointKind.Q2, 2025),
        (CheckpointKind.Q3, None),
        (CheckpointKind.YEAREND, None),
    ]
    first = proposed_year(2020)
    assert [each.days for each in first.proposed] == [usual(kind, 2020, PLAIN) for kind in ROUNDS]


# ---- the service


@pytest.mark.parametrize("rule", list(ClosedDays))
def test_a_year_after_the_other(db: None, rule: ClosedDays) -> None:
    set_closed_day_rule(by=None, closed_days=rule)
    add_calendar_day(by=None, day=date(2027, 10, 14), name="庁舎点検")
    make_year(2026)
    for year in range(2027, 2041):
        days = {each.kind: each.days for each in proposed_year(year).proposed}
        assert [each.kind for each in add_year(fiscal_year=year, days=days, by=None)] == ROUNDS
    assert Checkpoint.objects.count() == 15 * 5


def test_all_or_none(db: None) -> None:
    make_checkpoint(CheckpointKind.Q3)
    days = {kind: proposed_days(2026, kind, PLAIN) for kind in ROUNDS}
    with pytest.raises(Refused, match="この年度には、このチェックポイントがすでにあります。"):
        add_year(fiscal_year=2026, days=days, by=None)
    closed = date(2027, 10, 17)
    year_2027 = {kind: proposed_days(2027, kind, PLAIN) for kind in ROUNDS}
    year_2027[CheckpointKind.Q2] = replace(year_2027[CheckpointKind.Q2], submit_due=closed)
    with pytest.raises(Refused, match=r"2Q進捗確認：令和9年10月17日\(日\)は閉庁日です。"):
        add_year(fiscal_year=2027, days=year_2027, by=None)
    backwards = replace(LAST, closes_on=date(2026, 10, 1))
    with pytest.raises(Refused, match="審査期限、承認期限、終了日の順に"):
        add_year(
            fiscal_year=2026, days={CheckpointKind.Q1: days[CheckpointKind.Q1], CheckpointKind.Q2: backwards}, by=None
        )
    assert Checkpoint.objects.count() == 1


# ---- the page


def test_the_year_is_looked_over_and_added(cast: Cast) -> None:
    make_year(2026)
    page = page_of(cast.administrator, "year_propose", query="?year=2027")
    text = text_of(page)
    assert "令和9年度の日程" in text
    assert "前回 令和8年10月16日(金)" in text
    done = post(cast.administrator, 2027, **filled(page, **{"q2-submit_due": "2027-10-20"}))
    assert "令和9年度のチェックポイントを5件追加しました。まだ開始していません。" in text_of(done)
    assert Checkpoint.objects.get(fiscal_year=2027, kind="q2").submit_due == date(2027, 10, 20)
    assert Checkpoint.objects.filter(fiscal_year=2027, opened_at=None).count() == 5
    assert "すべて登録されています" in text_of(page_of(cast.administrator, "year_propose", query="?year=2027"))


def test_wrong_days_get_a_sentence_each_and_stay(cast: Cast) -> None:
    page = page_of(cast.administrator, "year_propose", query="?year=2027")
    wrong = {"q1-submit_due": "2027-07-17", "q2-closes_on": "2027-10-01", "q3-opens_on": "", "plan-as_of": "0009-04-01"}
    response = post(cast.administrator, 2027, **filled(page, **wrong))
    text = text_of(response)
    for sentence in (
        "1Q進捗確認 提出期限：この日は閉庁日です。次の営業日は令和9年7月20日(火)です。",
        "2Q進捗確認 終了日：「承認期限」以降の日にしてください。",
        "3Q進捗確認 開始日：入力",
        "計画策定 基準日：日付が古すぎます。",
        "令和9年7月17日(土)・閉庁日",
    ):
        assert sentence in text
    assert 'value="2027-07-17"' in response.content.decode()
    assert not Checkpoint.objects.exists()


def test_what_was_added_meanwhile_is_not_passed_over(cast: Cast) -> None:
    sent = filled(page_of(cast.administrator, "year_propose", query="?year=2027"))
    make_checkpoint(CheckpointKind.Q2, 2027)
    response = post(cast.administrator, 2027, **sent)
    assert "入力している間に、この年度のチェックポイントが登録または変更されました。" in text_of(response)
    assert "登録済み" in text_of(response)
    assert Checkpoint.objects.count() == 1
    for kinds in ([], ["q9"], ["plan"] * 4):
        post(cast.administrator, 2027, **{**sent, "kind": kinds})
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize("year", ["8", "99999", "2024", "2029", "2099", "-1", "x", "\0"])
def test_a_year_that_cannot_be_planned_is_not_there(cast: Cast, year: str) -> None:
    assert page_of(cast.administrator, "year_propose", query=f"?year={year}").status_code == 404
    assert logged_in(cast.administrator).post(reverse("year_propose"), {"kind": "plan"}).status_code == 200
    assert not Checkpoint.objects.exists()


def test_the_page_is_for_administrators_alone(cast: Cast) -> None:
    sent = filled(page_of(cast.administrator, "year_propose", query="?year=2027"))
    for user in (cast.lead, cast.reviewer, cast.approver, cast.auditor, cast.superuser):
        assert page_of(user, "year_propose", query="?year=2027").status_code == 404
        assert post(user, 2027, **sent).status_code == 404
        assert "日程案をつくる" not in text_of(page_of(user, "checkpoints"))
    assert not Checkpoint.objects.exists()


def test_the_next_year_is_offered(cast: Cast) -> None:
    assert "令和8年度の日程案をつくる" in text_of(page_of(cast.administrator, "checkpoints"))
    make_year(2026)
    assert "令和9年度の日程案をつくる" in text_of(page_of(cast.administrator, "checkpoints"))
    assert "日程案をつくる" not in text_of(page_of(cast.administrator, "checkpoints", query="?year=2030"))


def test_the_queries_do_not_grow(cast: Cast) -> None:
    found = []
    for year in (None, 2024, 2025, 2026):
        if year:
            make_year(year)
        client = logged_in(cast.administrator)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("year_propose") + "?year=2027").status_code == 200
        found.append(len(captured))
    assert found == [found[0]] * 4
    assert found[0] <= 9


def test_a_due_day_that_was_closed_since_may_stay_where_the_rule_leaves_it(cast: Cast) -> None:
    there = make_checkpoint()
    CalendarDay.objects.create(day=there.submit_due, name="庁舎点検")
    sent = {name: str(day) for name, day in asdict(days_of(there)).items()}
    edit = reverse("checkpoint_edit", args=[there.pk])
    client = logged_in(cast.administrator)
    assert client.post(edit, {**sent, "closes_on": "2026-12-28"}).status_code == 302
    CalendarDay.objects.create(day=date(2026, 10, 15), name="庁舎点検")
    assert "この日は閉庁日です。" in text_of(client.post(edit, {**sent, "submit_due": "2026-10-15"}))


def test_hints_are_said_of_days_only() -> None:
    proposed = Proposed(CheckpointKind.Q2, proposed_days(2027, CheckpointKind.Q2, PLAIN), None)
    typed = {"q2-as_of": "x", "q2-opens_on": "2027-10-02"}
    form = ProposedDaysForm(typed, proposed=proposed, fiscal_year=2027, calendar=PLAIN)
    assert form["as_of"].help_text == ""
    assert form["opens_on"].help_text == "令和9年10月2日(土)・閉庁日"
