"""Random ways through a quarter, with posts ending and a mail server that comes and goes: who may be told what."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from departments.errors import Refused
from departments.models import Role, User
from departments.services.appointments import end_appointment
from departments.services.people import deactivate_person, reactivate_person
from notifications.models import MailItem, Status
from tests.factories import appoint
from tests.notifications.city import City, make_city, october, run
from workflows.access import Action, Sight, allowed, sight
from workflows.errors import ReviewError
from workflows.models import Event, Outcome, PendingEvent, Pin, Review

pytestmark = pytest.mark.django_db

SERVERS = ["django.core.mail.backends.locmem.EmailBackend", "tests.notifications.test_event_rules.AwayBackend"]
Deed = Callable[[City, Review, User, datetime], Any]


def answer(city: City, review: Review, by: User, now: datetime) -> None:
    for found in Pin.objects.filter(review=review)[:1]:
        city.answer(found, f"{now} {by}", by, now)


DEEDS: dict[Action, Deed] = {
    Action.SUBMIT: lambda city, review, by, now: city.submit(review, by, now),
    Action.WITHDRAW: lambda city, review, by, now: city.withdraw(review, by, now),
    Action.PASS: lambda city, review, by, now: city.decide(review, Outcome.PASSED, by, now),
    Action.RETURN: lambda city, review, by, now: city.decide(review, Outcome.RETURNED, by, now, "根拠を"),
    Action.APPROVE: lambda city, review, by, now: city.decide(review, Outcome.APPROVED, by, now),
    Action.REVOKE: lambda city, review, by, now: city.revoke(review, "誤り", by, now),
    Action.NUDGE: lambda city, review, by, now: city.nudge(review, f"{by}より", by, now),
    Action.EXTEND: lambda city, review, by, now: city.extend(review, date(2026, 10, 21), "事情", by, now),
    Action.PIN: lambda city, review, by, now: city.pin(review, "", f"{now}", by, now),
    Action.ANSWER: answer,
}


def change_people(city: City, chance: random.Random, now: datetime) -> None:
    """Somebody is absent, gets or loses a post, or goes and comes back."""
    on, person = now.date(), chance.choice(list(User.objects.all()))
    chance.choice([stand_in, take_post, take_post, lose_post, come_or_go])(city, person, chance, on)


def stand_in(city: City, person: User, chance: random.Random, on: date) -> None:
    role = chance.choice([Role.REVIEWER, Role.APPROVER])
    city.stand_in(person, chance.choice(list(User.objects.all())), on, on + timedelta(days=2), role)


def take_post(city: City, person: User, chance: random.Random, on: date) -> None:
    role = chance.choice([Role.LEAD, Role.REVIEWER, Role.APPROVER, Role.EXECUTIVE])
    appoint(person, city.tax if role == Role.LEAD else city.root, role, on, on=on)


def lose_post(city: City, person: User, chance: random.Random, on: date) -> None:
    for post in person.appointments.in_force(on)[:1]:
        end_appointment(by=None, appointment=post, last_day=on - timedelta(days=1), on=on)


def come_or_go(city: City, person: User, chance: random.Random, on: date) -> None:
    change = deactivate_person if person.is_active else reactivate_person
    change(by=None, person=person, on=on)


def walk(city: City, chance: random.Random) -> Iterator[datetime]:
    """Every five hours somebody does something that the rules allow, or people change; yields when."""
    now = october(1)
    for _step in range(80):
        review, people = chance.choice(list(Review.objects.with_names())), list(User.objects.all())
        may = [(user, deed) for user in people for deed in sorted(allowed(user, review, now.date()) & DEEDS.keys())]
        try:
            if may and chance.random() < 0.8:
                by, action = chance.choice(may)
                DEEDS[action](city, review, by, now)
            else:
                change_people(city, chance, now)
        except (ReviewError, Refused):
            continue
        yield now
        now += timedelta(hours=5)


def told_at(now: datetime) -> list[MailItem]:
    items = MailItem.objects.filter(mail__status=Status.SENT, mail__sent_at=now, left_out=False)
    return list(items.select_related("mail__recipient", "review__plan", "review__checkpoint", "event"))


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_told_what_they_may_not_read(seed: int, settings: Any) -> None:
    chance, city = random.Random(seed), make_city()
    city.open(october(1))
    seen: dict[tuple[int, int | None], str] = {}
    for now in walk(city, chance):
        settings.EMAIL_BACKEND = chance.choice(SERVERS)
        run(now)
        for item in told_at(now):
            assert item.mail.recipient.is_active
            if item.audience and not item.asks:  # what a rule tells for information says nothing that was written
                continue
            assert sight(item.mail.recipient, item.review, now.date()) > Sight.NOTHING
            if item.event is not None:
                assert seen.setdefault((item.mail.recipient_id, item.event_id), item.key) == item.key
                assert item.task_id is not None or item.event.by_id != item.mail.recipient_id
    assert not PendingEvent.objects.exists()
    assert (Event.objects.count() > 10, len(seen) > 10) == (True, True)
