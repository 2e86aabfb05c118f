"""Everybody who took part in a review is told how it goes on: once, for information, while they may read it."""

from datetime import date, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from departments.models import Role
from departments.models.plans import PlanState
from departments.services.appointments import end_appointment
from notifications.dispatch import dispatch
from notifications.models import MailItem, MailKind, OutgoingMail, Reason, Status
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import City, make_city, october, run
from workflows.models import Event, Outcome, PendingEvent, Review, Stage
from workflows.services.changes import request_change

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return make_city()


def told(now: datetime) -> dict[str, str]:
    """Dispatch and send; user name → what the mail was about, with a mark if it asked for something."""
    run(now)
    items = MailItem.objects.filter(mail__created_at=now).exclude(mail__kind=MailKind.DIGEST)
    found: dict[str, str] = {}
    for item in items.select_related("mail__recipient").order_by("mail__recipient__username"):
        name = item.mail.recipient.username
        assert name not in found, f"{name} was told twice"
        assert item.mail.status == Status.SENT
        found[name] = item.mail.kind + ("!" if item.task_id else "")
    return found


def test_a_long_way(city: City) -> None:
    """Extended, withdrawn, passed, returned and approved by a deputy, revoked, cancelled: who is told what."""
    city.open(october(1))
    tax = city.tax_review
    steps: list[tuple[datetime, Any, dict[str, str]]] = [
        (october(1), lambda now: None, {"sato": "opened!", "suzuki": "opened!", "tanaka": "opened!"}),
        (
            october(1, 10),
            lambda now: city.extend(tax, date(2026, 10, 21), "議会対応のため", city.mori, now),
            {"suzuki": "extended!", "tanaka": "extended!"},
        ),
        # mori is involved since the extension; whoever has to act gets the one mail that asks
        (october(2), lambda now: city.submit(tax, city.tanaka, now), {"mori": "submitted!"}),
        (
            october(2, 10),
            lambda now: city.withdraw(tax, city.tanaka, now),
            {"mori": "withdrawn", "suzuki": "withdrawn!"},
        ),
        (october(5), lambda now: city.submit(tax, city.tanaka, now), {"mori": "submitted!"}),
        (october(6, 8), lambda now: city.stand_in(city.hayashi, city.ooki, now.date(), date(2026, 10, 9)), {}),
        (
            october(6),
            lambda now: city.decide(tax, Outcome.PASSED, city.mori, now),
            {"hayashi": "passed!", "ooki": "passed!"},
        ),
        (
            october(7),
            lambda now: city.decide(tax, Outcome.RETURNED, city.ooki, now, "根拠を"),
            {"hayashi": "returned", "mori": "returned", "suzuki": "returned!", "tanaka": "returned!"},
        ),
        (
            october(8),
            lambda now: city.submit(tax, city.tanaka, now),
            {"hayashi": "submitted!", "mori": "submitted", "ooki": "submitted!"},
        ),
        (
            october(9),
            lambda now: city.decide(tax, Outcome.APPROVED, city.ooki, now),
            {"hayashi": "approved", "mori": "approved", "suzuki": "approved", "tanaka": "approved"},
        ),
        # ooki, no longer a deputy, reads nothing but what is approved
        (
            october(13),
            lambda now: city.revoke(tax, "誤りがあったため", city.hayashi, now),
            {"mori": "revoked", "suzuki": "revoked!", "tanaka": "revoked!"},
        ),
        (
            october(14),
            lambda now: city.cancel(tax, "計画を統合したため", city.hayashi, now),
            {"mori": "cancelled", "suzuki": "cancelled", "tanaka": "cancelled"},
        ),
    ]
    for now, step, expected in steps:
        step(now)
        assert (now, told(now)) == (now, expected)


