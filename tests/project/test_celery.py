"""The timetable against a real Celery worker on a real Redis."""

from collections.abc import Callable

import pytest

from project.celery import app
from tests.servers.programs import Program
from tests.servers.redis import RedisServer

TASKS = sorted(entry["task"] for entry in app.conf.beat_schedule.values())


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
