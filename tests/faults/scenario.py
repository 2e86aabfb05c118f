"""python -m tests.faults.shifted tests.faults.scenario PLAN: one run on the database that the environment names.

Prints what it found as one line of JSON.
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from notifications.models import OutgoingMail, ReminderRun, Status
from notifications.tasks import tick
from tests.faults.crew import CeleryCrew, Crew
from tests.faults.evidence import Evidence, attempts_in_hand, found
from tests.faults.plan import Plan
from tests.faults.sink import FaultySink
from tests.faults.town import build_town
from tests.servers.redis import RedisServer
from workflows.models import Review
from workflows.services.reviews import submit

POLL_SECONDS = 0.02
GIVE_UP_SECONDS = 1800
SETTLED_SECONDS = 3  # a mail in the hands of somebody alive is long out by then
STOPPED_AT = 0.3  # of the reminders
WITHOUT_REDIS_FROM = 0.7


class Scenario:
    """One run: `step` is called over and over until all is out."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chance = random.Random(plan.seed)
        self.town = build_town(plan.people, round(plan.people * plan.completed))
        self.chance.shuffle(self.town.ready)
        self.evidence = Evidence({lead.email for lead in self.town.leads})
        self.sink = FaultySink(plan.refused, random.Random(plan.seed + 1))
        self.redis = RedisServer() if plan.flushes else None
        self.crew: Crew | CeleryCrew | None = None
        self.stopped: int | None = None
        self.at: dict[str, float] = {}  # what is done every so often → when it was done last

    def run(self) -> dict[str, Any]:
        self.sink.start()
        try:
            if self.redis is not None:
                self.redis.start()
            began = time.time()
            self.crew = self._crew()
            while not self._is_over():
                if time.time() > began + GIVE_UP_SECONDS:
                    raise AssertionError(f"not over after {GIVE_UP_SECONDS} s")
                self._step()
                time.sleep(POLL_SECONDS)
            seconds = time.time() - began
            self._resume()
        finally:
            if self.crew is not None:
                self.crew.stop()
            if self.redis is not None:
                self.redis.close()
            self.sink.stop()
        database = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]
        return asdict(found(self.evidence, self.sink.handed_over, database, seconds))

    def _crew(self) -> Crew | CeleryCrew:
        environment = {"EMAIL_URL": self.sink.url, "LOG_LEVEL": "ERROR"}
        if self.redis is None:
            return Crew(self.plan.workers, environment, self.chance)
        return CeleryCrew(self.plan.workers, {**environment, "REDIS_URL": self.redis.url}, self.chance)

    @property
    def progress(self) -> float:
        """The share of people who were reminded or are done."""
        reached = {mail.recipient for mail in self.sink.taken} & self.evidence.people
        return len(reached | self.evidence.submitted_at.keys()) / self.plan.people

    def _is_over(self) -> bool:
        if not self._every("is it over?", 0.5):
            return False
        return ReminderRun.objects.exists() and not OutgoingMail.objects.open().exists()

    def _step(self) -> None:
        progress = self.progress
        evidence = self.evidence
        if evidence.kills < self.plan.kills * progress:
            self._kill()
        if len(evidence.submitted_at) < len(self.town.ready) * progress:
            self._submit(self.town.ready[len(evidence.submitted_at)])
        if self.plan.stops and self.stopped is None and progress >= STOPPED_AT:
            self._stop_one()
        if self.redis is not None:
            self._trouble_redis(progress / WITHOUT_REDIS_FROM)
        if self._every("look for orphans", 1):
            evidence.look_for_orphans(time.time() - SETTLED_SECONDS)
        if self._every("let time pass", 1):
            # Back-off is in minutes; nobody waits for it here.
            waiting = OutgoingMail.objects.filter(status=Status.RETRY, next_attempt_at__gt=timezone.now())
            waiting.update(next_attempt_at=timezone.now())

    def _every(self, what: str, seconds: float) -> bool:
        if time.time() < self.at.get(what, 0) + seconds:
            return False
        self.at[what] = time.time()
        return True

    def _kill(self) -> None:
        assert self.crew is not None
        self.crew.kill_one()
        self.evidence.note_kill(time.time())

    def _submit(self, review: Review) -> None:
        """A department hands in; whoever is to be reminded of it must not be from now on."""
        [lead] = [lead for lead in self.town.leads if lead.username == f"p{review.department.code[1:]}"]
        review.refresh_from_db()
        submit(review_id=review.pk, task_id=review.task_id, version=review.draft_version, by=lead, now=timezone.now())
        self.evidence.submitted_at[lead.email] = time.time()

    def _stop_one(self) -> None:
        """Stop a worker that has a mail in hand."""
        assert isinstance(self.crew, Crew)
        pid = self.crew.pids[0]
        os.kill(pid, signal.SIGSTOP)
        in_hand = attempts_in_hand()
        time.sleep(1)
        if in_hand & attempts_in_hand():
            self.stopped = pid
        else:
            os.kill(pid, signal.SIGCONT)

    def _resume(self) -> None:
        """Let the stopped worker go on now that all is done, and see whether it sends or changes anything."""
        if self.stopped is None:
            return
        before, mails = _rows(), len(self.sink.taken)
        with suppress(ProcessLookupError):
            os.kill(self.stopped, signal.SIGCONT)
        time.sleep(SETTLED_SECONDS)
        self.evidence.changed_by_resumed = len(before ^ _rows())
        self.evidence.sent_by_resumed = len(self.sink.taken) - mails

    def _trouble_redis(self, share: float) -> None:
        """Wake the workers as pages and beat do, wipe Redis every now and then, and take it away in the end."""
        assert self.redis is not None
        if self.redis.process is None:
            return
        if self._every("wake", 0.5):
            with suppress(OperationalError, OSError), tick.app.connection_for_write(self.redis.url) as broker:
                tick.apply_async(connection=broker, retry=False, expires=60)
        if self.evidence.flushes < self.plan.flushes * min(share, 1):
            self.redis.flush()
            self.evidence.flushes += 1
        if share >= 1:
            self.redis.kill()
            assert self.crew is not None
            self.crew.stop()
            self.crew = Crew(self.plan.workers, {"EMAIL_URL": self.sink.url, "LOG_LEVEL": "ERROR"}, self.chance)


def _rows() -> set[tuple[Any, ...]]:
    return set(OutgoingMail.objects.values_list("pk", "status", "attempts", "sent_at", "message_id", "reason"))


if __name__ == "__main__":
    print(json.dumps(Scenario(Plan(**json.loads(sys.argv[1]))).run()))