def submitted(city: City) -> Review:
    """税務課 has submitted for the first time, and everybody has been told of it."""
    city.open(october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    return city.tax_review


def passed(city: City) -> Review:
    review = submitted(city)
    city.decide(review, Outcome.PASSED, city.mori, october(5))
    run(october(5))
    return review


def test_in_whose_place_somebody_acts_is_told_of_it(city: City) -> None:
    """Even of a passing on, of which nobody else who is involved is told."""
    review = submitted(city)
    city.stand_in(city.mori, city.ooki, date(2026, 10, 5), date(2026, 10, 6), Role.REVIEWER)
    city.decide(review, Outcome.PASSED, city.ooki, october(5))
    assert told(october(5)) == {"hayashi": "passed!", "mori": "passed"}


def test_information_is_told_though_the_task_is_done_by_then(city: City) -> None:
    review = passed(city)
    city.decide(review, Outcome.RETURNED, city.hayashi, october(6, 7), "根拠を")
    city.submit(review, city.tanaka, october(6, 7))
    assert run(october(6, 7)) == {
        "hayashi": [f"【めぐる】承認のお願い: 税務課 {city.checkpoint}"],
        "mori": [f"【めぐる】差戻し: 税務課 {city.checkpoint}", f"【めぐる】提出: 税務課 {city.checkpoint}"],
    }


def test_who_has_acted_since_knows(city: City) -> None:
    review = submitted(city)
    city.decide(review, Outcome.RETURNED, city.mori, october(5), "根拠を")
    run(october(5))
    city.submit(review, city.tanaka, october(6))
    city.decide(review, Outcome.PASSED, city.mori, october(6))
    assert told(october(6)) == {"hayashi": "passed!"}


def test_who_may_not_read_it_any_more_is_not_told(city: City) -> None:
    review = passed(city)
    end_appointment(by=None, appointment=city.mori.appointments.get(), last_day=date(2026, 10, 5), on=date(2026, 10, 6))
    city.decide(review, Outcome.RETURNED, city.hayashi, october(6), "根拠を")
    assert told(october(6)) == {"suzuki": "returned!", "tanaka": "returned!"}


def test_who_loses_sight_while_the_mail_waits_does_not_get_it(city: City, settings: Any) -> None:
    review = passed(city)
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    city.decide(review, Outcome.APPROVED, city.hayashi, october(6, 7))
    run(october(6, 7))
    end_appointment(by=None, appointment=city.mori.appointments.get(), last_day=date(2026, 10, 6), on=date(2026, 10, 7))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert set(run(october(7, 7))) == {"suzuki", "tanaka"}
    row = OutgoingMail.objects.get(recipient=city.mori, kind=MailKind.APPROVED)
    assert (row.status, row.reason) == (Status.CANCELLED, Reason.DONE)


def test_an_answer_is_told_to_who_made_the_comment_while_the_office_has_the_review(city: City) -> None:
    review = submitted(city)
    other = make_person("oka", city.root, Role.REVIEWER)
    found = city.pin(review, "", "短すぎます", city.mori, october(5))
    assert told(october(5)) == {}
    city.answer(found, "追記します", city.suzuki, october(5, 10))
    assert told(october(5, 10)) == {"mori": "answered"}
    city.answer(found, "私も気になります", other, october(5, 11))
    assert told(october(5, 11)) == {"mori": "answered"}
    city.answer(found, "そうですね", city.mori, october(5, 12))
    assert told(october(5, 12)) == {}
    city.decide(review, Outcome.RETURNED, city.mori, october(6), "指摘のとおり")
    told(october(6))
    city.answer(found, "追記しました", city.suzuki, october(6, 10))
    assert told(october(6, 10)) == {}


def change_asked_for(city: City) -> Review:
    plan = city.tax_review.plan
    return request_change(plan_id=plan.pk, reason="目標値の見直し", by=city.suzuki, now=october(5))


def test_a_change_of_plan_asks_the_others_who_draft(city: City) -> None:
    city.open(october(1))
    run(october(1))
    change_asked_for(city)
    assert told(october(5)) == {"tanaka": "opened!"}


def test_a_change_of_plan_cancelled_by_the_department(city: City) -> None:
    city.open(october(1))
    review = change_asked_for(city)
    run(october(5))
    city.cancel(review, "見送ることとした", city.tanaka, october(6, 10))
    assert told(october(6, 10)) == {"suzuki": "cancelled"}


def test_an_opening_in_two_steps_is_one_mail_while_the_first_has_not_gone_out(city: City) -> None:
    appoint(city.tanaka, city.welfare, Role.EDITOR)
    city.open(october(1))
    second = Event.objects.get(review__department=city.welfare)
    PendingEvent.objects.filter(event=second).delete()
    assert dispatch(now=october(1)) == 2
    PendingEvent.objects.create(event=second)
    assert dispatch(now=october(1)) == 1
    assert {name: len(subjects) for name, subjects in run(october(1)).items()} == {"sato": 1, "suzuki": 1, "tanaka": 1}
    to_tanaka = next(message for message in mail.outbox if message.to == ["tanaka@city.example"])
    assert to_tanaka.body.count("http://localhost:8000/reviews/") == 2


def queries_for_returns(city: City, reviews: list[Review], now: datetime) -> int:
    """How many queries it takes to queue the mails about so many returns by a deputy."""
    for review in reviews:
        city.submit(review, city.tanaka, now)
        city.decide(review, Outcome.PASSED, city.mori, now)
    dispatch(now=now)
    for review in reviews:
        city.decide(review, Outcome.RETURNED, city.ooki, now, "根拠を")
    with CaptureQueriesContext(connection) as queries:
        dispatch(now=now)
    return len(queries)


def test_as_many_queries_for_many_events_as_for_few(city: City) -> None:
    for number in range(12):
        department = make_department(f"d{number}", parent=city.root)
        make_plan(department, measures=1, state=PlanState.APPROVED)
        appoint(city.tanaka, department, Role.LEAD)
    city.open(october(1))
    dispatch(now=october(1))
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 5), date(2026, 10, 9))
    first, *others = Review.objects.filter(department__code__startswith="d", stage=Stage.PREPARE)
    few = queries_for_returns(city, [first], october(5))
    assert queries_for_returns(city, others, october(6)) == few <= 20
    informed = MailItem.objects.filter(mail__kind=MailKind.RETURNED, task=None)
    assert (
        informed.filter(mail__recipient=city.mori).count()
        == informed.filter(mail__recipient=city.hayashi).count()
        == 12
    )
