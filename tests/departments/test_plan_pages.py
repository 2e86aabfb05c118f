"""The strategy and the plans over HTTP: who sees what, and the page on which a plan is edited."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, Department, Indicator, Measure, Milestone, Role, User
from departments.models.plans import PlanKind, PlanState
from departments.models.strategy import Kind
from tests.factories import (
    appoint,
    make_department,
    make_indicator,
    make_measure,
    make_person,
    make_plan,
    make_strategy,
    make_user,
    the_initiative,
)

pytestmark = pytest.mark.django_db

DRAFT, SUBMITTED, APPROVED = PlanState.DRAFT, PlanState.SUBMITTED, PlanState.APPROVED


@pytest.fixture
def dx() -> Department:
    return make_department("dx", "DX推進課", make_department("city", "市"))


@pytest.fixture
def editor(dx: Department) -> User:
    return make_person("editor", dx, Role.EDITOR)


@pytest.fixture
def plan(dx: Department) -> ActionPlan:
    return make_plan(dx, measures=1)


def page(person: User | None, address: str) -> tuple[int, str]:
    client = Client()
    if person is not None:
        client.force_login(person)
    response = client.get(address)
    return response.status_code, response.content.decode()


def post(person: User, address: str, fields: dict):
    client = Client()
    client.force_login(person)
    return client.post(address, fields)


MOST_QUERIES = 15


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send for the page's form: its inputs, selects and texts as they stand."""
    fields = dict(re.findall(r'<input type="(?:text|hidden)" name="([^"]+)"(?: value="([^"]*)")?', html))
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL):
        fields[name] = text
    return fields


# ---- strategy


def test_anybody_logged_in_reads_the_strategy(dx):
    make_strategy()
    stranger = make_user("stranger")
    for address in ("/strategy/", "/strategy/2026/"):
        status, html = page(stranger, address)
        assert (status, "2026年度の戦略" in html) == (200, True)
    assert page(stranger, "/strategy/2025/")[0] == page(stranger, "/strategy/99999999999999/")[0] == 404
    assert page(None, "/strategy/")[0] == 302


def test_without_a_strategy_the_page_says_so():
    assert "戦略がまだ登録されていません" in page(make_user(), "/strategy/")[1]


def test_targets_are_said_in_words(dx):
    make_indicator("1-1", kind=Kind.RATIO, target="82", unit="%", department=dx)
    make_indicator(
        "1-2", kind=Kind.SURVEY, direction="at_most", target="5", unit="%", baseline="6.7", baseline_year=2025
    )
    make_indicator("2-1", kind=Kind.CEILING, direction="at_most", target="0")
    make_indicator("2-2", kind=Kind.MILESTONE, unit="移行完了")
    make_indicator("2-3", kind=Kind.CUMULATIVE, target="1000", unit="名")
    make_indicator("3-1", kind=Kind.DERIVED, derivation="plan_achievement", target="80", unit="%", each_department=True)
    make_indicator("3-2", kind=Kind.RATIO, target="100", unit="%")
    make_indicator("3-3", kind=Kind.RATIO, target="90.3", unit="%")
    _status, html = page(make_user(), "/strategy/")
    told = re.findall(r'data-label="目標"><div>(.*?)<span', html)
    assert told == [
        "82%以上",
        "5%以下(令和7年度 6.7%)",
        "0件",
        "移行完了",
        "延べ1,000名以上",
        "各所属 80%以上",
        "100%",
        "90.3%以上",
    ]
    assert html.count("本システムが自動計算") == 2  # its kind, and who reports it


def test_the_city_knows_measures_of_approved_plans_only(dx, editor):
    joho = make_department("joho")
    make_measure(make_plan(dx), "自所属の下書き")
    make_measure(make_plan(joho), "他所属の下書き")
    make_measure(make_plan(joho, kind=PlanKind.ACTION), "他所属の承認済み")
    ActionPlan.objects.filter(kind=PlanKind.ACTION).update(state=APPROVED)
    _status, html = page(editor, "/strategy/")
    shown = [title for title in ("自所属の下書き", "他所属の下書き", "他所属の承認済み") if title in html]
    assert shown == ["自所属の下書き", "他所属の承認済み"]
    links = re.findall(r'href="/plans/(\d+)/#measure', html)
    assert links == [str(ActionPlan.objects.get(department=dx).pk)]


def test_the_strategys_queries_do_not_grow(dx, editor, client):
    client.force_login(editor)
    make_strategy()
    plan = make_plan(dx, state=APPROVED)
    before = queries(client, "/strategy/")
    for number in range(1, 4):
        make_indicator(f"{number}-1", department=dx)
        make_measure(plan, f"施策{number}", initiative=the_initiative(number=number))
    assert queries(client, "/strategy/") == before <= MOST_QUERIES


