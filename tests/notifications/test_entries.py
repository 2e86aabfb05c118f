"""The due days in people's calendars: after each mail they are what waits for its reader, whatever happened before.

`HYPOTHESIS_PROFILE=long` walks more often and longer; the short form takes the same walks every time.
"""

import os
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from smtplib import SMTPDataError, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from departments.models import Role, User
from departments.models.plans import PlanState
from departments.services.appointments import end_appointment
from notifications import entries, outbox
from notifications.delivery import deliver
from notifications.models import MailChoice, MailItem, MailKind, OutgoingMail, Status
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.calendars import Diary
from tests.notifications.city import DUE, OPENING, City, at, make_city, october, run
from workflows.access import Action, allowed, waiting_for
from workflows.errors import ReviewError
from workflows.models import Outcome, Review
from workflows.services.checkpoints import close_checkpoint

pytestmark = pytest.mark.django_db

WALKS, STEPS = {"long": (100, 60)}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), (2, 25))
BUSY = SMTPDataError(451, b"busy")
LOST = SMTPServerDisconnected("lost")


class Postman(EmailBackend):
    """Keeps mails as Django's own backend for tests does, unless it is told what happens to somebody's."""

    fates: dict[str, list[Exception]] = {}

    def send_messages(self, messages: Any) -> int:
        count = 0
        for message in messages:
            fates = self.fates.get(message.to[0].partition("@")[0])
            if fates:
                raise fates.pop(0)
            count += super().send_messages([message])
        return count


@pytest.fixture(autouse=True)
def postman(settings: Any) -> type[Postman]:
    settings.EMAIL_BACKEND = f"{__name__}.Postman"
    Postman.fates = {}
    return Postman


@pytest.fixture
def city() -> City:
    return make_city()


class Diaries:
    """Everybody's calendar, kept up to date by the mails that came."""

    def __init__(self) -> None:
        self.of: dict[str, Diary] = {}
        self.seen = 0

    def live(self, now: datetime) -> set[str]:
        """A tick at that moment; who got mail by it."""
        run(now)
        fresh, self.seen = mail.outbox[self.seen :], len(mail.outbox)
        for message in fresh:
            self.of.setdefault(message.to[0].partition("@")[0], Diary()).take(message)
        return {message.to[0].partition("@")[0] for message in fresh}

    def days(self, user: User) -> dict[int, date]:
        """Review id → the day on which it stands in the person's calendar."""
        diary = self.of.get(user.username, Diary())
        ends = f"-{user.pk}@localhost"
        assert all(uid.startswith("review-") and uid.endswith(ends) for uid in diary.days)
        return {int(uid.split("-")[1]): day for uid, day in diary.days.items()}


def due_days(user: User, on: date) -> dict[int, date | None]:
    """Review id → day of all that waits for the person."""
    return {review.pk: review.due_on for review in waiting_for(User.objects.get(pk=user.pk), on)}


def known_of(user: User, now: datetime) -> set[int]:
    """The reviews that a mail asks the person for now, or asked for before while they wanted calendar entries."""
    items = MailItem.objects.filter(mail__recipient=user, asks=True, left_out=False, mail__sent_at=now)
    return {*items.values_list("review", flat=True), *user.calendar_entries.values_list("review", flat=True)}


