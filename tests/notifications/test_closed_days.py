"""A day that the city closes: whoever has a due day on it is told where it moves to, and is reminded of that day."""

from datetime import date, datetime

import pytest
from django.core import mail

from tests.notifications.city import City, make_city, october, run
from workflows.models import Outcome
from workflows.services.calendar import OwnDay, Unforeseen, change_calendar

pytestmark = pytest.mark.django_db


def close(day: date, city: City, now: datetime) -> None:
    """The administrator closes the day, having seen what moves."""
    add = [OwnDay(day, "庁舎点検")]
    with pytest.raises(Unforeseen) as shown:
        change_calendar(add=add, foreseen="", by=city.kanri, now=now)
    change_calendar(add=add, foreseen=shown.value.shifts.key, by=city.kanri, now=now)


def test_those_whose_due_day_moves_are_told_of_it_and_nobody_else() -> None:
    city = make_city()
    city.open()
    city.submit(city.welfare_review, city.sato, october(1))
    city.decide(city.welfare_review, Outcome.PASSED, city.mori, october(1, 10))
    run(october(2))
    close(date(2026, 10, 14), city, october(2, 10))
    told = run(october(2, 11))
    assert set(told) == {"tanaka", "suzuki"}
    assert {subject for subjects in told.values() for subject in subjects} == {
        "【めぐる】期限変更: 税務課 令和8年度 2Q進捗確認"
    }
    assert all("令和8年10月15日(木)" in message.body for message in mail.outbox[-2:])
    assert run(october(2, 12)) == {}


def test_reminders_follow_the_day_that_it_moved_to() -> None:
    city = make_city()
    city.open()
    run(october(1))
    close(date(2026, 10, 14), city, october(1, 10))
    run(october(1, 11))
    before = len(mail.outbox)
    for day in range(2, 17):
        run(october(day))
    texts = [message.body for message in mail.outbox[before:] if message.to[0].startswith("tanaka")]
    assert any("令和8年10月15日(木)" in text for text in texts)
    assert not any("令和8年10月14日(水)" in text for text in texts)
