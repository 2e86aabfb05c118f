"""python -m tests.faults.shifted tests.faults.outage PEOPLE: the mail server is away for 96 hours; one line of JSON.

Time travels: two workers tick every ten minutes of four days and a half, a connection is really refused each time, and
then a real server takes what is left.
"""

import json
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from notifications.backends import SmtpBackend
from notifications.models import MailKind, OutgoingMail, Status
from notifications.ticks import tick
from tests.faults.plan import Outage
from tests.faults.shifted import MORNING
from tests.faults.sink import FaultySink
from tests.faults.town import build_town

AWAY = timedelta(hours=96)
AFTERWARDS = timedelta(hours=60)
EVERY = timedelta(minutes=10)


class CountingBackend(SmtpBackend):
    """Ours, noting when it was refused."""

    refused: Counter[datetime] = Counter()
    now = MORNING

    def open(self) -> bool | None:
        try:
            return super().open()
        except OSError:
            CountingBackend.refused[CountingBackend.now] += 1
            raise


def run(people: int) -> Outage:
    """Live through it with so many people who are to be reminded of one review each."""
    began = time.time()
    town = build_town(people, 0)
    sink = FaultySink(0, random.Random(1))
    settings.EMAIL_BACKEND = f"{__name__}.CountingBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port  # where nobody listens yet
    now = MORNING
    try:
        while now < MORNING + AWAY + AFTERWARDS:
            if now == MORNING + AWAY:
                sink.start()
            CountingBackend.now = now
            _tick(now)
            now += EVERY
    finally:
        sink.stop()
    taken = Counter(mail.recipient for mail in sink.taken)
    return Outage(
        database={"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor],
        people=people,
        lost=len({lead.email for lead in town.leads} - taken.keys()),
        duplicates=len(sink.taken) - len({mail.message_id for mail in sink.taken}),
        digests=_most_digests(),
        tries=CountingBackend.refused.total(),
        a_minute=max(CountingBackend.refused.values()),
        attempts=OutgoingMail.objects.aggregate(most=Max("attempts"))["most"],
        seconds=round(time.time() - began, 1),
    )


def _tick(now: datetime) -> None:
    for _worker in range(2):
        assert tick(clock=lambda: now).faults == []


def _most_digests() -> int:
    """The most mails of the day that one person was sent on one day."""
    sent: dict[tuple[int, str], int] = defaultdict(int)
    for person, at in OutgoingMail.objects.filter(kind=MailKind.DIGEST, status=Status.SENT).values_list(
        "recipient", "sent_at"
    ):
        sent[person, str(timezone.localdate(at))] += 1
    return max(sent.values())


if __name__ == "__main__":
    print(json.dumps(asdict(run(int(sys.argv[1])))))
