"""Waking the worker after a change: with Redis at once, and never at the cost of the request."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from notifications.middleware import WakeMiddleware
from project.celery import app
from tests.notifications.city import make_city
from tests.servers.ports import free_port
from tests.servers.programs import Program
from tests.servers.redis import RedisServer
from tests.servers.smtp import SmtpSink

request = RequestFactory()


def waiting(server: RedisServer) -> int:
    """How many tasks wait in the queue for mails."""
    with app.connection_for_write(server.url) as connection:
        return connection.default_channel.client.llen("mail")


def wake(method: str = "post", status: int = 302) -> float:
    """Answer one request; returns how many seconds that took."""
    started = time.monotonic()
    WakeMiddleware(lambda _: HttpResponse(status=status))(getattr(request, method)("/"))
    return time.monotonic() - started


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def broker(redis_server: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    settings.REDIS_URL = redis_server.url
    monkeypatch.setattr(app.conf, "broker_url", redis_server.url)
    with app.connection_for_write(redis_server.url) as connection:
        connection.default_channel.client.flushall()
    return redis_server


def test_a_change_wakes_the_worker(broker: RedisServer) -> None:
    wake()
    assert waiting(broker) == 1


@pytest.mark.parametrize(
    ("method", "status"), [("get", 200), ("head", 200), ("post", 400), ("post", 409), ("post", 404)]
)
def test_nothing_changed_wakes_nobody(broker: RedisServer, method: str, status: int) -> None:
    wake(method, status)
    assert waiting(broker) == 0


def test_without_redis_nothing_is_asked(settings: Any) -> None:
    settings.REDIS_URL = ""
    assert wake() < 0.1


def test_a_dead_broker_holds_up_nobody(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(app.conf, "broker_url", settings.REDIS_URL)
    assert wake() < 2


def test_a_silent_broker_holds_up_one_request_for_a_second_and_the_next_not_at_all(
    settings: Any, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    monkeypatch.setattr(app.conf, "broker_url", settings.REDIS_URL)
    middleware = WakeMiddleware(lambda _: HttpResponse())
    times = []
    for _ in range(2):
        started = time.monotonic()
        middleware(request.post("/"))
        times.append(time.monotonic() - started)
    assert times[0] < 4
    assert times[1] < 0.1


def test_a_real_worker_sends_what_a_tick_finds(worker: Program, send_task: Any, smtp_sink: SmtpSink) -> None:
    city = make_city()
    city.open(timezone.now())
    send_task("notifications.tasks.tick")
    assert sorted(delivery.recipients[0] for delivery in smtp_sink.wait_for(3)) == [
        "sato@city.example",
        "suzuki@city.example",
        "tanaka@city.example",
    ]
