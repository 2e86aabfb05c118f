"""Sending through a real SMTP server that accepts, refuses, hangs and drops; and through none."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from notifications import delivery
from notifications.delivery import deliver, judge
from notifications.dispatch import dispatch
from notifications.models import MailKind, OutgoingMail, Reason, Status
from tests.notifications.city import City, make_city, october
from tests.servers.ports import free_port, wait_until
from tests.servers.programs import Program
from tests.servers.smtp import ACCEPT, BUSY, DROP, HANG, REFUSE, SmtpSink

NOW = october(1)
SATO = "sato@city.example"


@pytest.fixture
def city(db: None) -> City:
    city = make_city()
    city.open(NOW)
    dispatch(now=NOW)
    return city


def of(name: str) -> OutgoingMail:
    return OutgoingMail.objects.get(recipient__username=name)


def test_mails_arrive_with_the_very_bytes_of_the_outbox(city: City, smtp_sink: SmtpSink) -> None:
    assert deliver(clock=lambda: NOW) == {Status.SENT: 3}
    assert {each.data.rstrip(b"\r\n") for each in smtp_sink.deliveries} == {
        bytes(row.raw).rstrip(b"\r\n") for row in OutgoingMail.objects.all()
    }
    assert smtp_sink.to(SATO)[0].message["Message-ID"] == of("sato").message_id
    assert smtp_sink.to(SATO)[0].sender == "meguru@localhost"


def test_refused_for_now_is_tried_again_a_minute_later(city: City, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer(SATO, BUSY)
    assert deliver(clock=lambda: NOW) == {Status.SENT: 2, Status.RETRY: 1}
    assert (of("sato").status, of("sato").last_error) == (Status.RETRY, BUSY)
    assert deliver(clock=lambda: NOW) == {}
    assert deliver(clock=lambda: october(1, 10)) == {Status.SENT: 1}
    assert (of("sato").attempts, of("sato").last_error) == (2, "")


def test_refused_for_good_fails_and_says_why(city: City, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer_always(SATO, REFUSE)
    assert deliver(clock=lambda: NOW) == {Status.SENT: 2, Status.FAILED: 1}
    assert (of("sato").status, of("sato").explanation) == (Status.FAILED, REFUSE)
    assert deliver(clock=lambda: october(5)) == {}


def test_a_connection_lost_after_the_mail_leaves_it_uncertain_and_repeats_the_same_bytes(
    city: City, smtp_sink: SmtpSink
) -> None:
    smtp_sink.answer(SATO, DROP)
    assert deliver(clock=lambda: NOW) == {Status.SENT: 2, Status.UNCERTAIN: 1}
    assert of("sato").may_have_arrived
    assert deliver(clock=lambda: october(1, 10)) == {Status.SENT: 1}
    first, second = smtp_sink.to(SATO)
    assert first.data == second.data


def test_a_server_that_is_away_is_asked_once_and_nothing_is_lost(
    city: City, smtp_sink: SmtpSink, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    assert deliver(clock=lambda: NOW) == {Status.RETRY: 1}
    assert sorted(OutgoingMail.objects.values_list("status", "attempts")) == [
        (Status.PENDING, 0),
        (Status.PENDING, 0),
        (Status.RETRY, 1),
    ]
    assert deliver(clock=lambda: NOW) == {}
    settings.EMAIL_PORT = smtp_sink.port
    assert deliver(clock=lambda: october(1, 10)) == {Status.SENT: 3}


def test_four_days_without_mail_server(city: City, smtp_sink: SmtpSink, settings: Any) -> None:
    """A tick a minute for 96 hours: few attempts, then everything arrives once."""
    settings.EMAIL_PORT = free_port()
    tries = 0
    for minute in range(0, 96 * 60, 10):
        tries += deliver(clock=lambda at=minute: NOW + timedelta(minutes=at))[Status.RETRY]
    assert tries < 600
    assert max(OutgoingMail.objects.values_list("attempts", flat=True)) <= 200
    settings.EMAIL_PORT = smtp_sink.port
    assert deliver(clock=lambda: october(5, 10)) == {Status.SENT: 3}
    assert len(smtp_sink.deliveries) == 3


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_kept_while_the_server_thinks(smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "HEARTBEAT_SECONDS", 0.1)
    city = make_city()
    city.open(NOW)
    dispatch(now=NOW)
    OutgoingMail.objects.exclude(recipient=city.sato).delete()
    smtp_sink.answer(SATO, HANG)
    sender = threading.Thread(target=lambda: (deliver(clock=lambda: NOW), connection.close()))
    sender.start()
    try:
        smtp_sink.wait_for(1)
        leased = of("sato").lease_until
        wait_until(lambda: of("sato").lease_until > leased, what="the lease to be renewed")
        assert deliver(clock=lambda: NOW) == {}
    finally:
        smtp_sink.release()
        sender.join()
    assert (of("sato").status, of("sato").attempts, len(smtp_sink.deliveries)) == (Status.SENT, 1, 1)


@pytest.fixture
def stuck(transactional_db: None, smtp_sink: SmtpSink) -> Iterator[City]:
    """A sender has handed over one mail of three; at the second the server hangs, and the third is claimed as well."""
    city = make_city()
    city.open(NOW)
    dispatch(now=NOW)
    smtp_sink.answer("*", ACCEPT, HANG)
    sender = threading.Thread(target=lambda: (deliver(clock=lambda: NOW), connection.close()))
    sender.start()
    try:
        smtp_sink.wait_for(2)
        yield city
    finally:
        smtp_sink.release()
        sender.join()


def at_hand(sink: SmtpSink) -> Q:
    """The mail that the server got last."""
    return Q(message_id=sink.deliveries[-1].message["Message-ID"])


def go_on(sink: SmtpSink) -> None:
    time.sleep(delivery.FRESH_SECONDS)
    sink.release()
    wait_until(lambda: not OutgoingMail.objects.open().exists(), what="the sender to end")


def test_a_server_that_thinks_long_gets_nothing_that_is_done_meanwhile(stuck: City, smtp_sink: SmtpSink) -> None:
    held = OutgoingMail.objects.exclude(at_hand(smtp_sink)).get(status=Status.SENDING)
    stuck.submit(stuck.tax_review, stuck.tanaka, NOW)
    stuck.submit(stuck.welfare_review, stuck.sato, NOW)
    go_on(smtp_sink)
    held.refresh_from_db()
    assert (held.status, held.reason, len(smtp_sink.deliveries)) == (Status.CANCELLED, Reason.DONE, 2)


def test_what_a_stuck_sender_holds_is_sent_once_by_another(stuck: City, smtp_sink: SmtpSink) -> None:
    held = OutgoingMail.objects.exclude(at_hand(smtp_sink)).get(status=Status.SENDING)
    OutgoingMail.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliver(clock=lambda: NOW) == {Status.SENT: 1}
    go_on(smtp_sink)
    assert len({each.message["Message-ID"] for each in smtp_sink.deliveries}) == len(smtp_sink.deliveries) == 3
    assert sorted(OutgoingMail.objects.values_list("status", "attempts")) == [
        (Status.SENT, 1),
        (Status.SENT, 1),
        (Status.SENT, 2),
    ]


def test_a_sender_that_lost_its_lease_while_sending_writes_nothing(stuck: City, smtp_sink: SmtpSink) -> None:
    begun = OutgoingMail.objects.filter(at_hand(smtp_sink), status=Status.SENDING)
    begun.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliver(clock=lambda: NOW) == {Status.SENT: 1}
    first, second = smtp_sink.deliveries[1:]
    assert first.data == second.data
    go_on(smtp_sink)
    assert len(smtp_sink.deliveries) == 4
    assert sorted(OutgoingMail.objects.values_list("attempts", flat=True)) == [1, 1, 2]


def test_a_mail_that_cannot_be_put_into_words_holds_up_no_other(city: City, smtp_sink: SmtpSink, settings: Any) -> None:
    broken = "django.template.loaders.locmem.Loader", {"notifications/mail/lapsed.txt": "{% extends nothing %}"}
    (engine,) = settings.TEMPLATES
    options = {**engine["OPTIONS"], "loaders": [broken, "django.template.loaders.app_directories.Loader"]}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    OutgoingMail.objects.filter(pk=of("sato").pk).update(kind=MailKind.LAPSED)
    assert deliver(clock=lambda: NOW) == {Status.SENT: 2, Status.RETRY: 1}
    assert "extends" in of("sato").last_error
    assert not of("sato").may_have_arrived


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_while_sending_loses_nothing(smtp_sink: SmtpSink) -> None:
    """Of three mails one is sent, one at the server, which has not answered, and one claimed: one comes twice."""
    city = make_city()
    city.open(NOW)
    smtp_sink.answer("*", ACCEPT, HANG)
    sender = Program("manage.py", "send_due", "--at", NOW.isoformat(), environment={"EMAIL_URL": smtp_sink.url})
    sender.start()
    smtp_sink.wait_for(2)
    sender.kill()
    smtp_sink.release()
    left = OutgoingMail.objects.filter(status=Status.SENDING)
    interrupted, claimed = left.get(at_hand(smtp_sink)), left.exclude(at_hand(smtp_sink)).get()
    left.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliver(clock=lambda: NOW) == {Status.SENT: 2}
    first, second = smtp_sink.to(interrupted.address)
    assert first.data == second.data
    assert len(smtp_sink.to(claimed.address)) == 1
    assert len(smtp_sink.deliveries) == 4


def test_time_is_limited(city: City, smtp_sink: SmtpSink) -> None:
    assert deliver(clock=lambda: NOW, seconds=0) == {}


@pytest.mark.parametrize(
    ("size", "seconds", "size_then"), [(1, 0.01, 2), (64, 0.1, 64), (16, 0.4, 16), (16, 8, 8), (1, 8, 1)]
)
def test_as_many_are_claimed_at_once_as_go_out_within_a_moment(size: int, seconds: float, size_then: int) -> None:
    assert delivery.next_size(size, seconds) == size_then


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SMTPDataError(451, b"later"), Status.RETRY),
        (SMTPDataError(554, b"spam"), Status.FAILED),
        (SMTPDataError(-1, b"?"), Status.UNCERTAIN),
        (SMTPRecipientsRefused({"a@x": (450, b"greylisted")}), Status.RETRY),
        (SMTPRecipientsRefused({"a@x": (550, b"unknown")}), Status.FAILED),
        (SMTPServerDisconnected("gone"), Status.UNCERTAIN),
        (SMTPNotSupportedError("SMTPUTF8"), Status.FAILED),
        (ValueError("Invalid address"), Status.FAILED),
        (TimeoutError(), Status.UNCERTAIN),
        (RuntimeError(), Status.UNCERTAIN),
    ],
)
def test_what_an_error_means(error: Exception, status: Status) -> None:
    assert judge(error) == status
