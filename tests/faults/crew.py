"""The processes of a scenario: workers that are killed, Redis that forgets, and what wakes whom."""

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from tests.servers.ports import stop_process, wait_until


class Crew:
    """Worker processes without Celery. `pids`: who is at work now."""

    def __init__(self, count: int, environment: Mapping[str, str], chance: random.Random) -> None:
        self.chance = chance
        self.file = Path(tempfile.mkdtemp(prefix="crew-", dir=settings.VAR_DIR)) / "pids"
        self.process = _started(["tests.faults.workers", str(count), str(self.file)], environment)
        wait_until(lambda: len(self.pids) == count, what="workers started")

    @property
    def pids(self) -> list[int]:
        if not self.file.exists():
            return []
        return [int(pid) for pid in self.file.read_text().split()]

    def kill_one(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(self.pids), signal.SIGKILL)

    def stop(self) -> None:
        stop_process(self.process)


class CeleryCrew:
    """A Celery worker of the mail queue, whose children are killed; it takes what is put into Redis."""

    def __init__(self, count: int, environment: Mapping[str, str], chance: random.Random) -> None:
        self.chance = chance
        celery = ["celery", "-A", "project", "worker", "-Q", "mail", "--concurrency", str(count)]
        self.process = _started([*celery, "--loglevel", "ERROR"], environment)

    @property
    def pids(self) -> list[int]:
        number = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{number}/task/{number}/children").read_text().split()]

    def kill_one(self) -> None:
        with suppress(ProcessLookupError, IndexError):
            os.kill(self.chance.choice(self.pids), signal.SIGKILL)

    def stop(self) -> None:
        stop_process(self.process)


def _started(arguments: list[str], environment: Mapping[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.shifted", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a killed worker's complaints; what counts is what the mail server got
    )
