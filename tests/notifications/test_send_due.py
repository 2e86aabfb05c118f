"""`manage.py send_due`: one line of counts, the time given, and a sentence for what is no time."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from tests.notifications.city import City, make_city, october
from workflows.models import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    return city


DOINGS = ["dispatched", "reminded", "sent", "cancelled", "retried", "failed", "expired", "came_back"]
STATE = ["healthy", "reasons", "waiting", "oldest_waiting_seconds", "last_tick_seconds", "undelivered_7_days"]


def send_due(at: str) -> dict[str, int]:
    """What was done, and how many mails wait."""
    out = StringIO()
    call_command("send_due", "--at", at, stdout=out)
    (line,) = out.getvalue().splitlines()
    printed = json.loads(line)
    return {name: printed[name] for name in [*DOINGS, "waiting"] if printed[name]}


def test_counts_of_a_day(city: City) -> None:
    assert send_due("2026-10-01T09:00+09:00") == {"dispatched": 3, "sent": 3}
    assert send_due("2026-10-01T10:00+09:00") == {}
    assert send_due("2026-10-06T09:00+09:00") == {"reminded": 3, "sent": 3}
    city.submit(city.tax_review, city.tanaka, october(7))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(7))
    assert send_due("2026-10-07T09:00+09:00") == {"dispatched": 1, "sent": 1}


def test_all_counts_and_how_the_outbox_stands_are_printed_in_one_line(city: City) -> None:
    out = StringIO()
    call_command("send_due", stdout=out)
    assert list(json.loads(out.getvalue())) == DOINGS + STATE
    assert out.getvalue().count("\n") == 1


def test_what_cannot_be_sent_is_counted(city: City, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    assert send_due("2026-10-01T09:00+09:00") == {"dispatched": 3, "retried": 1, "waiting": 3}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    city.submit(city.tax_review, city.tanaka, october(1, 10))
    assert send_due("2026-10-01T11:00+09:00") == {"dispatched": 1, "sent": 2, "cancelled": 2}


def test_a_time_without_zone_is_the_citys(city: City) -> None:
    send_due("2026-10-01T09:00")
    assert send_due("2026-10-06T07:59") == {}
    assert send_due("2026-10-06T08:00") == {"reminded": 3, "sent": 3}


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-10-07", "2026-13-01T09:00", "2026-10-07T25:00", "0001-01-01T00:00", "９時"]
)
def test_what_is_no_time_gets_a_sentence(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("send_due", "--at", text)
    assert caught.value.returncode == 2
    assert str(caught.value) == (
        f"--at には 2026-10-07T09:00+09:00 のように日付と時刻を指定してください(「{text}」は使えません)。"
    )


@pytest.mark.parametrize(
    "options", [{"every": 0}, {"every": -1}, {"every": 3601}, {"every": 5, "at": "2026-10-06T08:00"}]
)
def test_a_loop_without_pause_or_with_a_time_gets_a_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="1〜3600") as caught:
        call_command("send_due", **options)
    assert caught.value.returncode == 2


def test_a_part_that_failed_is_named_and_the_command_fails(city: City) -> None:
    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "notifications_reminderrun" in sql:
            raise OperationalError
        return execute(sql, *rest)

    out = StringIO()
    with connection.execute_wrapper(refuse), pytest.raises(CommandError, match="remind"):
        call_command("send_due", "--at", "2026-10-06T09:00+09:00", stdout=out)
    assert json.loads(out.getvalue())["sent"] == 3
