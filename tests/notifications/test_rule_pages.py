"""Keeping the rules of reminding over HTTP: for administrators, with a preview that saves nothing."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import Role, User
from departments.models.plans import PlanState
from departments.services.rows import check_or_refuse
from notifications.models import Audience, Occasion, ReminderRule
from notifications.services.rules import add_rule, change_rule, remove_rule
from tests.clock import Clock
from tests.factories import make_department, make_person, make_plan
from tests.notifications.city import OPENING, City, at, make_city, october, run
from workflows.models import Stage

pytestmark = pytest.mark.django_db

LEAD_FOUR_BEFORE = {"occasion": "prepare", "days": "4", "side": "before", "repeats": "", "audience": "lead", "text": ""}


@pytest.fixture
def city(clock: Clock) -> City:
    city = make_city()
    city.open()
    run(at(OPENING))
    clock.now = october(1)
    return city


@pytest.fixture
def keeper(city: City, client: Client) -> Client:
    client.force_login(city.kanri)
    return client


def said(response: Any) -> str:
    return response.content.decode()


def rows() -> list[tuple[str, str, int, int | None, str, str]]:
    return list(ReminderRule.objects.values_list("occasion", "step", "days", "repeats", "audience", "text"))


@pytest.mark.parametrize("name", ["tanaka", "suzuki", "mori", "hayashi", "ooki"])
def test_nobody_but_administrators_sees_rules(city: City, client: Client, name: str) -> None:
    client.force_login(getattr(city, name))
    rule = ReminderRule.objects.first()
    before = rows()
    for address in ("reminders", "reminders_preview", "reminder_add"):
        assert client.get(reverse(address)).status_code == 404
    assert client.get(reverse("reminder_edit", args=[rule.pk])).status_code == 404
    assert client.post(reverse("reminder_add"), LEAD_FOUR_BEFORE).status_code == 404
    assert client.post(reverse("reminder_edit", args=[rule.pk]), {"remove": "1"}).status_code == 404
    assert rows() == before


def test_the_list_says_each_rule_in_plain_words(keeper: Client) -> None:
    page = keeper.get(reverse("reminders"))
    groups = {str(label): [rule.when for rule in rules] for label, rules in page.context["groups"]}
    assert list(groups) == ["提出期限", "審査期限", "承認期限", "すべての計画の提出"]
    assert groups["承認期限"] == ["承認期限の1営業日前", "承認期限の当日", "承認期限の3営業日後、以後3営業日ごと"]
    assert "リマインドの規則" in said(keeper.get(reverse("mail")))


def test_a_rule_is_added(keeper: Client) -> None:
    response = keeper.post(reverse("reminder_add"), {**LEAD_FOUR_BEFORE, "days": "4", "text": "部内の確認を\r\n先に"})
    assert response.url == reverse("reminders")
    assert "規則を追加しました: 提出期限の4営業日前 → 所属長" in said(keeper.get(response.url))
    assert ("due", "prepare", -4, None, "lead", "部内の確認を\n先に") in rows()


def test_the_new_rule_reminds_on_its_day(keeper: Client, city: City) -> None:
    run(october(6))
    keeper.post(reverse("reminder_add"), LEAD_FOUR_BEFORE)
    assert set(run(october(7))) == {"sato", "tanaka"}  # the 12th is a holiday


def test_a_rule_is_changed(keeper: Client) -> None:
    rule = ReminderRule.objects.get(step=Stage.APPROVE, days=3)
    address = reverse("reminder_edit", args=[rule.pk])
    shown = keeper.get(address).context["form"].initial
    assert shown == {
        "occasion": "approve",
        "days": 3,
        "side": "after",
        "repeats": 3,
        "audience": "approver",
        "text": "",
    }
    typed = {
        "occasion": "approve",
        "days": "2",
        "side": "after",
        "repeats": "1",
        "audience": "approver",
        "text": "急ぎ",
    }
    assert keeper.post(address, typed).status_code == 302
    rule.refresh_from_db()
    assert (rule.days, rule.repeats, rule.text) == (2, 1, "急ぎ")


def test_a_rule_is_removed(keeper: Client) -> None:
    rule = ReminderRule.objects.get(occasion=Occasion.ALL_IN)
    address = reverse("reminder_edit", args=[rule.pk])
    response = keeper.post(address, {"remove": "1"})
    assert "規則を削除しました: すべての計画の提出 → 審査担当" in said(keeper.get(response.url))
    assert not ReminderRule.objects.filter(occasion=Occasion.ALL_IN).exists()
    assert keeper.post(address, {"remove": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"occasion": "approved"}, "occasion"),
        ({"audience": ""}, "audience"),
        ({"days": ""}, "days"),
        ({"days": "-1"}, "days"),
        ({"days": "61"}, "days"),
        ({"days": "三"}, "days"),
        ({"repeats": "0"}, "repeats"),
        ({"repeats": "3"}, "repeats"),  # before the day
        ({"text": "あ" * 501}, "text"),
        ({"occasion": "all_in"}, "days"),
        ({"occasion": "all_in", "days": "0", "repeats": "2"}, "repeats"),
        ({"days": "5"}, "__all__"),  # there is one already
    ],
)
def test_what_nobody_can_mean_is_said_and_kept(keeper: Client, typed: dict[str, str], field: str) -> None:
    before = rows()
    response = keeper.post(reverse("reminder_add"), {**LEAD_FOUR_BEFORE, **typed})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert response.context["form"].data["audience"] == typed.get("audience", "lead")
    assert rows() == before


def test_full_width_digits_are_understood(keeper: Client) -> None:
    assert keeper.post(reverse("reminder_add"), {**LEAD_FOUR_BEFORE, "days": "4"}).status_code == 302
    assert ("due", "prepare", -4, None, "lead", "") in rows()


def test_a_rule_about_the_last_plan(keeper: Client) -> None:
    typed = {"occasion": "all_in", "days": "0", "side": "before", "repeats": "", "audience": "approver", "text": ""}
    page = said(keeper.post(reverse("reminder_add"), {**typed, "preview": "1"}))
    assert "<li>hayashi</li>" in page
    assert keeper.post(reverse("reminder_add"), typed).status_code == 302
    assert ("all_in", "prepare", 0, None, "approver", "") in rows()


def test_the_preview_of_a_rule_saves_nothing(keeper: Client) -> None:
    before = rows()
    response = keeper.post(reverse("reminder_add"), {**LEAD_FOUR_BEFORE, "preview": "1"})
    assert rows() == before
    found = [(each.day, each.count, each.names) for each in response.context["days"]]
    assert found == [(date(2026, 10, 7), 2, ["sato", "tanaka"])]
    assert "提出期限の4営業日前 → 所属長" in said(response)
    assert response.context["form"].data["days"] == "4"


def test_a_rule_that_comes_to_nobody_says_so(keeper: Client) -> None:
    typed = {**LEAD_FOUR_BEFORE, "occasion": "review", "days": "10", "audience": "reviewer", "preview": "1"}
    assert "メールを受け取る人はいません" in said(keeper.post(reverse("reminder_add"), typed))


def test_the_preview_of_a_changed_rule_leaves_the_rule(keeper: Client) -> None:
    rule = ReminderRule.objects.get(step=Stage.PREPARE, days=5)
    typed = {
        "occasion": "prepare",
        "days": "1",
        "side": "after",
        "repeats": "",
        "audience": "administrator",
        "text": "",
    }
    response = keeper.post(reverse("reminder_edit", args=[rule.pk]), {**typed, "preview": "1"})
    assert [(each.day, each.names) for each in response.context["days"]] == [(date(2026, 10, 15), ["kanri"])]
    rule.refresh_from_db()
    assert rule.audience == Audience.DIVISION_HEAD


def listed(client: Client, **query: Any) -> dict[date, dict[str, list[str]]]:
    """Day → name → the rules that bring the mail."""
    days = client.get(reverse("reminders_preview"), query).context["days"]
    return {day.day: {each.name: [why.when for why in each.reasons] for each in day.people} for day in days}


def test_the_preview_of_the_year(keeper: Client, city: City) -> None:
    found = listed(keeper)
    assert list(found)[:4] == [date(2026, 10, day) for day in (1, 6, 13, 14)]
    assert found[date(2026, 10, 6)] == {name: ["提出期限の5営業日前"] for name in ("sato", "suzuki", "tanaka")}
    assert max(found) == date(2026, 11, 27)  # the last one before the checkpoint closes
    run(october(1))
    assert min(listed(keeper)) == date(2026, 10, 6)


def test_the_preview_is_searched_by_person_department_and_month(keeper: Client, city: City) -> None:
    assert set().union(*listed(keeper, q="tanaka").values()) == {"tanaka"}
    assert set().union(*listed(keeper, q="税務課").values()) == {"tanaka", "suzuki"}
    assert set().union(*listed(keeper, q="福祉課 SATO").values()) == {"sato"}
    User.objects.filter(username="sato").update(name="佐藤 花子")
    assert set().union(*listed(keeper, q="佐藤花子").values()) == {"佐藤 花子"}
    assert listed(keeper, q="誰でもない") == {}
    assert {day.month for day in listed(keeper, month="2026-11")} == {11}
    months = [
        value for value, _label in keeper.get(reverse("reminders_preview")).context["form"]["month"].field.choices
    ]
    assert months == ["", *(f"2026-{month}" for month in (10, 11, 12)), *(f"2027-0{month}" for month in (1, 2, 3))]


@pytest.mark.parametrize("query", [{"month": "2026-13"}, {"month": "2027-04"}, {"q": "x" * 101}])
def test_a_question_without_sense_gets_a_sentence_and_all_mails(keeper: Client, query: dict[str, str]) -> None:
    response = keeper.get(reverse("reminders_preview"), query)
    assert list(response.context["form"].errors) == list(query)
    assert len(response.context["days"]) > 5
    assert len(listed(keeper, page="999")) > 5


def test_a_page_holds_whole_days(keeper: Client, city: City) -> None:
    for number in range(30):
        department = make_department(f"d{number}", parent=city.root)
        make_person(f"lead{number}", department, Role.LEAD)
        make_plan(department, measures=1, state=PlanState.APPROVED)
    city.open(october(1, 10))
    first = keeper.get(reverse("reminders_preview"))
    second = keeper.get(reverse("reminders_preview"), {"page": 2})
    assert [[len(day.people) for day in page.context["days"]] for page in (first, second)] == [[3, 33, 33], [33, 33]]


def test_as_many_queries_for_many_plans_as_for_few(keeper: Client, city: City) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            keeper.get(reverse("reminders_preview"))
        return len(captured)

    queries()
    few = queries()
    for number in range(10):
        department = make_department(f"d{number}", parent=city.root)
        make_person(f"lead{number}", department, Role.LEAD)
        make_plan(department, measures=1, state=PlanState.APPROVED)
    city.open(october(1, 10))
    assert queries() == few <= 20


def test_services_are_told_by_whom_and_refuse_what_the_model_forbids(city: City) -> None:
    facts = {"occasion": Occasion.DUE, "step": Stage.REVIEW, "days": 2, "repeats": None, "text": ""}
    rule = add_rule(by=city.kanri, audience=Audience.REVIEWER, **facts)
    change_rule(by=city.kanri, rule=rule, audience=Audience.APPROVER, **facts)
    rule.refresh_from_db()
    assert rule.audience == Audience.APPROVER
    check_or_refuse(rule)
    remove_rule(by=city.kanri, rule=rule)
    remove_rule(by=city.kanri, rule=rule)
    assert not ReminderRule.objects.filter(pk=rule.pk).exists()