def test_a_quarter(city: City) -> None:
    """Everybody's calendar through an ordinary quarter, whenever a mail has just come to them."""
    diaries, told = Diaries(), []
    doings: dict[datetime, Callable[[], None]] = {
        at(OPENING): lambda: city.open(at(OPENING)),
        october(5): lambda: city.extend(city.tax_review, date(2026, 10, 20), "議会", city.mori, october(5)),
        october(7): lambda: city.submit(city.welfare_review, city.sato, october(7)),
        october(13): lambda: city.submit(city.tax_review, city.tanaka, october(13)),
        october(14): lambda: city.decide(city.welfare_review, Outcome.RETURNED, city.mori, october(14), "根拠"),
        october(15): lambda: city.decide(city.tax_review, Outcome.PASSED, city.mori, october(15)),
        october(16): lambda: city.submit(city.welfare_review, city.sato, october(16)),
        october(19): lambda: city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(19)),
        october(20): lambda: city.decide(city.welfare_review, Outcome.PASSED, city.mori, october(20)),
        october(21): lambda: city.decide(city.welfare_review, Outcome.APPROVED, city.hayashi, october(21)),
        october(23): lambda: city.revoke(city.tax_review, "集計の誤り", city.hayashi, october(23)),
        at(date(2026, 12, 1)): lambda: close_checkpoint(checkpoint=city.checkpoint, by=None, now=at(date(2026, 12, 1))),
    }
    for moment, do in doings.items():
        do()
        for name in sorted(diaries.live(moment)):
            user = User.objects.get(username=name)
            assert diaries.days(user) == due_days(user, timezone.localdate(moment)), (moment, name)
            told.append(name)
    assert {"sato", "suzuki", "tanaka", "mori", "hayashi"} == set(told)
    assert diaries.days(city.tanaka) == diaries.days(city.sato) == {}
    # Opened, extended, approved, revoked, closed unfinished.
    assert diaries.of["tanaka"].told == {f"review-{city.tax_review.pk}-{city.tanaka.pk}@localhost": [0, 1, 2, 3, 4]}
    for diary in diaries.of.values():
        assert all(sequences == list(range(len(sequences))) for sequences in diary.told.values())


def test_a_due_day_moves_under_the_same_uid(city: City) -> None:
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    tax = city.tax_review
    assert diaries.days(city.suzuki) == {tax.pk: DUE}
    city.extend(tax, date(2026, 10, 21), "議会対応", city.mori, october(1))
    diaries.live(october(1, 10))
    assert diaries.days(city.suzuki) == {tax.pk: date(2026, 10, 21)}
    assert diaries.of["suzuki"].told == {f"review-{tax.pk}-{city.suzuki.pk}@localhost": [0, 1]}


def test_what_is_done_leaves_the_calendar_with_the_next_mail_whatever_that_is_about(city: City) -> None:
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    city.submit(city.tax_review, city.tanaka, october(1))
    assert "suzuki" not in diaries.live(october(1, 10))
    assert diaries.days(city.suzuki) == {city.tax_review.pk: DUE}
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(2))
    city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(2))
    assert "suzuki" in diaries.live(october(2, 10))
    assert diaries.days(city.suzuki) == {}


def test_what_is_handed_on_leaves_the_calendar(city: City) -> None:
    appoint(city.suzuki, city.welfare, Role.EDITOR)
    post = city.suzuki.appointments.get(department=city.tax)
    end_appointment(by=None, appointment=post, last_day=date(2026, 10, 4), on=OPENING)
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    assert diaries.days(city.suzuki) == {city.tax_review.pk: DUE, city.welfare_review.pk: DUE}
    city.extend(city.welfare_review, date(2026, 10, 21), "議会対応", city.mori, october(5))
    diaries.live(october(5, 10))
    assert diaries.days(city.suzuki) == {city.welfare_review.pk: date(2026, 10, 21)}


def test_a_deputy_has_the_entry_too(city: City) -> None:
    diaries = Diaries()
    city.open()
    city.submit(city.tax_review, city.tanaka, october(1))
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 6), date(2026, 10, 9))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(6))
    diaries.live(october(6, 10))
    both = {city.tax_review.pk: city.tax_review.due_on}
    assert (diaries.days(city.hayashi), diaries.days(city.ooki)) == (both, both)
    city.decide(city.tax_review, Outcome.RETURNED, city.ooki, october(7), "根拠")
    diaries.live(october(7, 10))
    assert (diaries.days(city.hayashi), diaries.days(city.ooki)) == ({}, both)  # who did it was sent nothing
    city.submit(city.tax_review, city.tanaka, october(13))
    diaries.live(october(13, 10))
    assert (diaries.days(city.hayashi), diaries.days(city.ooki)) == (both, both)  # the deputy was sent nothing yet
    city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(14))
    assert "ooki" in diaries.live(october(14, 10))
    assert diaries.days(city.ooki) == {}


