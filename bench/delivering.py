"""Handing reminders to a mail server: workers with all they promise, against a loop that only sends the same bytes.

One run on the database that the environment names, like `measure`, but on a database of its own. The workers claim the
mails, ask whether they are still needed, put them into words, write down their bytes, send them and settle them; the
loop has the bytes already and sends them over one connection.
"""

import json
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from time import perf_counter

from django.conf import settings
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.city import NOW, build_checkpoint, build_city, build_plans, write_measures
from bench.plain import plain
from departments.models import User
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import OutgoingMail, Status
from notifications.reminders import remind
from tests.servers.ports import listens, stop_process, wait_until
from workflows.models import CheckpointKind
from workflows.services.checkpoints import open_checkpoint

SENDER = "meguru@localhost"


def main() -> None:
    sizes = json.loads(sys.argv[1])
    plainly = plain()
    with (
        Program("bench.sink", str(settings.EMAIL_PORT)),
        Program("bench.program", "bench.sender") as first,
        Program("bench.program", "bench.sender") as second,
    ):
        wait_until(lambda: listens(settings.EMAIL_PORT), what="the mail server")
        build(sizes["reminders"])
        days = reminded_days(sizes["reminders"])
        mails, statements = count_statements(next(days))
        plainly.settle()
        assert [first.answer(), second.answer()] == ["ready", "ready"]
        rates = [(send_all([first, second], at), send_plainly(at)) for at in islice(days, sizes["delivering_rounds"])]
    ours, floor = zip(*rates, strict=True)
    found = {"version": plainly.version, "mails": mails, "statements": statements / mails}
    print(json.dumps({**found, "floor": floor, "ours": ours}))


def build(people: int) -> None:
    """So many leads with two reviews each that they have been told of."""
    city = build_city(people)
    User.objects.update(email=Concat(F("username"), Value("@city.example")), name="髙橋 はなこ")
    write_measures(build_plans(city.departments, NOW.year))
    checkpoint = build_checkpoint(NOW.year, CheckpointKind.Q2)
    open_checkpoint(checkpoint=checkpoint, by=city.reviewer, now=NOW)
    dispatch(now=NOW)
    deliver(clock=lambda: NOW)


def reminded_days(people: int) -> Iterator[datetime]:
    """The moments from the day before the due day on at which everybody's reminder has just been queued."""
    day = date(NOW.year, 10, 6)
    while True:
        at = timezone.make_aware(datetime.combine(day, time(9)))
        if remind(now=at) >= people:
            yield at
        day += timedelta(days=1)


def count_statements(at: datetime) -> tuple[int, int]:
    """Send everything alone, which warms up as well; how many mails that were, and statements."""
    with CaptureQueriesContext(connection) as queries:
        sent = deliver(clock=lambda: at)[Status.SENT]
    return sent, len(queries)


def send_all(senders: list["Program"], at: datetime) -> float:
    """Mails a second, from the first claim until no worker finds any more."""
    start = perf_counter()
    for sender in senders:
        sender.tell(at.isoformat())
    sent = sum(int(sender.answer()) for sender in senders)
    return sent / (perf_counter() - start)


def send_plainly(at: datetime) -> float:
    """The same for the very bytes that just went out."""
    mails = [
        (address, bytes(raw)) for address, raw in OutgoingMail.objects.filter(sent_at=at).values_list("address", "raw")
    ]
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as server:
        start = perf_counter()
        for address, raw in mails:
            server.sendmail(SENDER, [address], raw)
        return len(mails) / (perf_counter() - start)


class Program:
    """A program of ours in a process of its own, talked to by lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_error: object) -> None:
        stop_process(self.process)

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


if __name__ == "__main__":
    main()
