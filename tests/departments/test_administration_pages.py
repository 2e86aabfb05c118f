"""Administration over HTTP: departments, people, appointments, closed days. For administrators, and nobody else."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from departments.models import Appointment, CalendarDay, Department, Role, User
from tests.departments.browsing import MOST_QUERIES, queries
from tests.factories import PASSWORD, appoint, make_department, make_person, make_user

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def city() -> Department:
    return make_department("city", "市")


@pytest.fixture
def dx(city: Department) -> Department:
    return make_department("dx", "DX推進課", city)


@pytest.fixture
def admin(city: Department) -> User:
    return make_person("admin", city, Role.ADMINISTRATOR)


@pytest.fixture
def sato(dx: Department) -> User:
    return make_person("sato", dx, Role.LEAD)


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def said(response) -> str:
    return response.content.decode()


def addresses(dx: Department, sato: User) -> list[str]:
    return [
        "/departments/",
        "/departments/add/",
        f"/departments/{dx.pk}/",
        "/calendar/",
        "/people/",
        "/people/add/",
        f"/people/{sato.pk}/",
        f"/people/{sato.pk}/edit/",
        f"/people/{sato.pk}/appointments/add/",
        f"/appointments/{sato.appointments.get().pk}/end/",
    ]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_the_pages_are_there_for_administrators_alone(city, dx, admin, sato, role):
    other, operator = make_person("other", city, role), make_user("operator")
    User.objects.filter(pk=operator.pk).update(is_superuser=True, is_staff=True)
    for address in addresses(dx, sato):
        assert as_(admin).get(address).status_code == 200, address
        for person in (other, operator):
            assert as_(person).get(address).status_code == 404, address
            assert as_(person).post(address, {"deactivate": "1"}).status_code in (404, 405), address
        assert Client().get(address).status_code == 302, address
    assert User.objects.get(pk=sato.pk).is_active


@pytest.mark.parametrize(
    "address",
    [
        "/departments/0/",
        "/people/0/",
        "/people/99999999999999999999/",
        "/people/0/appointments/add/",
        "/appointments/0/end/",
    ],
)
def test_what_is_not_there_is_a_404(admin, address):
    assert as_(admin).get(address).status_code == 404
    assert as_(admin).post(address).status_code == 404


# ---- departments


def test_a_department_is_added_changed_and_abolished(admin, city, dx):
    fields = {"code": "new", "name": "新設課", "parent": city.pk, "position": 3}
    assert as_(admin).post("/departments/add/", fields).url == "/departments/"
    new = Department.objects.get(code="new")
    as_(admin).post(f"/departments/{new.pk}/", {**fields, "name": "改称課", "parent": dx.pk})
    as_(admin).post(f"/departments/{new.pk}/", {"abolish": "1", "abolished_on": TODAY})
    new.refresh_from_db()
    assert (new.name, new.parent, new.abolished_on) == ("改称課", dx, TODAY)
    assert "廃止" in said(as_(admin).get("/departments/"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "dx"}, "ほかの所属が使っています"),
        ({"code": ""}, "コード"),
        ({"position": "-1"}, "並び順"),
        ({"position": "9" * 30}, "並び順"),
        ({"parent": "0"}, "上位の所属"),
        ({"name": "長" * 61}, "名称"),
        ({"name": "\0"}, "名称"),
    ],
)
def test_a_wrong_department_is_told_and_kept(admin, dx, values, sentence):
    fields = {"code": "new", "name": "新設課", "parent": "", "position": 3, **values}
    html = said(as_(admin).post("/departments/add/", fields))
    assert sentence in html
    assert 'role="alert"' in html
    assert Department.objects.count() == 2


def test_a_second_click_adds_one_department(admin, city):
    fields = {"code": "new", "name": "新設課", "parent": city.pk, "position": 3}
    for _click in range(2):
        last = as_(admin).post("/departments/add/", fields)
    assert last.status_code == 200
    assert Department.objects.filter(code="new").count() == 1


def test_a_department_does_not_move_below_itself(admin, city, dx):
    fields = {"code": "city", "name": "別名", "parent": dx.pk, "position": 0}
    html = said(as_(admin).post(f"/departments/{city.pk}/", fields))
    assert 'role="alert"' in html
    assert "<h1>市</h1>" in html
    assert 'value="別名"' in html
    city.refresh_from_db()
    assert (city.name, city.parent) == ("市", None)


def test_a_department_with_others_below_is_not_abolished(admin, city, dx):
    html = said(as_(admin).post(f"/departments/{city.pk}/", {"abolish": "1", "abolished_on": TODAY}))
    assert "下にDX推進課が残ります" in html
    assert as_(admin).post(f"/departments/{dx.pk}/", {"abolish": "1", "abolished_on": "明日"}).status_code == 200
    assert not Department.objects.exclude(abolished_on=None).exists()


def test_the_trees_queries_do_not_grow(admin, dx, client):
    client.force_login(admin)
    before = queries(client, "/departments/")
    for number in range(5):
        make_person(f"person{number}", make_department(f"d{number}", parent=dx))
    assert queries(client, "/departments/") == before <= MOST_QUERIES


# ---- people

ABE = {"username": "abe", "name": "阿部", "email": "abe@city.example", "language": "ja", "password": ""}


def test_a_person_is_added_with_a_first_password(admin):
    response = as_(admin).post("/people/add/", {**ABE, "password": PASSWORD})
    abe = User.objects.get(username="abe")
    assert response.url == f"/people/{abe.pk}/"
    assert Client().login(username="abe", password=PASSWORD)
    assert not abe.is_superuser
    assert not abe.is_staff


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "sato"}, "username"),
        ({"username": "a b"}, "username"),
        ({"email": "sato@city.example"}, ""),
        ({"email": "abe"}, "email"),
        ({"name": ""}, "name"),
        ({"language": "fr"}, "language"),
        ({"password": "12345678"}, "password"),
        ({"username": "sakura-no-ki", "password": "Sakura-no-ki"}, "password"),
    ],
)
def test_a_wrong_person_is_told_and_kept(admin, sato, values, field):
    before = User.objects.count()
    html = said(as_(admin).post("/people/add/", {**ABE, **values}))
    assert 'role="alert"' in html
    assert not field or f'href="#id_{field}"' in html
    if values.get("name") != "":
        assert 'value="阿部"' in html
    assert User.objects.count() == before


def test_rights_cannot_be_slipped_into_the_form(admin, sato):
    smuggled = {"is_superuser": "on", "is_staff": "on", "is_active": "", "groups": "1"}
    as_(admin).post(f"/people/{sato.pk}/edit/", {**ABE, "username": "sato", **smuggled})
    sato.refresh_from_db()
    assert (sato.name, sato.is_superuser, sato.is_staff, sato.is_active) == ("阿部", False, False, True)


def test_a_second_click_adds_one_person(admin):
    for _click in range(2):
        as_(admin).post("/people/add/", ABE)
    assert User.objects.filter(username="abe").count() == 1


def test_a_deactivated_person_is_out_on_the_next_request(admin, sato):
    theirs = as_(sato)
    assert theirs.get("/strategy/").status_code == 200
    for _click in range(2):
        assert as_(admin).post(f"/people/{sato.pk}/", {"deactivate": "1"}).status_code == 302
    assert theirs.get("/strategy/").status_code == 302
    assert "利用停止" in said(as_(admin).get("/people/"))
    as_(admin).post(f"/people/{sato.pk}/", {"reactivate": "1"})
    assert theirs.get("/strategy/").status_code == 302
    assert as_(sato).get("/plans/").status_code == 200


def test_administrators_do_not_shut_themselves_out(admin):
    response = as_(admin).post(f"/people/{admin.pk}/", {"deactivate": "1"}, follow=True)
    assert "ほかの管理者に依頼" in said(response)
    assert User.objects.get(pk=admin.pk).is_active


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sat", ["sato"]),
        ("DX", ["sato"]),
        ("admin@", ["admin"]),
        ("だれも", []),
        ("", ["admin", "sato"]),
        ("\0", ["admin", "sato"]),
    ],
)
def test_people_are_found(admin, sato, query, found):
    html = said(as_(admin).get("/people/", {"q": query, "page": "x"}))
    assert [name for name in ("admin", "sato") if f'data-label="ユーザー名">{name}' in html] == found


@pytest.mark.parametrize("name", ["佐藤 花子", "佐藤　花子"])
def test_a_person_is_found_by_the_name_without_the_blank(admin, sato, name):
    sato.name = name
    sato.save(update_fields=["name"])
    assert 'data-label="ユーザー名">sato' in said(as_(admin).get("/people/", {"q": "佐藤花子"}))


def test_the_peoples_queries_do_not_grow(admin, dx, client):
    client.force_login(admin)
    before = queries(client, "/people/")
    for number in range(5):
        appoint(make_person(f"person{number}", dx), dx, Role.LEAD)
    assert queries(client, "/people/") == before <= MOST_QUERIES


# ---- appointments


def appointment_fields(dx: Department, **values) -> dict:
    return {"department": dx.pk, "role": Role.EDITOR, "valid_from": TODAY, "valid_until": "", **values}


def test_a_person_is_appointed_and_the_appointment_ended(admin, sato, dx):
    assert as_(admin).post(f"/people/{sato.pk}/appointments/add/", appointment_fields(dx)).status_code == 302
    appointment = Appointment.objects.get(role=Role.EDITOR)
    last_day = TODAY + timedelta(days=30)
    as_(admin).post(f"/appointments/{appointment.pk}/end/", {"last_day": last_day})
    appointment.refresh_from_db()
    assert (appointment.valid_from, appointment.valid_until) == (TODAY, last_day)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"role": Role.LEAD}, "重ならない期間にしてください"),
        ({"role": "king"}, "役割"),
        ({"department": "0"}, "所属"),
        ({"valid_from": "31日"}, "開始"),
        ({"valid_from": "99999-01-01"}, "開始"),
        ({"valid_until": date(2020, 1, 1)}, "終わりの日を、始まりの日より前にすることはできません"),
    ],
)
def test_a_wrong_appointment_is_told(admin, sato, dx, values, sentence):
    html = said(as_(admin).post(f"/people/{sato.pk}/appointments/add/", appointment_fields(dx, **values)))
    assert 'role="alert"' in html
    assert sentence in html
    assert Appointment.objects.filter(user=sato).count() == 1


def test_a_second_click_appoints_once(admin, sato, dx):
    for _click in range(2):
        as_(admin).post(f"/people/{sato.pk}/appointments/add/", appointment_fields(dx))
    assert Appointment.objects.filter(user=sato, role=Role.EDITOR).count() == 1


def test_an_end_before_the_beginning_is_told(admin, sato):
    appointment = sato.appointments.get()
    html = said(as_(admin).post(f"/appointments/{appointment.pk}/end/", {"last_day": "2026-03-31"}))
    assert "始まりの日より前にすることはできません" in html
    assert Appointment.objects.get(pk=appointment.pk).valid_until is None


def test_only_what_has_not_begun_can_be_removed(admin, sato, dx):
    begun = sato.appointments.get()
    coming = appoint(sato, dx, Role.EDITOR, TODAY + timedelta(days=9))
    assert 'name="cancel"' in said(as_(admin).get(f"/appointments/{coming.pk}/end/"))
    assert 'name="cancel"' not in said(as_(admin).get(f"/appointments/{begun.pk}/end/"))
    as_(admin).post(f"/appointments/{coming.pk}/end/", {"cancel": "1"})
    assert "終わらせることはできます" in said(as_(admin).post(f"/appointments/{begun.pk}/end/", {"cancel": "1"}))
    assert list(Appointment.objects.filter(user=sato)) == [begun]


def test_a_persons_queries_do_not_grow(admin, sato, dx, client):
    client.force_login(admin)
    before = queries(client, f"/people/{sato.pk}/")
    for number in range(4):
        appoint(sato, make_department(f"d{number}"), Role.LEAD)
    assert queries(client, f"/people/{sato.pk}/") == before <= MOST_QUERIES


# ---- closed days


def test_days_are_added_and_removed(admin):
    for day, kind in (("2026-12-28", "closed"), ("2027-03-28", "open")):
        as_(admin).post("/calendar/", {"day": day, "is_open": kind, "name": "庁舎点検"})
    assert list(CalendarDay.objects.values_list("day", "is_open")) == [
        (date(2026, 12, 28), False),
        (date(2027, 3, 28), True),
    ]
    for _click in range(2):
        assert as_(admin).post("/calendar/", {"remove": "2026-12-28"}).status_code == 302
    assert CalendarDay.objects.get().is_open


@pytest.mark.parametrize(
    "values",
    [
        {"day": "2026-12-28"},
        {"day": ""},
        {"day": "2026-02-30"},
        {"name": ""},
        {"is_open": "maybe"},
        {"name": "長" * 61},
    ],
)
def test_a_wrong_day_is_told(admin, values):
    CalendarDay.objects.create(day=date(2026, 12, 28), name="すでに")
    fields = {"day": "2026-12-25", "is_open": "closed", "name": "庁舎点検", **values}
    assert 'role="alert"' in said(as_(admin).post("/calendar/", fields))
    assert CalendarDay.objects.count() == 1


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "\0"])
def test_removing_what_is_no_day_does_nothing(admin, day):
    CalendarDay.objects.create(day=date(2026, 12, 28), name="点検")
    assert as_(admin).post("/calendar/", {"remove": day}).status_code == 302
    assert CalendarDay.objects.exists()
