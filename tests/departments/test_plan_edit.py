"""The page on which a plan is edited: rows come and go, and no typed word is lost."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from departments.models import ActionPlan, Department, Indicator, Measure, Milestone, Role, User
from departments.models.plans import PlanState
from tests.departments.browsing import fields_of, page, post
from tests.factories import (
    appoint,
    make_department,
    make_indicator,
    make_person,
    make_plan,
    make_user,
    the_initiative,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dx() -> Department:
    return make_department("dx", "DX推進課", make_department("city", "市"))


@pytest.fixture
def editor(dx: Department) -> User:
    return make_person("editor", dx, Role.EDITOR)


@pytest.fixture
def plan(dx: Department) -> ActionPlan:
    return make_plan(dx, measures=1)


def edit_address(plan: ActionPlan) -> str:
    return reverse("plan_edit", args=[plan.pk])


def opened(person: User, plan: ActionPlan) -> dict[str, str]:
    status, html = page(person, edit_address(plan))
    assert status == 200
    return fields_of(html)


def test_the_page_saved_as_opened_changes_nothing(editor, plan):
    make_indicator("M1-1", measure=plan.measures.get())
    rows = [list(model.objects.values()) for model in (Measure, Indicator)]
    response = post(editor, edit_address(plan), opened(editor, plan))
    assert response.url == reverse("plan", args=[plan.pk])
    assert [list(model.objects.values()) for model in (Measure, Indicator)] == rows
    assert list(Milestone.objects.values_list("title", "first_month", "last_month")) == [("実施", 1, 12)]


NEW_MEASURE = {
    "m1-id": "",
    "m1-title": " 相談会 ",
    "m1-priority": "department",
    "m1-first_month": "4",
    "m1-last_month": "6",
    "m1-goal": "満足度を高める\r\n毎月開く",
    "m1-s0-id": "",
    "m1-s0-title": "開催",
    "m1-s0-first_month": "4",
    "m1-s0-last_month": "6",
    "m1-k0-id": "",
    "m1-k0-title": "参加者",
    "m1-k0-kind": "cumulative",
    "m1-k0-direction": "at_least",
    "m1-k0-target": "1,200.5",
    "m1-k0-unit": "名",
    "m1-k0-formula": "",
}


def new_measure() -> dict[str, str]:
    return {**NEW_MEASURE, "m1-initiative": str(the_initiative(number=2).pk)}


def test_a_new_measure_is_saved_with_all_that_hangs_on_it(editor, plan):
    response = post(editor, edit_address(plan), {**opened(editor, plan), **new_measure()})
    assert response.status_code == 302
    measure = Measure.objects.get(number=2)
    assert (measure.title, measure.goal, measure.initiative.number) == ("相談会", "満足度を高める\n毎月開く", 2)
    assert [str(row) for row in measure.milestones.all()] == ["開催"]
    assert [(row.code, str(row.target), row.unit) for row in measure.indicators.all()] == [("M2-1", "1200.50", "名")]


def test_rows_come_and_go_without_being_saved(editor, plan):
    typed = {**opened(editor, plan), "m0-title": "書きかけ", "m0-first_month": ""}
    before = list(Measure.objects.values())
    for change, key in (("add m", "m1-title"), ("add m0-s", "m0-s1-title"), ("add m0-k", "m0-k0-title")):
        response = post(editor, edit_address(plan), {**typed, "change": change})
        html = response.content.decode()
        shown = fields_of(html)
        assert response.status_code == 200
        assert {name: shown[name] for name in typed if name != "csrfmiddlewaretoken"} == {
            name: text for name, text in typed.items() if name != "csrfmiddlewaretoken"
        }
        assert shown[key] == ""
        assert re.search(rf'name="{key}"[^>]* autofocus', html)
        assert "入力内容に" not in html
    for change, prefix in (("remove m0", "m0-"), ("remove m0-s0", "m0-s0-")):
        shown = fields_of(post(editor, edit_address(plan), {**typed, "change": change}).content.decode())
        assert not any(name.startswith(prefix) for name in shown)
    assert list(Measure.objects.values()) == before


@pytest.mark.parametrize(
    "change", ["remove m9", "add x", "remove", "add m99999-s", "drop m0", "remove m0-s0-title", "\0"]
)
def test_a_button_that_is_not_there_changes_nothing(editor, plan, change):
    typed = opened(editor, plan)
    response = post(editor, edit_address(plan), {**typed, "change": change})
    shown = fields_of(response.content.decode())
    assert response.status_code == 200
    assert {**shown, "csrfmiddlewaretoken": ""} == {**typed, "csrfmiddlewaretoken": ""}


def test_rows_left_blank_are_no_rows(editor, plan):
    blank = {name: "" for name in NEW_MEASURE if not name.startswith("m1-k")} | {"m1-initiative": ""}
    response = post(editor, edit_address(plan), {**opened(editor, plan), **blank, "m0-s1-title": "", "m0-k0-title": ""})
    assert response.status_code == 302
    assert (Measure.objects.count(), Milestone.objects.count(), Indicator.objects.count()) == (1, 1, 0)


def test_all_mistakes_are_listed_and_all_that_was_typed_stays(editor, plan):
    wrong = {
        "summary": "長" * 2001,
        "m0-title": " ",
        "m0-first_month": "6",
        "m0-last_month": "5",
        "m0-s0-first_month": "13",
        "m1-title": "",
        "m1-k0-target": "多数",
        "m1-k0-kind": "derived",
    }
    typed = {**opened(editor, plan), **new_measure(), **wrong}
    response = post(editor, edit_address(plan), typed)
    html = response.content.decode()
    assert response.status_code == 200
    mistakes = re.findall(r'<li><a href="#id_(.*?)">', html)
    assert mistakes == [
        "summary",
        "m0-title",
        "m0-last_month",
        "m0-s0-first_month",
        "m1-title",
        "m1-k0-kind",
        "m1-k0-target",
    ]
    shown = fields_of(html)
    selects = {"m0-s0-first_month", "m1-k0-kind"}  # no such choice, so nothing is shown as chosen
    shown |= {name: typed[name] for name in selects | {"csrfmiddlewaretoken"}}
    assert shown == typed
    assert Measure.objects.get().title == "施策1"


def test_a_milestone_without_its_measure_is_no_lost_work(editor, plan):
    only_milestone = {name: ("開催" if name == "m1-s0-title" else "") for name in NEW_MEASURE}
    html = post(editor, edit_address(plan), {**opened(editor, plan), **only_milestone}).content.decode()
    assert "#id_m1-title" in html
    assert "開催" in html


def test_somebody_elses_changes_are_not_overwritten(editor, plan):
    mine, theirs = opened(editor, plan), opened(editor, plan)
    assert post(editor, edit_address(plan), {**theirs, "m0-title": "先の変更"}).status_code == 302
    response = post(editor, edit_address(plan), {**mine, "m0-title": "後の変更", "summary": "後の概要"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "さんが変更しました。上書きはしていません。" in html
    assert {"後の変更", "後の概要"} <= set(fields_of(html).values())
    assert Measure.objects.get().title == "先の変更"


def test_a_second_click_saves_once(editor, plan):
    typed = {**opened(editor, plan), **new_measure()}
    addresses = [post(editor, edit_address(plan), typed).url for _click in range(2)]
    assert addresses == [reverse("plan", args=[plan.pk])] * 2
    assert Measure.objects.count() == 2


@pytest.mark.parametrize("state", [PlanState.SUBMITTED, PlanState.APPROVED])
def test_a_plan_that_is_no_draft_is_not_edited(editor, plan, state):
    typed = {**opened(editor, plan), "m0-title": "あとから"}
    ActionPlan.objects.update(state=state)
    client = Client()
    client.force_login(editor)
    assert "変更できません" in client.get(edit_address(plan), follow=True).content.decode()
    response = post(editor, edit_address(plan), typed)
    assert (response.status_code, "あとから" in response.content.decode()) == (409, True)
    assert Measure.objects.get().title == "施策1"


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.APPROVER, Role.EXECUTIVE, Role.AUDITOR, Role.ADMINISTRATOR])
def test_only_the_department_edits(dx, editor, plan, role):
    typed = opened(editor, plan)
    for person in (make_person("other", dx, role), make_person("neighbour", make_department("joho"), Role.LEAD)):
        assert page(person, edit_address(plan))[0] == 404
        assert post(person, edit_address(plan), {**typed, "m0-title": "別"}).status_code == 404
    lead = make_person("lead", dx, Role.LEAD)
    assert post(lead, edit_address(plan), {**typed, "m0-title": "所属長の変更"}).status_code == 302
    assert Measure.objects.get().title == "所属長の変更"


def test_an_ended_appointment_edits_no_more(dx, plan):
    former = make_user("former")
    appoint(former, dx, Role.EDITOR, date(2025, 4, 1), date(2026, 3, 31))
    assert page(former, edit_address(plan))[0] == 404


@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"version": "x", "m0-title": "a"},
        {"version": "1"},
        {"version": "1", "m0-title": "a", "m0-id": "99999999999999999999", "m0-initiative": "99999999999999999999"},
        {"version": "-99999999999999999999999", "m0-title": "\0", "m0-k0-title": "x", "m0-k0-target": "NaN"},
        {"version": "1", "m00-title": "a", "m0-title": "b", "m0-s0-title": "c", "m0-s0-first_month": "[]"},
        {"version": "1", "m0-title": "x", "m0-k0-title": "k", "m0-k0-target": "1e999999", "m0-k0-kind": "count"},
        {"version": "1", "summary": "\ud800".encode("utf-8", "replace").decode() + "\x0b"},
    ],
)
def test_junk_is_an_answer_not_a_crash(editor, plan, junk):
    assert post(editor, edit_address(plan), junk).status_code in (200, 302, 409)


def test_a_full_page_takes_no_more_rows(editor, plan, settings):
    typed = opened(editor, plan)
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = len(typed) + 5
    html = post(editor, edit_address(plan), {**typed, "change": "add m"}).content.decode()
    assert "これ以上は追加できません" in html
    assert "m1-title" not in fields_of(html)
