"""Two people at the same moment: one effect, and a sentence for whoever came second."""

from collections.abc import Callable
from datetime import date
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import translation

from departments.drafts import PlanDraft
from departments.errors import Refused
from departments.models import ActionPlan, Appointment, CalendarDay, Department, Deputy, Role, User
from departments.services import appointments, calendar, deputies, organisation, people, plans
from tests.factories import make_department, make_plan, make_user
from tests.workflows.moves import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def outcomes(change: Callable[[int], object]) -> list[str]:
    """Run the change in so many threads at once; 'done' or the refusal of each."""
    start, found = Barrier(AT_ONCE), []

    def run(number: int) -> None:
        try:
            start.wait()
            with translation.override("en"):
                change(number)
            found.append("done")
        except Refused as refusal:
            found.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=run, args=[number]) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_one_department_of_a_code():
    found = outcomes(lambda _n: organisation.add_department(by=None, code="dx", name="DX推進課", parent=None))
    assert [text for text in found if "already exists" in text] == found[: AT_ONCE - 1]
    assert Department.objects.count() == 1


def test_one_person_of_a_name():
    found = outcomes(lambda _n: people.add_person(by=None, username="sato", name="佐藤", email=""))
    assert found.count("done") == 1
    assert User.objects.count() == 1


def test_one_plan_of_a_kind_and_year():
    dx = make_department("dx")
    found = outcomes(lambda _n: plans.create_plan(by=None, department=dx, fiscal_year=2026, kind="execution"))
    assert found.count("This department already has a plan of this kind for that year.") == AT_ONCE - 1
    assert ActionPlan.objects.count() == 1


def test_one_appointment():
    dx, sato = make_department("dx"), make_user("sato")
    first = date(2026, 4, 1)
    found = outcomes(
        lambda n: appointments.appoint(
            by=None, user=sato, department=dx, role=Role.LEAD, valid_from=first.replace(day=1 + n)
        )
    )
    assert found.count("done") == 1
    assert Appointment.objects.count() == 1


def test_one_closed_day():
    found = outcomes(lambda _n: calendar.add_calendar_day(by=None, day=date(2026, 12, 28), name="点検"))
    assert found.count("done") == 1
    assert CalendarDay.objects.count() == 1


def test_one_of_several_saves_of_a_plan():
    plan = make_plan(make_department("dx"))
    found = outcomes(
        lambda n: plans.save_plan(
            by=None, plan_id=plan.pk, version=plan.version, content=PlanDraft(f"概要{n}"), now=NOW
        )
    )
    assert found.count("This plan was changed meanwhile. Nothing was overwritten.") == AT_ONCE - 1
    assert ActionPlan.objects.get().version == plan.version + 1


def test_two_moves_do_not_close_a_circle():
    one, two = make_department("one"), make_department("two")

    def move(number: int) -> None:
        child, parent = (one, two) if number % 2 else (two, one)
        organisation.change_department(
            by=None, department=child, code=child.code, name=child.name, parent=parent, position=0
        )

    outcomes(move)
    assert Department.objects.filter(parent=None).count() == 1


def test_one_deputy_of_a_post_on_a_day():
    dx, lead = make_department("dx"), make_user("lead")
    others = [make_user(f"deputy{number}") for number in range(AT_ONCE)]
    appointments.appoint(by=None, user=lead, department=dx, role=Role.LEAD, valid_from=TODAY)
    absence = {"absent": lead, "role": Role.LEAD, "department": dx, "first_day": TODAY, "last_day": TODAY}
    found = outcomes(lambda n: deputies.name_deputy(by=lead, **absence, deputy=others[n], now=NOW, on=TODAY))
    assert sum("already stands in" in text for text in found) == AT_ONCE - 1
    assert Deputy.objects.count() == 1