# ---- plans: who reads them


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.EDITOR, [DRAFT, SUBMITTED, APPROVED]),
        (Role.LEAD, [DRAFT, SUBMITTED, APPROVED]),
        (Role.AUDITOR, [DRAFT, SUBMITTED, APPROVED]),
        (Role.REVIEWER, [APPROVED]),
        (Role.APPROVER, [APPROVED]),
        (Role.EXECUTIVE, [APPROVED]),
        (Role.ADMINISTRATOR, []),
        (None, []),
    ],
)
def test_a_plan_is_listed_exactly_where_its_page_opens(dx, plan, role, seen):
    person, neighbour = make_user("person"), make_person("neighbour", make_department("joho"), Role.LEAD)
    if role is not None:
        appoint(person, dx, role)
    address = reverse("plan", args=[plan.pk])
    opened = []
    for state in PlanState:
        ActionPlan.objects.update(state=state)
        listed = address in page(person, "/plans/")[1]
        status, _html = page(person, address)
        assert (status == 200) == listed
        opened += [state] if listed else []
        assert page(neighbour, address)[0] == 404
        assert address not in page(neighbour, "/plans/")[1]
    assert opened == seen


def test_the_list_shows_one_year_at_a_time(dx, editor):
    for year in (2025, 2026):
        make_plan(dx, year)
    of_2025 = reverse("plan", args=[ActionPlan.objects.get(fiscal_year=2025).pk])
    assert of_2025 not in page(editor, "/plans/")[1]
    assert of_2025 in page(editor, "/plans/?year=2025")[1]
    assert page(editor, "/plans/?year=abc&page=99")[0] == 200


def test_the_lists_queries_do_not_grow(editor, dx, client):
    client.force_login(editor)
    make_plan(dx, measures=1)
    before = queries(client, "/plans/")
    make_plan(dx, kind=PlanKind.ACTION, measures=3)
    assert queries(client, "/plans/") == before <= MOST_QUERIES


def test_a_plans_queries_do_not_grow(editor, dx, plan, client):
    client.force_login(editor)
    make_indicator("M1-1", measure=plan.measures.get())
    before = queries(client, reverse("plan", args=[plan.pk]))
    for _ in range(3):
        make_indicator("M-1", measure=make_measure(plan))
    assert queries(client, reverse("plan", args=[plan.pk])) == before <= MOST_QUERIES


def test_a_draft_says_what_it_still_lacks_to_those_who_can_mend_it(editor, dx):
    plan = make_plan(dx)
    address = reverse("plan", args=[plan.pk])
    assert "施策がまだありません。" in page(editor, address)[1]
    assert f"{address}edit/" not in page(make_person("auditor", dx, Role.AUDITOR), address)[1]


def test_addresses_out_of_range_are_just_not_there(editor):
    for address in ("/plans/0/", "/plans/99999999999999999999/", "/plans/99999999999999999999/edit/"):
        assert page(editor, address)[0] == 404


# ---- starting a plan


def test_a_plan_is_started_by_those_who_draft(dx, editor):
    make_strategy()
    fields = {"department": dx.pk, "fiscal_year": 2026, "kind": PlanKind.ACTION}
    response = post(editor, "/plans/add/", fields)
    assert response.url == reverse("plan_edit", args=[ActionPlan.objects.get().pk])
    again = post(editor, "/plans/add/", fields)
    assert "すでにあります" in again.content.decode()
    assert ActionPlan.objects.count() == 1


def test_a_plan_is_not_started_for_others(dx, editor):
    make_strategy()
    joho = make_department("joho")
    reader = make_person("exec", dx, Role.EXECUTIVE)
    fields = {"department": joho.pk, "fiscal_year": 2026, "kind": PlanKind.ACTION}
    assert post(editor, "/plans/add/", fields).status_code == 200
    assert post(reader, "/plans/add/", {**fields, "department": dx.pk}).status_code == 404
    assert page(reader, "/plans/add/")[0] == 404
    assert not ActionPlan.objects.exists()


# ---- editing


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
    assert "編集中にほかの人が変更しました" in html
    assert {"後の変更", "後の概要"} <= set(fields_of(html).values())
    assert Measure.objects.get().title == "先の変更"


def test_a_second_click_saves_once(editor, plan):
    typed = {**opened(editor, plan), **new_measure()}
    addresses = [post(editor, edit_address(plan), typed).url for _click in range(2)]
    assert addresses == [reverse("plan", args=[plan.pk])] * 2
    assert Measure.objects.count() == 2


@pytest.mark.parametrize("state", [SUBMITTED, APPROVED])
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


def test_the_pages_speak_english_by_choice(dx, plan):
    make_indicator("1-1", kind=Kind.RATIO, target="82", unit="%", department=dx)
    person = make_user("smith", language="en")
    appoint(person, dx, Role.EDITOR)
    _status, html = page(person, reverse("plan", args=[plan.pk]))
    assert all(text in html for text in ("Being drafted", "The whole measure", "Apr–Mar", "82% or more"))
    assert "Add a measure" in page(person, edit_address(plan))[1]
    assert "reported by" in page(person, "/strategy/")[1].lower()
