"""The parent: starts the children, starts a dead one again, stops them all at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings

POLL_SECONDS = 0.2
STOP_SECONDS = 45  # what a worker may take for its tick and the mail at hand; the idle are gone at once
STEADY_SECONDS = 60  # a child that lived this long starts again at once when it dies
BACKOFF_SECONDS = (0.5, 1, 2, 5, 10, 30)


@dataclass
class Child:
    """One process of ours: `module` is run with `arguments` by the interpreter that runs the parent."""

    name: str
    module: str
    arguments: Sequence[str] = ()
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_at: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the parent alone."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own modules only
            [sys.executable, "-m", self.module, *self.arguments],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,  # the lifeline: closes when the parent is gone
            pass_fds=self.pass_fds,
            process_group=0,
        )

    def note_death(self) -> float:
        """Forget the dead process; returns the seconds until the next start."""
        steady = time.monotonic() - self.started_at >= STEADY_SECONDS
        self.deaths = 0 if steady else self.deaths + 1
        wait = BACKOFF_SECONDS[min(max(self.deaths - 1, 0), len(BACKOFF_SECONDS) - 1)]
        self.start_at = time.monotonic() + wait
        self.process = None
        return wait

    def ask_to_stop(self) -> None:
        """SIGTERM to the child alone: what it started itself may be in the middle of a mail."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to the child's whole group; a group that is gone already is fine."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps `children` running until SIGINT or SIGTERM; `say` prints one line to the person at the terminal."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], object]) -> None:
        self.children = children
        self.say = say
        self.asked_to_stop = 0

    def run(self) -> None:
        """Block until told to stop, then stop every child within STOP_SECONDS, or at once when told again."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        try:
            while not self.asked_to_stop:
                for child in self.children:
                    self._tend(child)
                time.sleep(POLL_SECONDS)
        finally:
            self._stop_all()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop += 1

    def _tend(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
        elif (code := child.process.poll()) is not None:
            child.kill()  # whatever the dead child started itself
            wait = child.note_death()
            self.say(f"{child.name} ended with code {code}; starting it again in {wait:g} s")

    def _stop_all(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        give_up_at = time.monotonic() + STOP_SECONDS
        while self.asked_to_stop < 2 and time.monotonic() < give_up_at and any(c.is_running for c in self.children):
            time.sleep(POLL_SECONDS)
        for child in self.children:
            child.kill()
            if child.process is not None:
                child.process.wait()
