"""The strategy and the plans over HTTP: who sees what."""

import re

import pytest
from django.urls import reverse

from departments.models import ActionPlan, Department, Role, User
from departments.models.indicators import Kind
from departments.models.plans import PlanKind, PlanState
from tests.departments.browsing import MOST_QUERIES, page, post, queries
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
    plan = make_plan(dx, state=APPROVED, measures=1)
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


def test_the_pages_speak_english_by_choice(dx, plan):
    make_indicator("1-1", kind=Kind.RATIO, target="82", unit="%", department=dx)
    person = make_user("smith", language="en")
    appoint(person, dx, Role.EDITOR)
    _status, html = page(person, reverse("plan", args=[plan.pk]))
    assert all(text in html for text in ("Being drafted", "Schedule", "Apr–Mar", "82% or more"))
    assert "Add a measure" in page(person, reverse("plan_edit", args=[plan.pk]))[1]
    assert "reported by" in page(person, "/strategy/")[1].lower()
