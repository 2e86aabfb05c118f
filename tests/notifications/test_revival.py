"""Mails that had no address to go to, once there is one: nothing is lost, and nobody gets two mails of one day."""

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.db import connection

from departments.models import User
from notifications.bounces.reading import revive
from notifications.models import MailItem, MailKind, OutgoingMail, Pace, ReminderRule, Status
from notifications.reminders import remind
from notifications.services.choices import choose
from tests.notifications.city import City, make_city, october, run
from workflows.models import Outcome

pytestmark = pytest.mark.django_db


def enter(person: User, email: str) -> None:
    person.email = email
    person.save(update_fields=["email"])


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    run(october(1))
    return city


def test_what_happened_on_the_days_before_is_told_as_well(city: City) -> None:
    choose(by=city.mori, events=Pace.DAILY, pauses=False, calendar=True)
    enter(city.mori, "")
    city.submit(city.welfare_review, city.sato, october(1, 10))
    city.decide(city.welfare_review, Outcome.PASSED, city.mori, october(1, 11))
    city.decide(city.welfare_review, Outcome.APPROVED, city.hayashi, october(1, 12))
    run(october(1, 13))
    run(october(2))
    city.submit(city.tax_review, city.tanaka, october(2, 10))
    run(october(2, 11))
    assert "mori" not in run(october(5))
    enter(city.mori, "mori@city.example")
    revive(now=october(5, 10))
    assert revive(now=october(5, 10)) == 0
    run(october(5, 10))
    assert not MailItem.objects.filter(mail__kind=MailKind.DIGEST, mail__status=Status.FAILED).exists()
    run(october(6))
    told = [message.body for message in mail.outbox if message.to == ["mori@city.example"]]
    assert ["承認者: hayashi" in body for body in told].count(True) == 1


def test_a_mail_of_yesterday_does_not_come_after_the_one_of_today(city: City) -> None:
    enter(city.tanaka, "")
    run(october(13))
    enter(city.tanaka, "tanaka@city.example")
    assert len(run(october(14))["tanaka"]) == 1
    assert revive(now=october(14, 10)) == 0
    assert run(october(14, 10)) == {}
    ReminderRule.objects.all().delete()
    assert run(october(15)) == {}  # nor does it bring another tomorrow


@pytest.mark.django_db(transaction=True)
def test_it_comes_back_before_the_run_of_the_day_or_not_at_all() -> None:
    city = make_city()
    city.open(october(1))
    for person in (city.tanaka, city.sato, city.suzuki):
        enter(person, "")
    run(october(13))
    for person in (city.tanaka, city.sato, city.suzuki):
        enter(person, f"{person.username}@city.example")

    def work(act: Callable[..., int]) -> None:
        try:
            act(now=october(14))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[act]) for act in (revive, remind) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting = OutgoingMail.objects.unsent().filter(kind=MailKind.DIGEST)
    assert sorted(waiting.values_list("recipient__username", flat=True)) == ["sato", "suzuki", "tanaka"]
