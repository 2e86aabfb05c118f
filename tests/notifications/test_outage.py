"""The mail server is away for 96 hours over a weekend in the busiest week: nothing is lost, nobody gets a backlog."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from departments.models import Role, User
from departments.models.plans import PlanState
from notifications.models import MailItem, MailKind, OutgoingMail, Pace, Reason, Status
from notifications.recipients import recipients
from notifications.services.choices import choose
from notifications.ticks import tick
from tests.factories import make_department, make_person, make_plan
from tests.notifications.city import City, at, make_city, october, run
from workflows.models import Event, Outcome, PendingEvent, Review

pytestmark = pytest.mark.django_db

GONE, BACK = october(15, 10), october(19, 10)  # the day after the due day, a Thursday, and Monday


PINCH = october(16, 11)  # for half an hour it ticks every minute


class Server(EmailBackend):
    """A mail server that refuses connections while it is away, and notes when somebody tried."""

    now = GONE
    tries: list[datetime] = []

    def open(self) -> bool:
        if GONE <= Server.now < BACK:
            Server.tries.append(Server.now)
            raise ConnectionRefusedError("connection refused")
        return True


@pytest.fixture
def city(db: None, settings: Any) -> City:
    """Ten more departments; two people get what happened once a day."""
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.tries = []
    city = make_city()
    for number in range(10):
        department = make_department(f"d{number}", parent=city.root)
        make_plan(department, measures=1, state=PlanState.APPROVED)
        make_person(f"lead{number}", department, Role.LEAD)
        make_person(f"editor{number}", department, Role.EDITOR)
    for person in (city.mori, User.objects.get(username="editor3")):
        choose(by=person, events=Pace.DAILY, pauses=False, calendar=True)
    Server.now = october(1)
    city.open(october(1))
    run(october(1))
    return city


def moments() -> Iterator[datetime]:
    """Every half hour from two hours before until the day after."""
    now = october(15, 8)
    while now < october(20, 12):
        yield now
        now += timedelta(minutes=1 if PINCH <= now < PINCH + timedelta(minutes=30) else 30)


def doings(city: City) -> Iterator[None]:
    """One review after the other is submitted, returned, submitted again, passed on and approved."""
    for review in Review.objects.order_by("pk"):
        lead = User.objects.get(appointments__department=review.department, appointments__role=Role.LEAD)
        for act in (
            lambda review, lead: city.submit(review, lead, Server.now),
            lambda review, _lead: city.decide(review, Outcome.RETURNED, city.mori, Server.now, "根拠を"),
            lambda review, lead: city.submit(review, lead, Server.now),
            lambda review, _lead: city.decide(review, Outcome.PASSED, city.mori, Server.now),
            lambda review, _lead: city.decide(review, Outcome.APPROVED, city.hayashi, Server.now),
        ):
            act(review, lead)
            yield


def works(now: datetime) -> bool:
    """Office hours, weekends included: somebody always is behind with their work."""
    return 9 <= timezone.localtime(now).hour < 18 and now.minute in (0, 30)


def live(city: City) -> set[str]:
    """Let it all happen; returns the keys of what people were to be told of what happened."""
    owed, todo = set(), doings(city)
    for Server.now in moments():
        if works(Server.now):
            next(todo, None)
            owed |= keys(Server.now)
        for _worker in range(2):
            assert tick(clock=lambda: Server.now).faults == []
    return owed


def keys(now: datetime) -> set[str]:
    events = [
        row.event for row in PendingEvent.objects.select_related("event__review__plan", "event__review__checkpoint")
    ]
    told = recipients(events, timezone.localdate(now))
    return {f"event:{pk}:{one.user.pk}" for pk, people in told.items() for one in people}


def test_nothing_is_lost_nobody_gets_a_backlog_and_nobody_hammers(city: City) -> None:
    before = set(MailItem.objects.values_list("key", flat=True))
    owed = live(city)
    items = list(MailItem.objects.select_related("mail", "review").exclude(key__in=before))
    # Everybody was told once, or there was nothing left to tell.
    assert {item.key for item in items if item.key.startswith("event:")} == owed
    fates = {item.key: item.mail and item.mail.status for item in items if not item.left_out}
    assert Counter(fates.values()).keys() == {Status.SENT}
    assert all(item.task_id not in (None, item.review.task_id) for item in items if item.left_out)
    assert len(mail.outbox) == OutgoingMail.objects.filter(status=Status.SENT).count()
    # One digest a person a day, and nobody's backlog.
    digests = OutgoingMail.objects.filter(kind=MailKind.DIGEST, status=Status.SENT)
    a_day = Counter((row.recipient_id, timezone.localdate(row.sent_at)) for row in digests)
    assert set(a_day.values()) == {1}
    late = OutgoingMail.objects.filter(
        created_at__gte=GONE, created_at__lt=at(date(2026, 10, 19), 0), sent_at__gte=BACK
    )
    assert set(Counter(late.values_list("recipient", flat=True)).values()) == {1}
    folded = OutgoingMail.objects.filter(reason=Reason.MERGED)
    assert len(folded) > 10
    assert not MailItem.objects.filter(mail__in=folded).exists()
    # One try a minute, whoever tries.
    assert max(Counter(moment.replace(second=0) for moment in Server.tries).values()) == 1
    assert len(Server.tries) > 200
    assert max(OutgoingMail.objects.values_list("attempts", flat=True)) <= 200
    assert Event.objects.count() > 60