def test_who_wants_no_entries_gets_none_and_loses_those_there_are(city: City) -> None:
    MailChoice.objects.create(user=city.sato, calendar=False)
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    assert (diaries.days(city.sato), diaries.days(city.suzuki)) == ({}, {city.tax_review.pk: DUE})
    assert diaries.of["sato"].told == {}
    MailChoice.objects.create(user=city.suzuki, calendar=False)
    city.extend(city.tax_review, date(2026, 10, 21), "議会対応", city.mori, october(1))
    diaries.live(october(1, 10))
    assert diaries.days(city.suzuki) == {}
    MailChoice.objects.filter(user=city.suzuki).update(calendar=True)
    city.extend(city.tax_review, date(2026, 10, 22), "議会対応", city.mori, october(2))
    diaries.live(october(2, 10))
    assert diaries.days(city.suzuki) == {city.tax_review.pk: date(2026, 10, 22)}


def test_a_mail_that_did_not_leave_states_how_it_is_when_it_does(city: City, postman: type[Postman]) -> None:
    postman.fates["sato"] = [BUSY]
    diaries = Diaries()
    city.open()
    assert "sato" not in diaries.live(at(OPENING))
    city.extend(city.welfare_review, date(2026, 10, 21), "議会対応", city.mori, october(1))
    diaries.live(october(1, 10))
    assert diaries.days(city.sato) == {city.welfare_review.pk: date(2026, 10, 21)}


def test_a_refused_mail_with_nothing_new_to_say_stays_the_same_bytes(city: City, postman: type[Postman]) -> None:
    postman.fates["sato"] = [BUSY]
    city.open()
    run(at(OPENING))
    row = OutgoingMail.objects.get(recipient=city.sato)
    run(at(OPENING, 10))
    again = OutgoingMail.objects.get(recipient=city.sato)
    assert (again.status, bytes(again.raw)) == (Status.SENT, bytes(row.raw))


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED, Status.CANCELLED])
def test_what_a_mail_that_never_left_stated_comes_with_the_next(
    city: City, postman: type[Postman], status: str
) -> None:
    postman.fates["sato"] = [BUSY]
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    OutgoingMail.objects.filter(recipient=city.sato).update(status=status, next_attempt_at=None)
    city.extend(city.welfare_review, date(2026, 10, 21), "議会対応", city.mori, october(1))
    diaries.live(october(1, 10))
    assert diaries.days(city.sato) == {city.welfare_review.pk: date(2026, 10, 21)}


def test_what_came_back_is_stated_again(city: City) -> None:
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    OutgoingMail.objects.filter(recipient=city.sato).update(status=Status.BOUNCED)
    diaries.of.pop("sato")
    diaries.live(october(7))  # five business days before
    assert diaries.days(city.sato) == {city.welfare_review.pk: DUE}


def test_a_mail_that_may_have_arrived_never_changes_and_the_next_says_what_is_new(
    city: City, postman: type[Postman]
) -> None:
    postman.fates["sato"] = [LOST]
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    row = OutgoingMail.objects.get(recipient=city.sato)
    city.extend(city.welfare_review, date(2026, 10, 21), "議会対応", city.mori, at(OPENING, 10))
    diaries.live(october(1))
    again = OutgoingMail.objects.get(pk=row.pk)
    assert (again.status, bytes(again.raw)) == (Status.SENT, bytes(row.raw))
    assert diaries.days(city.sato) == {city.welfare_review.pk: date(2026, 10, 21)}


