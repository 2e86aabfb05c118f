"""Events become mails once, whoever dispatches how often, and in as many queries for many as for few."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from departments.models.plans import PlanState
from notifications.dispatch import dispatch
from notifications.models import MailItem, OutgoingMail
from tests.factories import make_department, make_plan
from tests.notifications.city import City, make_city, october
from workflows.models import Event, PendingEvent


@pytest.fixture
def city(db: None) -> City:
    return make_city()


def test_dispatching_twice_is_dispatching_once(city: City) -> None:
    city.open(october(1))
    assert dispatch(now=october(1)) == 3
    assert dispatch(now=october(1)) == 0
    assert not PendingEvent.objects.exists()


def test_an_event_dispatched_again_after_a_restored_backup_is_not_told_twice(city: City) -> None:
    city.open(october(1))
    dispatch(now=october(1))
    PendingEvent.objects.bulk_create(PendingEvent(event=event) for event in Event.objects.all())
    dispatch(now=october(2))
    assert (OutgoingMail.objects.count(), MailItem.objects.count()) == (3, 3)


def queries_for_opening(city: City) -> int:
    city.open(october(1))
    with CaptureQueriesContext(connection) as queries:
        dispatch(now=october(1))
    return len(queries)


def test_as_many_queries_for_many_events_as_for_few(city: City) -> None:
    few = queries_for_opening(city)
    for number in range(30):
        make_plan(make_department(f"d{number}", parent=city.root), measures=1, state=PlanState.APPROVED)
    assert queries_for_opening(city) <= few


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_queue_each_mail_once() -> None:
    make_city().open(october(1))
    queued: list[int] = []

    def work() -> None:
        queued.append(dispatch(now=october(1)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(queued) == OutgoingMail.objects.count() == MailItem.objects.count() == 3
