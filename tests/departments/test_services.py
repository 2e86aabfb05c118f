"""People, departments and appointments: what a change does, and what is refused in which words."""

from datetime import date

import pytest
from django.contrib.sessions.models import Session
from django.utils import translation

from departments.access import rights
from departments.errors import Refused
from departments.models import Appointment, CalendarDay, Department, Role, User
from departments.models.organisation import Permission
from departments.projection import rebuild_access
from departments.services import appointments, calendar, organisation, people
from tests.factories import PASSWORD, appoint, make_department, make_person, make_user

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 23)
TOMORROW = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def city():
    return make_department("city", "市")


@pytest.fixture
def dx(city):
    return make_department("dx", "DX推進課", city)


def may(person: User, permission: Permission, department: Department, on: date = TODAY) -> bool:
    return rights(User.objects.get(pk=person.pk), on).has(permission, department.pk)


def refusal(change, **kwargs) -> str:
    with pytest.raises(Refused) as refused:
        change(**kwargs)
    return str(refused.value)


# ---- people


def test_a_person_without_a_password_cannot_log_in(client):
    people.add_person(by=None, username="abe", name="阿部", email="")
    assert not User.objects.get(username="abe").has_usable_password()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"username": "sato"}, "username: A user with that username already exists."),
        ({"email": "sato@city.example"}, "Another person already has this e-mail address."),
        ({"name": ""}, "name: This field cannot be blank."),
        ({"name": "阿部\r\n承認されました"}, "name: Write this on one line, without control characters."),
        ({"name": "阿部\u2028次の行"}, "name: Write this on one line, without control characters."),
        ({"username": "a b"}, "username: Enter a valid username."),
        ({"password": "12345"}, "This password is too short."),
    ],
)
def test_a_person_is_refused(values, sentence):
    make_user("sato")
    wanted = {"by": None, "username": "abe", "name": "阿部", "email": "abe@city.example", "password": PASSWORD}
    assert sentence in refusal(people.add_person, **{**wanted, **values})
    assert User.objects.count() == 1


def test_several_people_may_have_no_address():
    assert make_user("abe", email="") != make_user("ito", email="")


def test_a_new_password_replaces_the_old_one():
    person = make_user("sato")
    known = {"username": "sato", "name": "佐藤", "email": "", "language": "en"}
    people.change_person(by=None, person=person, **known)
    assert User.objects.get().check_password(PASSWORD)
    people.change_person(by=None, person=person, password="Ume-no-ki-77", **known)
    assert User.objects.get().check_password("Ume-no-ki-77")


def test_deactivation_ends_rights_and_sessions_at_once(client, dx):
    person = make_person("sato", dx, Role.LEAD)
    client.force_login(person)
    other = make_person("abe", dx)
    client_of_other = type(client)()
    client_of_other.force_login(other)
    people.deactivate_person(by=None, person=person, on=TODAY)
    assert not may(person, Permission.DRAFT, dx)
    assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [str(other.pk)]
    assert Appointment.objects.filter(user=person, valid_until=None).exists()
    people.reactivate_person(by=None, person=person, on=TODAY)
    assert may(person, Permission.SUBMIT, dx)


def test_nobody_deactivates_themselves(city):
    admin = make_person("admin", city, Role.ADMINISTRATOR)
    assert "Ask another administrator" in refusal(people.deactivate_person, by=admin, person=admin)
    assert User.objects.get(pk=admin.pk).is_active


# ---- departments


def test_rights_reach_departments_added_below(city):
    reader = make_person("exec", city, Role.EXECUTIVE)
    new = make_department("new", parent=city)
    assert may(reader, Permission.READ_APPROVED, new)


def test_rights_move_with_the_department(city, dx):
    other = make_department("other")
    reader = make_person("exec", city, Role.EXECUTIVE)
    organisation.change_department(by=None, department=dx, code="dx", name="DX", parent=other, position=0, on=TODAY)
    assert not may(reader, Permission.READ_APPROVED, dx)


def test_a_department_is_refused(city, dx):
    known = {"by": None, "parent": None, "position": 0}
    assert "already exists" in refusal(organisation.add_department, code="dx", name="また", **known)
    assert "cannot be blank" in refusal(organisation.add_department, code="x", name="", **known)
    circle = refusal(
        organisation.change_department, by=None, department=city, code="city", name="市", parent=dx, position=0
    )
    assert "descendant" in circle
    assert Department.objects.get(code="city").parent is None


def test_a_department_with_others_below_is_not_abolished(city, dx):
    sentence = refusal(organisation.abolish_department, by=None, department=city, abolished_on=TOMORROW)
    assert sentence == "DX推進課 would still stand below it on 25 Nov 2026 (Wed). Abolish or move those first."
    organisation.abolish_department(by=None, department=dx, abolished_on=TODAY)
    organisation.abolish_department(by=None, department=city, abolished_on=TOMORROW)
    assert "is abolished as of" in refusal(organisation.abolish_department, by=None, department=dx, abolished_on=None)


def test_an_abolition_can_be_taken_back(dx):
    organisation.abolish_department(by=None, department=dx, abolished_on=TODAY)
    organisation.abolish_department(by=None, department=dx, abolished_on=None)
    assert Department.objects.in_force(TOMORROW).filter(pk=dx.pk).exists()


def test_nothing_is_added_below_an_abolished_department(city, dx):
    organisation.abolish_department(by=None, department=dx, abolished_on=TODAY)
    assert (
        refusal(organisation.add_department, by=None, code="new", name="新", parent=Department.objects.get(pk=dx.pk))
        == "DX推進課 is abolished as of 24 Nov 2026 (Tue)."
    )


