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
    """The next mail, put into words and begun unless it ended."""
    (found,) = outbox.claim(now, limit=1)
    if found.mail.status == Status.SENDING:
        outbox.put_into_words(found)
        assert outbox.begin([found.mail])
    return found.mail


def reclaimed(limit: int = 10) -> dict[int, OutgoingMail]:
    return {found.mail.pk: found.mail for found in outbox.claim(NOW, limit=limit)}


def die(row: OutgoingMail) -> None:
    """The sender of this mail was killed; its lease has run out."""
    OutgoingMail.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_is_begun_is_frozen_and_leased(city: City) -> None:
    row = claimed()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.sent_at, row.next_attempt_at) == (Status.SENDING, 1, None, None)
    assert timedelta(seconds=25) < row.lease_until - timezone.now() <= timedelta(seconds=30)
    assert f"Message-ID: {row.message_id}".encode() in bytes(row.raw)
    assert row.may_have_arrived


def test_what_is_claimed_is_leased_and_not_yet_written(city: City) -> None:
    first, second = outbox.claim(NOW, limit=2)
    for found in (first, second):
        found.mail.refresh_from_db()
        assert (found.mail.status, found.mail.attempts, bytes(found.mail.raw)) == (Status.SENDING, 1, b"")
        assert found.mail.lease_until > timezone.now()
    assert len(outbox.claim(NOW, limit=10)) == 1


def test_a_killed_senders_other_mails_go_out_as_if_never_claimed(city: City) -> None:
    """Only the one that was begun may have arrived."""
    begun, *others = outbox.claim(NOW, limit=3)
    outbox.put_into_words(begun)
    outbox.begin([begun.mail])
    for found in (begun, *others):
        die(found.mail)
    again = reclaimed()
    assert {pk: (row.attempts, row.may_have_arrived, row.reason) for pk, row in again.items()} == {
        begun.mail.pk: (2, True, Reason.INTERRUPTED),
        **{found.mail.pk: (2, False, "") for found in others},
    }


def test_what_was_put_back_waits_as_before(city: City) -> None:
    tried, fresh, unclear = outbox.claim(NOW, limit=3)
    for found, status in ((tried, Status.RETRY), (unclear, Status.UNCERTAIN)):
        outbox.put_into_words(found)
        outbox.begin([found.mail])
        outbox.settle(found.mail, status, "", NOW)
    outbox.put_back([fresh.mail])
    later = NOW + timedelta(hours=1)
    before = {row.pk: (row.status, row.attempts) for row in OutgoingMail.objects.all()}
    assert before == {
        tried.mail.pk: (Status.RETRY, 1),
        fresh.mail.pk: (Status.PENDING, 0),
        unclear.mail.pk: (Status.UNCERTAIN, 1),
    }
    outbox.put_back(found.mail for found in outbox.claim(later, limit=3))
    assert {row.pk: (row.status, row.attempts) for row in OutgoingMail.objects.all()} == before
    assert len(outbox.claim(NOW, limit=10)) == 3


def test_what_was_begun_and_put_back_cannot_have_arrived(city: City) -> None:
    """It is put into words anew if those have changed, and else goes out as the bytes that it has."""
    found = outbox.claim(NOW, limit=3)
    for each in found:
        outbox.put_into_words(each)
    assert outbox.begin([each.mail for each in found])
    outbox.put_back(each.mail for each in found[1:])
    rows = {row.pk: row for row in OutgoingMail.objects.all()}
    assert [(rows[each.mail.pk].status, rows[each.mail.pk].may_have_arrived) for each in found] == [
        (Status.SENDING, True),
        (Status.PENDING, False),
        (Status.PENDING, False),
    ]
    assert bytes(rows[found[1].mail.pk].raw) == found[1].mail.raw != b""


def test_who_lost_the_lease_can_neither_begin_nor_put_back(city: City) -> None:
    """Nor does any other mail of the batch begin: whoever lost one was stopped, and looks anew."""
    first, other = outbox.claim(NOW, limit=2)
    for found in (first, other):
        outbox.put_into_words(found)
    die(first.mail)
    (second,) = outbox.claim(NOW, limit=1)
    assert second.mail.pk == first.mail.pk
    assert not outbox.begin([first.mail, other.mail])
    outbox.put_back([first.mail, other.mail])
    second.mail.refresh_from_db()
    other.mail.refresh_from_db()
    assert (second.mail.status, second.mail.attempts, second.mail.may_have_arrived) == (Status.SENDING, 2, False)
    assert (other.mail.status, other.mail.attempts, other.mail.may_have_arrived) == (Status.PENDING, 0, False)


def test_a_lease_that_is_half_over_is_too_short_to_hand_the_mail_over(city: City) -> None:
    (found,) = outbox.claim(NOW, limit=1)
    assert outbox.is_well_leased(found.mail)
    found.mail.lease_until = timezone.now() + timedelta(seconds=10)
    assert not outbox.is_well_leased(found.mail)


def test_a_killed_senders_mail_goes_out_again_first_and_byte_for_byte(city: City) -> None:
    first = claimed()
    die(first)
    again = claimed(NOW + timedelta(hours=3))
    assert (again.pk, again.attempts, again.may_have_arrived, again.reason) == (first.pk, 2, True, Reason.INTERRUPTED)
    assert (bytes(again.raw), again.message_id, again.dated) == (bytes(first.raw), first.message_id, first.dated)


def test_a_living_senders_mail_is_left_alone(city: City) -> None:
    taken = [claimed().pk for _ in range(3)]
    assert len(set(taken)) == 3
    assert outbox.claim(NOW, limit=10) == []


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
    assert outbox.claim(NOW + timedelta(days=9), limit=10) == []


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
