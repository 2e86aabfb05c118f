"""`manage.py send_due`: one line of counts, the time given, and a sentence for what is no time."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.notifications.city import City, make_city, october
from workflows.models import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    return city


def send_due(at: str) -> dict[str, int]:
    out = StringIO()
    call_command("send_due", "--at", at, stdout=out)
    (line,) = out.getvalue().splitlines()
    return {name: count for name, count in json.loads(line).items() if count}


def test_counts_of_a_day(city: City) -> None:
    assert send_due("2026-10-01T09:00+09:00") == {"dispatched": 3, "sent": 3}
    assert send_due("2026-10-01T10:00+09:00") == {}
    assert send_due("2026-10-06T09:00+09:00") == {"reminded": 3, "sent": 3}
    city.submit(city.tax_review, city.tanaka, october(7))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(7))
    assert send_due("2026-10-07T09:00+09:00") == {"dispatched": 1, "sent": 1}


def test_all_counts_are_printed_in_one_line(city: City) -> None:
    out = StringIO()
    call_command("send_due", stdout=out)
    names = ["dispatched", "reminded", "sent", "cancelled", "retried", "failed", "expired", "pending"]
    assert list(json.loads(out.getvalue())) == names
    assert out.getvalue().count("\n") == 1


def test_what_cannot_be_sent_is_counted(city: City, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_rules.AwayBackend"
    assert send_due("2026-10-01T09:00+09:00") == {"dispatched": 3, "retried": 1, "pending": 3}
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
