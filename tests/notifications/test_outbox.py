"""Claim, lease, fence, settle: no mail is lost, and none is sent twice but by a killed sender, byte for byte."""

import threading
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from departments.models import Role
from notifications import outbox
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import OutgoingMail, Reason, Status
from notifications.reminders import remind
from tests.factories import appoint, make_person
from tests.notifications.city import City, make_city, october

NOW = october(1)


@pytest.fixture
def city(db: None) -> City:
    city = make_city()
    city.open(NOW)
    dispatch(now=NOW)
    return city


def claimed(now: datetime = NOW) -> OutgoingMail:
    found = outbox.claim(now)
    assert found is not None
    return found


def die(row: OutgoingMail) -> None:
    """The sender of this mail was killed; its lease has run out."""
    OutgoingMail.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_is_claimed_is_frozen_and_leased(city: City) -> None:
    row = claimed()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.sent_at, row.next_attempt_at) == (Status.SENDING, 1, None, None)
    assert timedelta(seconds=25) < row.lease_until - timezone.now() <= timedelta(seconds=30)
    assert f"Message-ID: {row.message_id}".encode() in bytes(row.raw)


def test_a_killed_senders_mail_goes_out_again_first_and_byte_for_byte(city: City) -> None:
    first = claimed()
    die(first)
    again = claimed(NOW + timedelta(hours=3))
    assert (again.pk, again.attempts, again.may_have_arrived, again.reason) == (first.pk, 2, True, Reason.INTERRUPTED)
    assert (bytes(again.raw), again.message_id, again.dated) == (bytes(first.raw), first.message_id, first.dated)


def test_a_living_senders_mail_is_left_alone(city: City) -> None:
    taken = [claimed().pk for _ in range(3)]
    assert len(set(taken)) == 3
    assert outbox.claim(NOW) is None


def test_renewing_keeps_the_lease_only_while_it_is_mine(city: City) -> None:
    first = claimed()
    assert outbox.renew(first)
    die(first)
    second = claimed()
    assert not outbox.renew(first)
    assert outbox.renew(second)


def test_who_lost_the_lease_has_no_say(city: City) -> None:
    """A sender stopped past its lease and resumed must not overwrite what the next one wrote."""
    first = claimed()
    die(first)
    second = claimed()
    assert not outbox.settle(first, Status.FAILED, "late", NOW)
    assert outbox.settle(second, Status.SENT, "", NOW)
    assert not outbox.settle(first, Status.FAILED, "late", NOW)
    second.refresh_from_db()
    assert (second.status, second.sent_at, second.last_error) == (Status.SENT, NOW, "")


def test_back_off_of_one_mail(city: City) -> None:
    row, waits = claimed(), []
    for _ in range(7):
        outbox.settle(row, Status.RETRY, "451 busy", NOW)
        row.refresh_from_db()
        waits.append(int((row.next_attempt_at - NOW).total_seconds() / 60))
        OutgoingMail.objects.filter(pk=row.pk).update(next_attempt_at=NOW - timedelta(days=1))
        row = claimed()
    assert waits == [1, 2, 5, 15, 30, 30, 30]


def test_a_mail_that_cannot_be_delivered_for_a_week_is_given_up_and_says_so(city: City) -> None:
    row = claimed()
    outbox.settle(row, Status.RETRY, "451 busy", NOW)
    OutgoingMail.objects.exclude(pk=row.pk).delete()
    late = claimed(NOW + timedelta(days=8))
    assert (late.status, late.reason, late.last_error) == (Status.EXPIRED, Reason.TOO_LATE, "451 busy")
    assert outbox.claim(NOW + timedelta(days=9)) is None


def test_after_a_clear_refusal_a_reminder_says_how_things_stand_now(city: City) -> None:
    appoint(city.sato, city.tax, Role.LEAD)
    OutgoingMail.objects.all().delete()
    remind(now=october(6))
    OutgoingMail.objects.exclude(recipient=city.sato).delete()
    row = claimed(october(6))
    outbox.settle(row, Status.RETRY, "451 busy", october(6))
    city.submit(city.tax_review, city.tanaka, october(6, 10))
    again = claimed(october(6, 11))
    assert (row.pk, row.subject, again.subject) == (again.pk, "【めぐる】対応待ち2件", "【めぐる】対応待ち1件")
    assert row.message_id != again.message_id


def test_after_a_clear_refusal_unchanged_words_stay_the_same_bytes(city: City) -> None:
    row = claimed()
    OutgoingMail.objects.exclude(pk=row.pk).delete()
    outbox.settle(row, Status.RETRY, "451 busy", NOW)
    again = claimed(NOW + timedelta(minutes=1))
    assert (again.pk, bytes(again.raw)) == (row.pk, bytes(row.raw))


def test_after_an_unclear_end_nothing_changes_any_more(city: City) -> None:
    row = claimed()
    OutgoingMail.objects.exclude(pk=row.pk).delete()
    outbox.settle(row, Status.UNCERTAIN, "connection lost", NOW)
    again = claimed(october(5))
    outbox.settle(again, Status.RETRY, "451 busy", october(5))
    assert bytes(claimed(october(6)).raw) == bytes(row.raw)


def test_rows_that_contradict_themselves_are_refused(city: City) -> None:
    for wrong in ({"status": Status.SENT}, {"status": Status.SENDING}, {"status": "lost"}, {"next_attempt_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OutgoingMail.objects.update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_send_each_mail_once() -> None:
    city = make_city()
    for number in range(40):
        make_person(f"editor{number}", city.tax)
    city.open(NOW)
    dispatch(now=NOW)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        deliver(clock=lambda: NOW)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [message.message()["Message-ID"] for message in mail.outbox]
    assert len(ids) == len(set(ids)) == 43
    assert set(OutgoingMail.objects.values_list("status", "attempts")) == {(Status.SENT, 1)}
