"""The timetable, the queues and the settings against real Celery workers on a real Redis."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from notifications.middleware import WakeMiddleware
from notifications.models import Tick
from notifications.tasks import SECONDS
from project.celery import app
from project.serve.worker import PROCESSES
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.ports import wait_until
from tests.servers.programs import Program, celery_worker
from tests.servers.redis import RedisServer

TASKS = sorted(entry["task"] for entry in app.conf.beat_schedule.values())
PASSWORD = "momiji7"


@pytest.fixture
def run(worker: Program, send_task: Callable[[str], None]) -> Callable[[str], None]:
    """Send a task and wait until the worker has done it without a fault."""

    def send_and_wait(task: str) -> None:
        done = worker.log.read_text(encoding="utf-8").count("succeeded in")
        send_task(task)
        worker.wait_for_lines("succeeded in", done + 1)
        assert "Traceback" not in worker.log.read_text(encoding="utf-8")

    return send_and_wait


def test_the_worker_does_all_that_beat_sends(run: Callable[[str], None]) -> None:
    for task in TASKS:
        run(task)


def test_a_worker_that_was_killed_and_a_redis_that_lost_all_are_no_hindrance(
    run: Callable[[str], None], worker: Program, redis_server: RedisServer, send_task: Callable[[str], None]
) -> None:
    """Nothing is in the queue but ticks, and the next one does what a lost one would have done."""
    worker.kill()
    send_task(TASKS[0])
    redis_server.stop()
    redis_server.start()
    worker.start()
    worker.wait_for_lines(" ready.", 2)
    run(TASKS[0])


# ---- queues


def own_tasks() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if not name.startswith("celery."))


def queue_of(task: str) -> str:
    return app.amqp.router.route({}, task)["queue"].name


def test_every_task_has_a_queue_that_somebody_works_on() -> None:
    assert {task: queue_of(task) for task in own_tasks()} == {
        task: "mail" if task == "notifications.tasks.tick" else "heavy" for task in own_tasks()
    }
    assert queue_of("some.task.of.tomorrow") == "heavy"
    compose = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    commands = " ".join(" ".join(service.get("command", [])) for service in compose.values())
    assert sorted(re.findall(r"-Q (\S+)", commands)) == sorted(PROCESSES) == ["heavy", "mail"]


# ---- settings


def test_nothing_is_handed_out_twice_while_it_may_still_run() -> None:
    options = settings.CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS
    assert {options["visibility_timeout"], settings.CELERY_VISIBILITY_TIMEOUT} == {settings.VISIBILITY_TIMEOUT}
    assert SECONDS + settings.EMAIL_TIMEOUT < settings.CELERY_TASK_TIME_LIMIT < settings.VISIBILITY_TIMEOUT


def test_a_worker_that_is_stopped_has_time_for_its_tick() -> None:
    compose = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    for name in ("worker-mail", "worker-heavy"):
        assert compose[name]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
        grace = int(compose[name]["stop_grace_period"].removesuffix("s"))
        assert SECONDS < settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT < grace


# ---- a Redis with password and TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path, "redis")


@pytest.fixture
def closed_redis(certificate: Certificate) -> Iterator[RedisServer]:
    """A Redis that takes TLS alone, and asks for a password."""
    server = RedisServer(password=PASSWORD, certificate=certificate)
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_a_tick_goes_through_tls_and_password_to_a_real_worker(
    transactional_db: None, closed_redis: RedisServer, certificate: Certificate
) -> None:
    worker = celery_worker(redis_url=closed_redis.url, queues="mail", environment={"REDIS_CA": str(certificate.path)})
    worker.start()
    try:
        with app.connection_for_write(closed_redis.url, ssl={"ssl_ca_certs": str(certificate.path)}) as connection:
            app.send_task("notifications.tasks.tick", connection=connection)
        wait_until(lambda: Tick.objects.exists(), what="a tick of the worker behind TLS", seconds=30)
    finally:
        worker.stop()


@pytest.mark.django_db
def test_a_certificate_of_somebody_else_is_not_trusted(closed_redis: RedisServer, tmp_path: Path) -> None:
    stranger = make_certificate(tmp_path, "stranger")
    sender = Program(
        *("-c", "from project.celery import app; app.connection_for_write().channel().client.ping()"),
        environment={"REDIS_URL": closed_redis.url, "REDIS_CA": str(stranger.path)},
    )
    sender.start()
    wait_until(lambda: sender.process.poll() is not None, what="its end", seconds=40)
    assert "CERTIFICATE_VERIFY_FAILED" in sender.log.read_text(encoding="utf-8")


@pytest.fixture
def redis_with_password() -> Iterator[RedisServer]:
    server = RedisServer(password=PASSWORD)
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_with_a_wrong_password_pages_answer_and_nothing_is_queued(
    redis_with_password: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mails go out by the loop; that it needs no Redis is tried in tests/notifications/test_wakers.py."""
    right = redis_with_password.url
    for url, queued in ((right.replace(PASSWORD, "wrong"), 0), (right, 1)):
        settings.REDIS_URL = url
        monkeypatch.setattr(app.conf, "broker_url", url)
        started = time.monotonic()
        response = WakeMiddleware(lambda _: HttpResponse(status=302))(RequestFactory().post("/"))
        assert (response.status_code, time.monotonic() - started < 2) == (302, True)
        with app.connection_for_write(right) as connection:
            assert connection.default_channel.client.llen("mail") == queued