# ---- appointments


def test_an_appointment_counts_from_its_first_to_its_last_day(dx):
    person = make_user()
    appoint(person, dx, Role.LEAD, TODAY, TOMORROW, on=TODAY)
    assert may(person, Permission.SUBMIT, dx, TODAY)
    assert may(person, Permission.SUBMIT, dx, TOMORROW)
    assert not may(person, Permission.SUBMIT, dx, date(2026, 11, 26))


def test_an_appointment_of_the_future_gives_nothing_yet(dx):
    person = make_user()
    appoint(person, dx, Role.LEAD, TOMORROW, on=TODAY)
    assert not may(person, Permission.SUBMIT, dx)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 4, 1), None),
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 9, 30), date(2026, 12, 1)),
        (date(2026, 5, 1), date(2026, 5, 2)),
    ],
)
def test_the_same_role_does_not_run_twice(dx, first, last):
    person = make_user("sato", "佐藤")
    appoint(person, dx, Role.EDITOR, date(2026, 4, 1), date(2026, 9, 30), on=TODAY)
    sentence = refusal(
        appointments.appoint, by=None, user=person, department=dx, role=Role.EDITOR, valid_from=first, valid_until=last
    )
    assert sentence == (
        "佐藤 already is Editor at DX推進課, from 1 Apr 2026 (Wed) to 30 Sep 2026 (Wed). Choose days outside that."
    )
    assert Appointment.objects.count() == 1


def test_other_roles_places_and_days_are_free(city, dx):
    person = make_user()
    appoint(person, dx, Role.EDITOR, date(2026, 4, 1), date(2026, 9, 30), on=TODAY)
    appoint(person, dx, Role.EDITOR, date(2026, 10, 1), on=TODAY)
    appoint(person, dx, Role.LEAD, on=TODAY)
    appoint(person, city, Role.EDITOR, on=TODAY)
    assert Appointment.objects.count() == 4


def test_the_last_day_before_the_first_is_refused(dx):
    person = make_user()
    backwards = {"by": None, "user": person, "department": dx, "role": Role.LEAD}
    sentence = refusal(appointments.appoint, **backwards, valid_from=TODAY, valid_until=YESTERDAY)
    assert sentence == "The last day must not lie before the first."


def test_an_unknown_role_is_refused(dx):
    sentence = refusal(appointments.appoint, by=None, user=make_user(), department=dx, role="king", valid_from=TODAY)
    assert "not a valid choice" in sentence


def test_nobody_is_appointed_to_an_abolished_department(dx):
    organisation.abolish_department(by=None, department=dx, abolished_on=TODAY)
    assert "is abolished as of" in refusal(
        appointments.appoint, by=None, user=make_user(), department=dx, role=Role.LEAD, valid_from=TODAY
    )


def test_an_ended_appointment_stays_on_record(dx):
    person = make_user()
    appointment = appoint(person, dx, Role.LEAD, on=TODAY)
    appointments.end_appointment(by=None, appointment=appointment, last_day=YESTERDAY, on=TODAY)
    assert not may(person, Permission.SUBMIT, dx)
    assert Appointment.objects.get().valid_until == YESTERDAY
    assert rights(person, TODAY).served_since(dx.pk, date(2026, 4, 1))


def test_an_end_may_be_moved_but_not_over_the_next_appointment(dx):
    person = make_user()
    first = appoint(person, dx, Role.LEAD, date(2026, 4, 1), date(2026, 6, 30), on=TODAY)
    appoint(person, dx, Role.LEAD, date(2026, 10, 1), on=TODAY)
    appointments.end_appointment(by=None, appointment=first, last_day=date(2026, 9, 30), on=TODAY)
    assert "already is" in refusal(appointments.end_appointment, by=None, appointment=first, last_day=date(2026, 10, 1))
    assert Appointment.objects.get(pk=first.pk).valid_until == date(2026, 9, 30)


def test_administrators_do_not_end_their_own_appointment(city):
    admin = make_person("admin", city, Role.ADMINISTRATOR)
    appointment = admin.appointments.get()
    assert "Ask another administrator" in refusal(
        appointments.end_appointment, by=admin, appointment=appointment, last_day=TODAY
    )


def test_only_what_has_not_begun_is_removed(dx):
    person = make_user()
    begun = appoint(person, dx, Role.LEAD, TODAY, on=TODAY)
    coming = appoint(person, dx, Role.EDITOR, TOMORROW, on=TODAY)
    appointments.cancel_appointment(by=None, appointment=coming, on=TODAY)
    assert "It can be ended" in refusal(appointments.cancel_appointment, by=None, appointment=begun, on=TODAY)
    assert list(Appointment.objects.all()) == [begun]


def test_services_leave_nothing_for_a_rebuild(city, dx):
    person = make_person("sato", dx, Role.LEAD)
    make_person("exec", city, Role.AUDITOR)
    appointments.end_appointment(by=None, appointment=person.appointments.get(), last_day=TODAY, on=TODAY)
    organisation.abolish_department(by=None, department=dx, abolished_on=TOMORROW, on=TODAY)
    people.deactivate_person(by=None, person=person, on=TODAY)
    assert not rebuild_access(TODAY, write=False)


# ---- calendar days


def test_a_day_stands_in_the_calendar_once():
    calendar.add_calendar_day(by=None, day=TODAY, name="庁舎点検")
    assert "already exists" in refusal(calendar.add_calendar_day, by=None, day=TODAY, name="別", is_open=True)
    calendar.remove_calendar_day(by=None, day=TODAY)
    calendar.remove_calendar_day(by=None, day=TODAY)
    assert not CalendarDay.objects.exists()
