"""The children that do the work: Celery's own workers and beat beside Redis, or all in one without any server."""

import logging
import signal
import sys
from types import FrameType

import django
from celery.beat import EmbeddedService

from notifications.stopping import stopping
from project.celery import app, timetable
from project.serve.lifeline import hold_lifeline

TICK_SECONDS = 5
# Queue → processes of its worker, beside Redis.
PROCESSES = {"mail": 2, "heavy": 1}
MAIL_THREADS = 2  # without Redis: of all threads, those that heavy work leaves to mails


def run_embedded() -> None:
    """Worker and beat in this process over `memory://`, until SIGTERM.

    Beat is a thread: as a process of its own (`celery worker -B`) it would fill a queue in memory that nobody reads.
    """
    logging.getLogger("celery").setLevel(logging.WARNING)  # three lines for every tick would hide all else
    app.conf.update(beat_schedule=timetable(tick_seconds=TICK_SECONDS), worker_enable_remote_control=False)
    kinds_of_heavy_work = len(app.conf.beat_schedule) - 1
    worker = app.WorkController(
        pool="threads",
        queues=list(PROCESSES),
        concurrency=kinds_of_heavy_work + MAIL_THREADS,
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    signal.signal(signal.SIGTERM, stop)
    # The schedule lives in memory too, so what fell due while the machine was off is asked for at the start.
    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"])
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    beat.start()
    worker.start()


def stop(_number: int, _frame: FrameType | None) -> None:
    """End with the mails at hand."""
    stopping.set()
    sys.exit(0)


def main(role: str) -> None:
    """Be the `embedded` worker, the worker of the queue of that name, or Celery's `beat`."""
    django.setup()
    hold_lifeline()
    if role == "embedded":
        run_embedded()
    elif role == "beat":
        app.start(["beat", "--loglevel", "INFO"])
    else:
        many = str(PROCESSES[role])
        app.start(["worker", "-Q", role, "-n", f"{role}@%h", "--concurrency", many, "--loglevel", "INFO"])


if __name__ == "__main__":
    main(sys.argv[1])
