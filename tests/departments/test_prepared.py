"""Prepared statements do what Django's own do, in every thread."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from departments.models import ActionPlan, Department, Indicator, Measure
from departments.models.plans import PlanState
from departments.prepared import Prepared, change, insert, update
from tests.factories import make_department, make_indicator, make_plan

PLANS = Prepared(
    lambda department, kind: ActionPlan.objects.filter(department=department, kind=kind).select_related("department")
)
MEASURES = Prepared(lambda plan: Measure.objects.filter(plan=plan).order_by("number"))
NUMBERS = Prepared(
    lambda plan: Measure.objects.filter(plan=plan).order_by("-number").values_list("number", "title")[:1]
)
WITH_TARGETS = Prepared(lambda measure: Indicator.objects.filter(measure=measure).prefetch_related("step_targets"))


@pytest.fixture
def plans(db: None) -> list[ActionPlan]:
    return [make_plan(make_department(code), measures=2) for code in ("a", "b")]


def test_each_call_is_filled_with_its_own_values(plans: list[ActionPlan]) -> None:
    for plan in (*plans, *plans):
        assert MEASURES(plan.pk) == list(plan.measures.order_by("number"))
        assert NUMBERS(plan.pk) == [plan.measures.order_by("-number").values_list("number", "title").first()]
    assert MEASURES(0) == []


def test_rows_come_whole_with_what_is_joined(plans: list[ActionPlan], django_assert_num_queries: Any) -> None:
    plan = plans[1]
    with django_assert_num_queries(1):
        (found,) = PLANS(plan.department_id, plan.kind)
        assert found.department.code == "b"
    columns = [field.attname for field in ActionPlan._meta.concrete_fields]
    fresh = ActionPlan.objects.get(pk=plan.pk)
    assert [getattr(found, name) for name in columns] == [getattr(fresh, name) for name in columns]


def test_what_is_prefetched_comes_too(plans: list[ActionPlan], django_assert_num_queries: Any) -> None:
    indicator = make_indicator("M-1", measure=plans[0].measures.get(number=1))
    indicator.step_targets.create(step="q2", target=3)
    with django_assert_num_queries(2):
        (found,) = WITH_TARGETS(indicator.measure_id)
        assert [target.target for target in found.step_targets.all()] == [3]


def test_insert_and_update_write_what_save_writes(plans: list[ActionPlan]) -> None:
    model = plans[0]
    saved = ActionPlan(department=model.department, fiscal_year=2030, kind=model.kind, summary="一", saved_at=None)
    saved.save()
    ours = insert(ActionPlan(department=model.department, fiscal_year=2031, kind=model.kind, summary="一"))
    for plan in (saved, ours):
        plan.summary, plan.state, plan.version = "二", PlanState.SUBMITTED, 9
    saved.save(update_fields=["summary", "state"])
    update(ours, "summary", "state")
    rows = ActionPlan.objects.filter(pk__in=[saved.pk, ours.pk]).order_by("pk").values()
    assert [{**row, "id": None, "fiscal_year": None} for row in rows] == [
        {**rows[0], "id": None, "fiscal_year": None, "summary": "二", "state": "submitted", "version": 1}
    ] * 2
    assert ours == ActionPlan.objects.get(fiscal_year=2031)


def test_a_row_that_is_gone_is_not_updated_in_silence(db: None) -> None:
    with pytest.raises(DatabaseError):
        update(Department(pk=4711, name="無"), "name")


def test_a_change_on_condition_touches_the_one_row_that_meets_it(plans: list[ActionPlan]) -> None:
    at = timezone.now()
    plan, other = plans
    assert change(ActionPlan, {"summary": "二", "saved_at": at}, id=plan.pk, version=plan.version)
    assert not change(ActionPlan, {"summary": "三"}, id=plan.pk, version=plan.version + 1)
    plan.refresh_from_db()
    assert (plan.summary, plan.saved_at) == ("二", at)
    other.refresh_from_db()
    assert other.summary != "二"


@pytest.mark.django_db(transaction=True)
def test_what_is_changed_at_leisure_is_there_for_everybody_at_once_and_changes_no_other_commit() -> None:
    plan = make_plan(make_department("a"))
    seen: list[str] = []

    def look() -> None:
        seen.append(ActionPlan.objects.get(pk=plan.pk).summary)
        connection.close()

    assert change(ActionPlan, {"summary": "二"}, at_leisure=True, id=plan.pk)
    assert not change(ActionPlan, {"summary": "三"}, at_leisure=True, id=plan.pk, version=plan.version + 1)
    other = Thread(target=look)
    other.start()
    other.join()
    assert seen == ["二"]
    setting = "SHOW synchronous_commit" if connection.vendor == "postgresql" else "PRAGMA synchronous"
    settings = []
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(setting)
            settings.append(cursor.fetchone())
            change(ActionPlan, {"summary": "四"}, at_leisure=True, id=plan.pk)
    assert settings[0] == settings[1]


def test_constraints_speak_as_ever(plans: list[ActionPlan]) -> None:
    twin = ActionPlan(department=plans[0].department, fiscal_year=plans[0].fiscal_year, kind=plans[0].kind)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(twin)
    assert twin.pk is None


@pytest.mark.django_db(transaction=True)
def test_threads_use_their_own_connections() -> None:
    plan = make_plan(make_department("a"), measures=2)
    found: list[Any] = []

    def ask(values: Callable[[], Any]) -> None:
        try:
            found.append(values())
        finally:
            connection.close()

    threads = [Thread(target=ask, args=(lambda: [measure.number for measure in MEASURES(plan.pk)],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1, 2]] * 4
