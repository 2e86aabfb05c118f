"""Between the queueing of a mail and its sending people move, stand in no longer, or leave: then it is not for them."""

from datetime import date

import pytest
from django.core import mail

from departments.models import Department, Role, User
from departments.services.appointments import end_appointment
from departments.services.people import deactivate_person
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import Audience, MailItem, MailKind, OutgoingMail, Reason, ReminderRule, Status
from notifications.reminders import remind
from tests.factories import make_department, make_person, make_plan
from tests.notifications.city import City, at, make_city, october, received, run

pytestmark = pytest.mark.django_db

LATE, MORROW = date(2026, 10, 21), date(2026, 10, 22)  # five business days after the due day, and the day after that


@pytest.fixture
def city() -> City:
    """会計課 below 財務部, whose plan is late; the head of the 部 is buchou."""
    city = make_city()
    division = make_department("finance", "財務部", city.root)
    accounts = make_department("accounts", "会計課", division)
    make_plan(accounts, measures=1, state="approved")
    make_person("buchou", division, Role.LEAD)
    make_person("kaikei", accounts, Role.LEAD)
    city.open(october(1))
    run(october(1))
    return city


def queued() -> OutgoingMail:
    """The mail to the head, which the mail server has not taken yet."""
    assert remind(now=at(LATE)) > 0
    return OutgoingMail.objects.get(recipient__username="buchou", kind=MailKind.DIGEST, status=Status.PENDING)


def sent(on: date) -> dict[str, list[str]]:
    before = len(mail.outbox)
    deliver(clock=lambda: at(on))
    return received(mail.outbox[before:])


def state(found: OutgoingMail) -> tuple[str, str, list[bool]]:
    found.refresh_from_db()
    return found.status, found.reason, list(found.items.values_list("left_out", flat=True))


def test_the_head_is_told(city: City) -> None:
    found = queued()
    assert "buchou" in sent(MORROW)
    assert state(found) == (Status.SENT, "", [False])


def test_who_heads_the_division_no_longer_is_not_told_who_is_late_there(city: City) -> None:
    found = queued()
    appointment = User.objects.get(username="buchou").appointments.get()
    end_appointment(by=None, appointment=appointment, last_day=LATE, on=LATE)
    assert "buchou" not in sent(MORROW)
    assert state(found) == (Status.CANCELLED, Reason.DONE, [True])


def test_who_has_left_is_not_told(city: City) -> None:
    found = queued()
    deactivate_person(by=None, person=User.objects.get(username="buchou"), on=LATE)
    assert "buchou" not in sent(MORROW)
    assert state(found) == (Status.CANCELLED, Reason.INACTIVE, [True])


def test_a_deputy_is_told_no_longer_than_they_stand_in(city: City) -> None:
    ReminderRule.objects.create(step="prepare", days=5, audience=Audience.APPROVER)
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 19), LATE)
    remind(now=at(LATE))
    assert MailItem.objects.filter(audience=Audience.APPROVER, mail__recipient=city.ooki).exists()
    told = sent(MORROW)
    assert "hayashi" in told
    assert "ooki" not in told


def test_that_all_has_come_in_is_not_told_to_who_moved_away(city: City) -> None:
    for review, lead in ((city.tax_review, city.tanaka), (city.welfare_review, city.sato)):
        city.submit(review, lead, october(20))
    accounts = Department.objects.get(code="accounts").reviews.get()
    city.submit(accounts, User.objects.get(username="kaikei"), october(20))
    dispatch(now=october(20))
    found = OutgoingMail.objects.get(kind=MailKind.ALL_IN)
    appointment = found.recipient.appointments.get()
    end_appointment(by=None, appointment=appointment, last_day=date(2026, 10, 20), on=LATE)
    sent(LATE)
    assert state(found) == (Status.CANCELLED, Reason.DONE, [True])
