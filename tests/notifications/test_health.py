"""What the health page says, to whom, and when it turns red."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from notifications.health import health
from notifications.models import MailKind, OutgoingMail, Status, Tick
from notifications.outbox import Draft, queue
from notifications.ticks import tick
from tests.factories import make_user

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
NO_TROUBLE: dict[str, Any] = {
    "healthy": True,
    "reasons": [],
    "waiting": 0,
    "oldest_waiting_seconds": None,
    "last_tick_seconds": 0,
    "undelivered_7_days": 0,
}


def queue_mail(key: str, at: datetime) -> OutgoingMail:
    recipient = make_user(f"user-{key}")
    queue([Draft(OutgoingMail(key=key, kind=MailKind.DIGEST, recipient=recipient), [])], now=at)
    return OutgoingMail.objects.get(key=key)


def end_mail(key: str, status: Status, at: datetime) -> None:
    mail = queue_mail(key, at)
    mail.status, mail.next_attempt_at = status, None
    if status == Status.BOUNCED:
        mail.sent_at, mail.dated, mail.message_id, mail.address = at, at, f"<{key}@meguru>", mail.recipient.email
    mail.save()


def ask(client: Client) -> tuple[int, Any]:
    response = client.get("/healthz/mail")
    assert response.headers["Content-Type"] == "application/json"
    return response.status_code, response.json()


def test_nothing_waits_and_somebody_ticks(client: Client) -> None:
    tick()
    assert ask(client) == (200, NO_TROUBLE)


def test_before_the_first_tick_it_is_red(client: Client) -> None:
    assert ask(client) == (503, {**NO_TROUBLE, "healthy": False, "reasons": ["no_tick"], "last_tick_seconds": None})


@pytest.mark.parametrize(
    ("waits", "ticked", "reasons"),
    [
        (5 * MINUTE, 5 * MINUTE, []),
        (5 * MINUTE + timedelta(seconds=1), 5 * MINUTE, ["old_mail"]),
        (5 * MINUTE, 5 * MINUTE + timedelta(seconds=1), ["no_tick"]),
        (timedelta(days=2), timedelta(hours=1), ["old_mail", "no_tick"]),
        (-MINUTE, -MINUTE, []),  # another machine's clock is ahead
    ],
)
def test_five_minutes_are_too_long(waits: timedelta, ticked: timedelta, reasons: list[str]) -> None:
    now = timezone.now()
    queue_mail("old", now - waits)
    queue_mail("new", now)
    Tick.objects.create(at=now - ticked)
    assert health(now).figures == {
        "healthy": not reasons,
        "reasons": reasons,
        "waiting": 2,
        "oldest_waiting_seconds": max(0, int(waits.total_seconds())),
        "last_tick_seconds": max(0, int(ticked.total_seconds())),
        "undelivered_7_days": 0,
    }


@pytest.mark.parametrize("status", [Status.SENDING, Status.RETRY, Status.UNCERTAIN])
def test_a_mail_waits_until_it_has_ended(status: Status) -> None:
    now = timezone.now()
    mail = queue_mail("old", now - 6 * MINUTE)
    mail.status = status
    if status == Status.SENDING:
        mail.next_attempt_at, mail.lease_until = None, now
        mail.dated, mail.message_id, mail.address = now, "<old@meguru>", "old@city.example"
    else:
        mail.next_attempt_at = now + 30 * MINUTE
    mail.save()
    assert health(now).oldest == now - 6 * MINUTE


def test_what_could_not_be_delivered_is_counted_for_a_week_and_is_no_alarm() -> None:
    now = timezone.now()
    Tick.objects.create(at=now)
    for number, status in enumerate([Status.FAILED, Status.EXPIRED, Status.BOUNCED, Status.CANCELLED]):
        end_mail(f"new-{number}", status, now - timedelta(days=6))
        end_mail(f"old-{number}", status, now - timedelta(days=8))
    assert health(now).figures == {**NO_TROUBLE, "undelivered_7_days": 3}


def test_a_lost_database_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", lost)
    assert ask(client) == (503, {"healthy": False, "reasons": ["database"]})


def test_it_takes_few_queries_whatever_waits(client: Client, django_assert_num_queries: Any) -> None:
    queue_mail("one", timezone.now())
    with django_assert_num_queries(3):
        client.get("/healthz/mail")


def test_a_command_says_the_same_and_fails_when_it_is_red() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="5分以上") as caught:
        call_command("mail_health", stdout=out)
    assert caught.value.returncode == 1
    assert json.loads(out.getvalue())["reasons"] == ["no_tick"]
    tick()
    out = StringIO()
    call_command("mail_health", stdout=out)
    assert json.loads(out.getvalue()) == NO_TROUBLE
