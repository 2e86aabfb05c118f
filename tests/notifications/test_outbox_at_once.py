"""The outbox while others are at it: nobody who works on many rows waits for somebody who waits for them."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import entries, outbox
from notifications.backlog import fold
from notifications.bounces.reading import revive
from notifications.dispatch import dispatch
from notifications.models import CalendarEntry, MailItem, MailKind, OutgoingMail, Reason, Status
from notifications.outbox.needs import still_needed
from notifications.reminders import remind
from tests.notifications.city import DUE, City, make_city, october
from workflows.services.reviews import locked

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 3


@pytest.fixture
def city(transactional_db: None) -> City:
    city = make_city()
    city.open(october(1))
    dispatch(now=october(1))
    return city


def meanwhile(hold: Callable[[], Any], work: Callable[[], Any]) -> bool:
    """Hold something in a transaction while somebody works; whether the work ended before it was given back.

    SQLite has one writer at a time and so never.
    """
    held, done, given_back = threading.Event(), threading.Event(), threading.Event()

    def holder() -> None:
        try:
            with transaction.atomic():
                hold()
                held.set()
                done.wait(SECONDS if connection.vendor == "postgresql" else 0.1)
                given_back.set()
        finally:
            connection.close()

    thread = threading.Thread(target=holder)
    thread.start()
    assert held.wait(20)
    try:
        work()
    finally:
        was_first = not given_back.is_set()
        done.set()
        thread.join()
    return was_first or connection.vendor != "postgresql"


def some_rows() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("pk").select_for_update()[:1])


def test_who_finds_the_mail_server_away_leaves_rows_alone_that_somebody_else_is_at(city: City) -> None:
    assert meanwhile(some_rows, lambda: outbox.postpone(october(1, 10)))
    waits = list(OutgoingMail.objects.order_by("pk").values_list("next_attempt_at", flat=True))
    assert set(waits[1:]) == {october(1, 10) + outbox.queueing.PAUSE}
    assert waits[0] in (october(1), waits[1])


def test_a_mail_is_queued_while_somebody_takes_a_step_in_its_review(city: City) -> None:
    city.nudge(city.tax_review, "", city.mori, october(1, 10))
    review = city.tax_review
    assert meanwhile(lambda: locked(review.pk, review.task_id), lambda: dispatch(now=october(1, 10)))
    assert OutgoingMail.objects.filter(kind=MailKind.NUDGED).count() == 2


def test_an_entry_is_found_although_its_review_ended_since_the_mail_was_looked_into(city: City) -> None:
    city.nudge(city.tax_review, "", city.mori, october(1, 10))
    dispatch(now=october(1, 10))
    old, new = OutgoingMail.objects.filter(recipient=city.tanaka).order_by("pk")
    words = {"address": city.tanaka.email, "message_id": "<1@localhost>", "dated": october(1)}
    OutgoingMail.objects.filter(pk=old.pk).update(
        status=Status.SENT, sent_at=october(1), next_attempt_at=None, may_have_arrived=True, **words
    )
    row = CalendarEntry.objects.create(
        user=city.tanaka, review=city.tax_review, due_on=DUE, cancelled=True, sequence=4, mail=old
    )
    needed = still_needed([new], october(1, 11))
    city.cancel(city.tax_review, "取下げ", city.hayashi, october(1, 11))
    with transaction.atomic():
        stated = entries.outstanding({new: needed[new.pk]}, october(1).date())[new.pk]
        entries.keep(stated)
    assert [(entry.pk, entry.sequence) for entry in stated] == [(row.pk, 5)]


def test_many_fold_claim_put_back_and_postpone_at_once(city: City) -> None:
    rows = [
        OutgoingMail(
            key=f"x{number}",
            kind=MailKind.SUBMITTED,
            recipient=(city.tanaka, city.sato)[number % 2],
            created_at=october(1) + timedelta(seconds=number),
            next_attempt_at=october(1) - timedelta(seconds=number),  # the other way round than they were queued
            expires_at=october(8),
        )
        for number in range(400)
    ]
    OutgoingMail.objects.bulk_create(rows)
    reviews = {city.tanaka.pk: city.tax_review, city.sato.pk: city.welfare_review}
    MailItem.objects.bulk_create(
        MailItem(
            key=row.key,
            mail=row,
            review=reviews[row.recipient_id],
            task_id=reviews[row.recipient_id].task_id,
            asks=True,
            days=0,
        )
        for row in rows
    )

    def work(act: Callable[[], Any]) -> None:
        try:
            act()
        finally:
            connection.close()

    def claim_and_put_back() -> None:
        for _time in range(4):
            outbox.put_back([claim.mail for claim in outbox.claim(october(1, 10), limit=64)])

    acts = [lambda: fold(now=october(2)), lambda: outbox.postpone(october(2)), claim_and_put_back] * 4
    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(work, acts))  # raises what any of them raised
    fold(now=october(2))
    still_there = MailItem.objects.filter(key__startswith="x", mail__in=OutgoingMail.objects.unsent()).count()
    assert still_there <= 2  # who has no more than one waiting gets that
    assert MailItem.objects.filter(key__startswith="x", mail=None).count() == 400 - still_there


def test_everybody_who_holds_many_mails_does_so_in_one_order(city: City) -> None:
    """Two orders would be a deadlock now and then, which no test finds every time."""
    OutgoingMail.objects.filter(recipient=city.tanaka).update(
        status=Status.FAILED, reason=Reason.NO_ADDRESS, next_attempt_at=None
    )
    with CaptureQueriesContext(connection) as queries:
        fold(now=october(2))
        remind(now=october(13))
        revive(now=october(2))
        with transaction.atomic():
            outbox.unsent(MailKind.OPENED, [city.sato.pk])
    holding = [each["sql"] for each in queries if "FOR UPDATE" in each["sql"] and "SKIP LOCKED" not in each["sql"]]
    mails = [sql for sql in holding if sql.startswith('SELECT "notifications_outgoingmail"."id"')]
    assert len(mails) == (4 if connection.vendor == "postgresql" else 0)
    assert [sql for sql in mails if not re.search(r'ORDER BY ("notifications_outgoingmail"."id"|1) DESC', sql)] == []
