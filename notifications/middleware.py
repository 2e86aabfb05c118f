"""Waking the worker after a change, so that mails need not wait for the next tick."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError

from notifications import tasks

log = structlog.get_logger("meguru.mail")

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
CONNECT_SECONDS = 1
MUTED_SECONDS = 30
# One attempt, soon given up: the tick of beat comes anyhow.
IMPATIENT = {
    "max_retries": 0,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": CONNECT_SECONDS,
}


class WakeMiddleware:
    """Asks the worker, if there is Redis, to look for work after every successful change.

    A broker that is away neither fails nor holds up anybody: after one failure it is left alone for a while.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.muted_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        changed = request.method not in SAFE and response.status_code < 400
        if changed and settings.REDIS_URL and time.monotonic() >= self.muted_until:
            self._wake()
        return response

    def _wake(self) -> None:
        try:
            with tasks.tick.app.connection_for_write(transport_options=IMPATIENT) as connection:
                tasks.tick.apply_async(connection=connection, retry=False, expires=60)
        except (OperationalError, OSError) as error:
            self.muted_until = time.monotonic() + MUTED_SECONDS
            log.warning("worker not woken; the next tick will do", error=str(error))
