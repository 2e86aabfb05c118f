"""The worker children: Celery's own worker and beat beside Redis, or both in one process without any server."""

import logging
import signal
import sys

import django
from celery.beat import EmbeddedService

from project.celery import app, timetable
from project.serve.lifeline import hold_lifeline

TICK_SECONDS = 5
THREADS = 3


def run_embedded() -> None:
    """Worker and beat in this process over `memory://`, until SIGTERM.

    Beat is a thread: as a process of its own (`celery worker -B`) it would fill a queue in memory that nobody reads.
    """
    logging.getLogger("celery").setLevel(logging.WARNING)  # three lines for every tick would hide all else
    app.conf.update(beat_schedule=timetable(tick_seconds=TICK_SECONDS), worker_enable_remote_control=False)
    worker = app.WorkController(
        pool="threads",
        concurrency=THREADS,
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The schedule lives in memory too, so what fell due while the machine was off is asked for at the start.
    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"])
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    beat.start()
    worker.start()


def main(role: str) -> None:
    """Be the `embedded` worker, or Celery's `worker` or `beat`."""
    django.setup()
    hold_lifeline()
    if role == "embedded":
        run_embedded()
    elif role == "worker":
        app.start(["worker", "--concurrency", "2", "--loglevel", "INFO"])
    else:
        app.start(["beat", "--loglevel", "INFO"])


if __name__ == "__main__":
    main(sys.argv[1])
