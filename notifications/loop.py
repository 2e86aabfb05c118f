"""The waker that needs neither Redis nor Celery: a tick every so many seconds, until SIGTERM."""

import signal
import time
from types import FrameType

import structlog
from django.db import close_old_connections
from django.utils import timezone

from notifications.bounces.reading import sweep
from notifications.stopping import stopping
from notifications.ticks import tick

log = structlog.get_logger("meguru.mail")

# After a tick with a fault, such as while the database starts anew.
BACKOFF_SECONDS = (1, 2, 5, 10, 30)
SWEEP_SECONDS = 300  # between two looks into the bounce mailbox


class Loop:
    """Ticks every `every` seconds; SIGTERM and SIGINT end it with the mail at hand. A database away is waited for."""

    def __init__(self, every: float) -> None:
        self.every = every
        self.failures = 0
        self.next_sweep = 0.0

    def run(self) -> None:
        """Block until told to end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        while not stopping.is_set():
            self.failures = 0 if self._round() else self.failures + 1
            stopping.wait(self._pause())

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        stopping.set()

    def _round(self) -> bool:
        """One tick, and now and then a look into the bounce mailbox; was it without a fault?"""
        close_old_connections()
        try:
            is_well = not tick().faults
            if time.monotonic() >= self.next_sweep:
                sweep(now=timezone.now())
                self.next_sweep = time.monotonic() + SWEEP_SECONDS
        except Exception:
            log.exception("the round did not come to its end")
            return False
        return is_well

    def _pause(self) -> float:
        if not self.failures:
            return self.every
        return min(self.every, BACKOFF_SECONDS[min(self.failures, len(BACKOFF_SECONDS)) - 1])
