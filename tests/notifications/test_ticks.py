"""One tick: its parts do not keep each other from work, and how often or by how many it is done makes no difference."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from notifications.dispatch import dispatch
from notifications.loop import Loop
from notifications.models import MailItem, OutgoingMail, Status, Tick
from notifications.ticks import Done, tick
from tests.notifications.city import City, at, make_city, october, received

pytestmark = pytest.mark.django_db

EVENING = at(date(2026, 10, 6), 17)
MORNING = [at(date(2026, 10, 6), 7, 55) + timedelta(minutes=minute) for minute in range(10)]
REMINDED = {"sato": 1, "suzuki": 1, "tanaka": 1}


@pytest.fixture
def city() -> City:
    """One that is to be reminded on 6 October, and whose openings have gone out."""
    city = make_city()
    city.open(october(1))
    tick(clock=lambda: october(1))
    mail.outbox.clear()
    return city


@contextmanager
def broken(table: str) -> Iterator[None]:
    """The database fails at every statement on a table."""

    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if f'"{table}"' in sql:
            raise OperationalError(f"no {table}")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


def counts(done: Done) -> dict[str, int]:
    return {name: count for name, count in done.counts.items() if count}


def told() -> dict[str, int]:
    return {name: len(subjects) for name, subjects in received(mail.outbox).items()}


# ---- parts


def test_a_tick_does_it_all_and_is_noted(city: City) -> None:
    Tick.objects.all().delete()
    before = timezone.now()
    city.submit(city.tax_review, city.tanaka, october(6))
    done = tick(clock=lambda: october(6))
    assert (counts(done), done.faults) == ({"dispatched": 1, "reminded": 1, "sent": 2}, [])
    assert before <= Tick.objects.get().at <= timezone.now()
    tick(clock=lambda: october(6))
    assert Tick.objects.count() == 1


@pytest.mark.parametrize(
    ("table", "fault", "still_done"),
    [
        ("workflows_pendingevent", "dispatch", {"reminded": 1, "sent": 2, "cancelled": 2}),
        ("notifications_reminderrun", "remind", {"dispatched": 1, "sent": 2, "cancelled": 2}),
    ],
)
def test_a_part_that_fails_keeps_no_other_from_its_work_and_the_tick_does_not_count(
    table: str, fault: str, still_done: dict[str, int]
) -> None:
    """Something has happened, something is due, and a mail waits."""
    city = make_city()
    city.open(october(1))
    dispatch(now=october(1))
    city.submit(city.tax_review, city.tanaka, october(6))
    Tick.objects.all().delete()
    with broken(table):
        done = tick(clock=lambda: october(6))
    assert (counts(done), done.faults) == (still_done, [fault])
    assert not Tick.objects.exists()
    assert tick(clock=lambda: october(6, 10)).faults == []
    assert Tick.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_loop_waits_for_a_database_that_is_away(city: City) -> None:
    loop = Loop(every=8)
    pauses = []
    with broken("notifications_tick"):
        for _ in range(4):
            loop.failures = 0 if loop._round() else loop.failures + 1
            pauses.append(loop._pause())
    assert pauses == [1, 2, 5, 8]
    assert loop._round()
    with broken("notifications_tick"), pytest.raises(DatabaseError):
        tick()


# ---- how often, and by how many


@pytest.mark.parametrize("a_minute", [1, 5])
def test_ticks_once_or_five_times_a_minute_remind_once(city: City, a_minute: int) -> None:
    for minute in MORNING:
        for second in range(0, 60, 60 // a_minute):
            tick(clock=lambda at=minute + timedelta(seconds=second): at)
    assert told() == REMINDED


@pytest.mark.parametrize("late", [EVENING, MORNING[5], MORNING[-1]])
def test_a_tick_that_is_late_by_hours_reminds_the_same(city: City, late: datetime) -> None:
    tick(clock=lambda: MORNING[0])
    assert told() == {}
    tick(clock=lambda: late)
    assert told() == REMINDED


@pytest.mark.django_db(transaction=True)
def test_eight_ticks_at_once_remind_once(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(5))
    start = threading.Barrier(8)
    faults: list[str] = []

    def one() -> None:
        start.wait()
        faults.extend(tick(clock=lambda: EVENING).faults)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert told() == {"mori": 1, "sato": 1}
    assert not OutgoingMail.objects.exclude(status=Status.SENT).exists()
    assert MailItem.objects.filter(days__isnull=False).count() == 1
