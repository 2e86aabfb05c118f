"""Whatever happens, is chosen, fails or stands still: everything is told once, in one mail of the day a day at most.

`HYPOTHESIS_PROFILE=long` walks more often and longer; the short form takes the same walks every time.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any, NamedTuple

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from departments.errors import Refused
from departments.models import Deputy, User
from departments.projection import rebuild_access
from notifications import ticks
from notifications.backlog import fold
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import MailChoice, MailItem, MailKind, OutgoingMail, Pace, Reason, ReminderRun, Status
from notifications.recipients import recipients
from notifications.reminders import remind
from notifications.services.choices import choose
from tests.notifications.city import make_city, october
from tests.notifications.test_walks import DEEDS, change_people
from workflows.access import Sight, actors, allowed, sight
from workflows.errors import ReviewError
from workflows.models import EventKind, PendingEvent, Review

pytestmark = pytest.mark.django_db

WALKS, STEPS = {"long": (60, 150)}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), (2, 60))
DUE = re.compile(r"期限: 令和8年(\d+)月(\d+)日")


class Crash(Exception):
    """The process dies before a statement is carried out."""


class Handed(NamedTuple):
    """One attempt to hand a mail over."""

    message_id: str
    at: datetime
    arrived: bool
    body: str


class Server(BaseEmailBackend):
    """A mail server that is up, away, or hangs up on some, with the mail or without."""

    mode = "up"
    now = october(1)
    handed: list[Handed] = []
    chance = random.Random()

    def open(self) -> None:
        if Server.mode == "away":
            raise ConnectionRefusedError("connection refused")

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            hangs_up = Server.mode == "doubtful" and Server.chance.random() < 0.5
            arrived = not hangs_up or Server.chance.random() < 0.5
            message_id = str(message.message()["Message-ID"])
            Server.handed.append(Handed(message_id, Server.now, arrived, message.body))
            if hangs_up:
                raise SMTPServerDisconnected("connection lost")
        return len(messages)


class Walk:
    """A city on its way through October, and what its people are owed."""

    def __init__(self, seed: int) -> None:
        self.chance, self.city = random.Random(seed), make_city()
        Server.mode, Server.handed, Server.chance = "up", [], random.Random(seed)
        self.now = self.flipped = october(1)
        self.owed = set[str]()
        self.left_out, self.last_run = set[int](), None
        self.city.open(self.now)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    def step(self) -> None:
        with suppress(ReviewError, Refused):
            self.chance.choices([self.act, self.decide_about_mails, self.change, self.flip], [8, 3, 1, 1])[0]()
        self.pass_time(timedelta(minutes=self.chance.choice([0, 10, 60, 300, 300, 1500])))
        for _time in range(self.chance.choice([0, 1, 1, 2])):
            self.tick()

    def act(self) -> None:
        review = self.chance.choice(list(Review.objects.with_names()))
        may = [(user, deed) for user in User.objects.all() for deed in sorted(self.allowed(user, review))]
        if may:
            by, action = self.chance.choice(may)
            DEEDS[action](self.city, review, by, self.now)

    def allowed(self, user: User, review: Review) -> set[Any]:
        return allowed(user, review, self.today) & DEEDS.keys()

    def decide_about_mails(self) -> None:
        person = self.chance.choice(list(User.objects.all()))
        pauses = self.chance.random() < 0.5
        choose(by=person, events=self.chance.choice(Pace.values), pauses=pauses, calendar=True)

    def change(self) -> None:
        change_people(self.city, self.chance, self.now)

    def flip(self) -> None:
        Server.mode, self.flipped = self.chance.choice(["up", "away", "doubtful"]), self.now

    def pass_time(self, time: timedelta) -> None:
        before, self.now = self.today, self.now + time
        if self.today != before:
            rebuild_access(self.today)
        if self.now > self.flipped + timedelta(days=4):  # after a week mails are given up
            Server.mode = "up"

    # ---- what the machine does, and what must be so afterwards

    def tick(self) -> None:
        Server.now = self.now
        self.survives(fold)
        for part, check in [(dispatch, self.check_held), (remind, self.check_run)]:
            owed, new = self.owed_now(), MailItem.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            if self.survives(part):
                check(owed, MailItem.objects.filter(pk__gt=new))
        deliver(clock=lambda: self.now)
        self.check_left_out()

    def survives(self, part: Callable[..., int]) -> bool:
        """Whether it came to its end; sometimes it dies before some statement, and then nothing has happened."""
        if self.chance.random() < 0.8:
            part(now=self.now)
            return True
        left = self.chance.randint(0, 25)

        def die(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0 and not sql.startswith(("ROLLBACK", "RELEASE")):
                raise Crash
            return execute(sql, params, many, context)

        before = self.rows()
        try:
            with transaction.atomic(), connection.execute_wrapper(die):
                part(now=self.now)
        except Crash:
            assert self.rows() == before
            return False
        return True

    @staticmethod
    def rows() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (PendingEvent, OutgoingMail, MailItem, ReminderRun))

    def owed_now(self) -> set[str]:
        rows = PendingEvent.objects.select_related("event__review__plan", "event__review__checkpoint")
        told = recipients([row.event for row in rows], self.today)
        return {f"event:{pk}:{one.user.pk}" for pk, people in told.items() for one in people}

    def check_held(self, owed: set[str], new: Any) -> None:
        """What happened is queued for everybody, or waits, as they chose."""
        new = [item for item in new if item.key.startswith("event:")]
        assert owed <= {item.key for item in new} | self.owed
        self.owed |= owed
        daily = set(MailChoice.objects.filter(events=Pace.DAILY).values_list("user", flat=True))
        for item in new:
            person = item.waits_for_id or item.mail.recipient_id
            waits = person in daily or (person in self.resting() and not item.asks)
            assert (item.mail is None) == (waits and item.event.kind != EventKind.NUDGED)

    def check_run(self, _owed: set[str], _new: Any) -> None:
        """After the day's run nothing waits but for who rests, or had the mail of the day today."""
        if self.last_run == self.today or not ReminderRun.objects.filter(day=self.today).exists():
            return
        self.last_run = self.today
        for item in MailItem.objects.filter(mail=None):
            mails = OutgoingMail.objects.filter(kind=MailKind.DIGEST, recipient=item.waits_for)
            had_one = mails.filter(sent_at__date=self.today).exists()
            assert had_one or (item.waits_for_id in self.resting() and not item.asks)

    def resting(self) -> set[int]:
        rows = Deputy.objects.in_force(self.today).filter(absent__mail_choice__pauses=True)
        pairs = [(row.absent_id, row.deputy_id) for row in rows]
        absent = {person for person, _deputy in pairs}
        return absent - {person for person, deputy in pairs if deputy in absent}

    def check_left_out(self) -> None:
        """Nothing is left out that is still to do, or still for its person to know."""
        items = MailItem.objects.filter(left_out=True).exclude(pk__in=self.left_out)
        for item in items.select_related("mail__recipient"):
            self.left_out.add(item.pk)
            review = Review.objects.with_names().get(pk=item.review_id)
            person, over = item.mail.recipient, item.task_id not in (None, review.task_id)
            if item.asks:
                turn = review.task_id and {holder.user for holder in actors([review], self.today)[review.pk]}
                assert over or person not in turn
            else:
                assert over or sight(person, review, self.today) == Sight.NOTHING

    # ---- what must be so in the end

    def come_to_rest(self) -> None:
        """The server is up, nobody is absent any more, and nothing happens for a week."""
        Server.mode = "up"
        MailChoice.objects.update(pauses=False)
        for _day in range(8):
            self.pass_time(timedelta(days=1))
            for hour in (9, 10):
                self.now = self.now.replace(hour=hour)
                Server.now = self.now
                self.owed |= self.owed_now()
                assert ticks.tick(clock=lambda: self.now).faults == []

    def check_all_told(self) -> None:
        events = MailItem.objects.filter(key__startswith="event:")
        assert {*events.values_list("key", flat=True)} == self.owed
        assert not MailItem.objects.filter(mail=None).exists()
        assert not PendingEvent.objects.exists()
        ended = OutgoingMail.objects.values_list("status", "reason").distinct()
        assert {(status, reason) for status, reason in ended} <= {
            (Status.SENT, ""),
            *((Status.CANCELLED, reason) for reason in (Reason.DONE, Reason.INACTIVE, Reason.MERGED)),
        }
        assert not MailItem.objects.filter(mail__reason=Reason.MERGED).exists()
        assert not MailItem.objects.filter(mail__reason=Reason.DONE, left_out=False).exists()

    def check_what_arrived(self) -> None:
        rows = {row.message_id: row for row in OutgoingMail.objects.exclude(message_id="")}
        arrived = {one.message_id for one in Server.handed if one.arrived}
        # Each mail that arrived is one of the outbox, which knows of it, and all its copies are the same.
        assert {pk for pk, row in rows.items() if row.status == Status.SENT} <= arrived <= rows.keys()
        assert all(len({one.body for one in Server.handed if one.message_id == pk}) == 1 for pk in arrived)
        first: dict[str, datetime] = {}
        for one in Server.handed:
            first.setdefault(one.message_id, one.at)
        digests = [pk for pk in arrived if rows[pk].kind == MailKind.DIGEST]
        a_day = Counter((rows[pk].recipient_id, timezone.localdate(first[pk])) for pk in digests)
        assert set(a_day.values()) <= {1}
        for one in Server.handed:
            if one.message_id in digests:
                due = [tuple(map(int, found)) for found in DUE.findall(one.body.split("◆")[0])]
                assert due == sorted(due)


@pytest.mark.parametrize("seed", range(WALKS))
def test_everything_is_told_once_in_one_mail_a_day(seed: int, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    walk = Walk(seed)
    for _step in range(STEPS):
        walk.step()
    walk.come_to_rest()
    walk.check_all_told()
    walk.check_what_arrived()
