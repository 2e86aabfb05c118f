"""What a careless, curious or ill-willed person did to the pages once, and must not be able to do again."""

from datetime import date

import pytest
from django.test import Client

from departments.errors import Refused
from departments.models import Appointment, CalendarDay, Department, User
from departments.services import organisation
from tests.clock import Clock
from tests.factories import PASSWORD, make_measure, make_plan
from tests.workflows.cast import Cast, make_cast, make_places
from tests.workflows.moves import NOW, at, opened
from workflows.models import MeasureReport, ProgressClass, Review, Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(clock: Clock) -> Cast:
    clock.now = NOW
    return make_cast(make_places())


@pytest.fixture
def review(cast: Cast) -> Review:
    plan = make_plan(Department.objects.get(code="civic"), state="approved")
    make_measure(plan)
    [found] = opened(plan)
    return found


@pytest.mark.parametrize("page", ["board", "rates", "checkpoints"])
@pytest.mark.parametrize("year", ["02026", "02026" + "9" * 30, "02026" + "9" * 5000, "２０２６", "-2026"])
def test_a_year_that_is_none_is_not_there(cast: Cast, client: Client, page: str, year: str) -> None:
    client.force_login(cast.auditor)
    assert client.get(f"/{page}/", {"year": year}).status_code == 404


def test_the_login_page_does_not_lead_to_itself(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    response = client.get("/login/", {"next": "/login/"})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_every_answer_says_what_browsers_may_run_and_keep(client: Client) -> None:
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.status_code == 400
    assert "default-src 'none'" in refused["Content-Security-Policy"]
    assert "no-store" in refused["Cache-Control"]


TOO_EARLY = "日付が古すぎます。年は2026のように西暦4桁で入力してください。"


def test_the_year_8_for_reiwa_8_is_a_slip_on_every_page_that_asks_for_a_day(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    lead, civic, day = cast.lead, Department.objects.get(code="civic"), "0008-04-01"
    own = Appointment.objects.get(user=lead)
    for address, sent in {
        "/calendar/": {"day": day, "name": "市制記念日", "is_open": "closed"},
        f"/people/{lead.pk}/appointments/add/": {"department": civic.pk, "role": "editor", "valid_from": day},
        f"/appointments/{own.pk}/end/": {"last_day": day},
        f"/departments/{civic.pk}/": {"abolish": "", "abolished_on": day},
    }.items():
        assert TOO_EARLY in client.post(address, sent).content.decode(), address
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize("reason", ["\u200b", "\u00ad\u2060", "\u202e", "\u3000\u200b\n\ufeff"])
def test_a_reason_that_nobody_can_see_is_none(cast: Cast, client: Client, review: Review, reason: str) -> None:
    at(Stage.REVIEW, review, cast)
    review.refresh_from_db()
    client.force_login(cast.reviewer)
    sent = {"task": review.task_id, "outcome": "returned", "comment": reason}
    assert client.post(f"/reviews/{review.pk}/decide/", sent).status_code == 200
    review.refresh_from_db()
    assert review.stage == Stage.REVIEW


def test_who_may_not_read_a_draft_cannot_guess_it_either(cast: Cast, client: Client, review: Review) -> None:
    """The page for whoever comes second lists what is not in the draft; so what it leaves out is."""
    measure = review.plan.measures.get()
    secret = ProgressClass.objects.get(code="late")
    MeasureReport.objects.create(review=review, measure=measure, progress=secret, initiative_number=1)
    client.force_login(cast.reviewer)
    for code in ("late", "on_plan"):
        sent = {"task": 1, "version": 1, "action": "save", f"m{measure.pk}-progress": code}
        response = client.post(f"/reviews/{review.pk}/prepare/", sent)
        assert response.status_code == 409
        assert measure.title not in response.content.decode()


def test_an_administrator_cannot_become_the_operator(cast: Cast, client: Client) -> None:
    operator = cast.superuser
    before = User.objects.filter(pk=operator.pk).values().get()
    client.force_login(cast.administrator)
    sent = {"username": "mine", "name": "x", "email": "x@city.example", "language": "ja", "password": PASSWORD}
    said = client.post(f"/people/{operator.pk}/edit/", sent).content.decode()
    assert "変更できるのは運用担当者だけです。" in said
    for button in ("deactivate", "reactivate"):
        client.post(f"/people/{operator.pk}/", {button: "1"})
    assert User.objects.filter(pk=operator.pk).values().get() == before


def test_no_department_is_added_below_one_that_was_abolished_since_the_page_was_opened(cast: Cast) -> None:
    seen = Department.objects.get(code="life")
    Department.objects.filter(parent=seen).update(abolished_on=date(2026, 4, 1))
    abolished = Department.objects.get(code="life")
    organisation.abolish_department(by=None, department=abolished, abolished_on=date(2026, 4, 1))
    with pytest.raises(Refused):
        organisation.add_department(by=None, code="late", name="遅れ課", parent=seen)