def test_no_more_than_so_many_a_mail_and_the_rest_with_the_next(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST", 2)
    for code in ("a", "b"):
        department = make_department(code, parent=city.root)
        make_plan(department, measures=1, state=PlanState.APPROVED)
        appoint(city.sato, department, Role.LEAD)
    diaries = Diaries()
    city.open()
    diaries.live(at(OPENING))
    assert len(diaries.days(city.sato)) == 2
    diaries.live(october(7))
    assert diaries.days(city.sato) == due_days(city.sato, date(2026, 10, 7))
    assert len(diaries.days(city.sato)) == 3


def test_as_many_queries_for_many_mails_as_for_one(city: City) -> None:
    for number in range(20):
        make_person(f"editor{number}", city.tax, Role.EDITOR)
    city.open()
    run(at(OPENING))
    rows = list(OutgoingMail.objects.select_related("recipient"))
    items = {row: list(row.items.with_names()) for row in rows}

    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            entries.outstanding(dict(list(items.items())[:count]), timezone.localdate(at(OPENING)))
        return len(found)

    assert (len(rows), queries(1), queries(23)) == (23, 3, 3)


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_tell_one_person_each_state_once() -> None:
    city = make_city()
    city.open()
    review = city.welfare_review
    drafts = [
        outbox.Draft(
            OutgoingMail(key=f"mail {number}", kind=MailKind.DIGEST, recipient=city.sato),
            [MailItem(key=f"item {number}", review=review, task_id=review.task_id, asks=True, days=-number)],
        )
        for number in range(8)
    ]
    outbox.queue(drafts, now=at(OPENING))
    barrier = threading.Barrier(3)

    def work() -> None:
        barrier.wait()
        try:
            deliver(clock=lambda: at(OPENING))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    diary = Diary()
    for message in mail.outbox:
        diary.take(message)
    uid = f"review-{review.pk}-{city.sato.pk}@localhost"
    assert (len(mail.outbox), diary.days, diary.told) == (8, {uid: DUE}, {uid: [0]})


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk(city: City, postman: type[Postman], seed: int) -> None:
    """Anybody does anything they may, mails are refused or get lost, people are ill and change their minds."""
    chance, diaries, now = random.Random(seed), Diaries(), at(OPENING)
    people = [city.tanaka, city.suzuki, city.sato, city.mori, city.hayashi, city.ooki]
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 6), date(2026, 10, 9))
    city.open()
    checked = 0
    for _step in range(STEPS):
        postman.fates = {person.username: [chance.choice([BUSY, LOST])] for person in people if chance.random() < 0.1}
        came = diaries.live(now)
        for user in [person for person in people if person.username in came]:
            mails = OutgoingMail.objects.filter(recipient=user)
            if mails.open().exists() or mails.filter(sent_at=now, dated__lt=now).exists():
                continue  # what is on its way is not stated by another mail, and what may be there never changes
            refuses, known = MailChoice.objects.filter(user=user, calendar=False).exists(), known_of(user, now)
            due = {} if refuses else due_days(user, timezone.localdate(now))
            assert diaries.days(user) == {pk: day for pk, day in due.items() if pk in known}, (now, user)
            checked += 1
        do_something(city, chance, people, now)
        now += timedelta(hours=chance.choice([1, 5, 24]))
    assert checked > STEPS / 4


def do_something(city: City, chance: random.Random, people: list[User], now: datetime) -> None:
    if chance.random() < 0.1:
        user = chance.choice(people)
        wants = not MailChoice.objects.filter(user=user, calendar=False).exists()
        MailChoice.objects.update_or_create(user=user, defaults={"calendar": not wants})
    on = timezone.localdate(now)
    found = [
        (action, review, user)
        for user in User.objects.filter(pk__in=[person.pk for person in people])
        for review in Review.objects.with_names()
        for action in allowed(user, review, on)
        if action in DOINGS
    ]
    if found:
        action, review, user = chance.choice(sorted(found, key=lambda each: (each[0], each[1].pk, each[2].pk)))
        with suppress(ReviewError):  # there is no day left to extend to
            DOINGS[action](city, review, user, now)


DOINGS: dict[Action, Callable[[City, Review, User, datetime], object]] = {
    Action.SUBMIT: lambda city, review, user, now: city.submit(review, user, now),
    Action.WITHDRAW: lambda city, review, user, now: city.withdraw(review, user, now),
    Action.PASS: lambda city, review, user, now: city.decide(review, Outcome.PASSED, user, now),
    Action.RETURN: lambda city, review, user, now: city.decide(review, Outcome.RETURNED, user, now, "根拠"),
    Action.APPROVE: lambda city, review, user, now: city.decide(review, Outcome.APPROVED, user, now),
    Action.REVOKE: lambda city, review, user, now: city.revoke(review, "誤り", user, now),
    Action.EXTEND: lambda city, review, user, now: city.extend(
        review, max(review.due_on, timezone.localdate(now)) + timedelta(days=7), "議会", user, now
    ),
}
