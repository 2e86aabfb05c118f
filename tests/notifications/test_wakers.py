"""Each of the three wakers alone — a ping, beat, a loop — sends the same mails, and two beats send no more of them."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from notifications.middleware import WakeMiddleware
from notifications.models import OutgoingMail, Status, Tick
from project.celery import app
from tests.notifications.city import City, make_city
from tests.servers.ports import wait_until
from tests.servers.programs import Program, celery_worker
from tests.servers.redis import RedisServer
from tests.servers.smtp import HANG, SmtpSink

OPENED = {"sato@city.example": 1, "suzuki@city.example": 1, "tanaka@city.example": 1}
HASTY_BEAT = (
    "from project.celery import app, timetable; "
    "app.conf.beat_schedule = timetable(tick_seconds=0.5); "
    "app.start(['beat', '--loglevel', 'INFO', '--schedule', '{schedule}', '--pidfile', ''])"
)


@pytest.fixture(scope="module")
def mail_worker(
    django_db_setup: None, django_db_blocker: Any, redis_server: RedisServer, smtp_server: SmtpSink
) -> Iterator[Program]:
    """A real worker for mails on the test's database; the tests of this module share it."""
    with django_db_blocker.unblock():
        worker = celery_worker(redis_url=redis_server.url, queues="mail", environment={"EMAIL_URL": smtp_server.url})
        worker.start()
    try:
        worker.wait_for_line(" ready.")
        yield worker
    finally:
        worker.stop()


@pytest.fixture
def city(transactional_db: None) -> City:
    city = make_city()
    city.open(timezone.now())
    return city


@pytest.fixture
def beat(redis_server: RedisServer, tmp_path: Path) -> Iterator[Callable[[], Program]]:
    """Starts a real beat that ticks twice a second; as many as one likes."""
    started: list[Program] = []

    def start() -> Program:
        schedule = tmp_path / f"schedule-{len(started)}"
        program = Program("-c", HASTY_BEAT.format(schedule=schedule), environment={"REDIS_URL": redis_server.url})
        program.start()
        started.append(program)
        return program

    yield start
    for program in started:
        program.stop()


def loop(smtp_sink: SmtpSink, every: int = 1) -> Program:
    program = Program("manage.py", "send_due", "--every", str(every), environment={"EMAIL_URL": smtp_sink.url})
    program.start()
    return program


def sent(smtp_sink: SmtpSink) -> dict[str, int]:
    """Address → how many mails the mail server took for it."""
    return dict(sorted(Counter(delivery.recipients[0] for delivery in smtp_sink.deliveries).items()))


def test_a_ping_alone(
    city: City,
    smtp_sink: SmtpSink,
    mail_worker: Program,
    redis_server: RedisServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.REDIS_URL = redis_server.url
    monkeypatch.setattr(app.conf, "broker_url", redis_server.url)
    WakeMiddleware(lambda _: HttpResponse(status=302))(RequestFactory().post("/"))
    smtp_sink.wait_for(3)
    assert sent(smtp_sink) == OPENED


def test_beat_alone_and_two_of_them(
    city: City, smtp_sink: SmtpSink, mail_worker: Program, beat: Callable[[], Program]
) -> None:
    before = timezone.now()
    beats = [beat(), beat()]
    for each in beats:
        each.wait_for_lines("Sending due task tick", 3)
    smtp_sink.wait_for(3)
    wait_until(lambda: Tick.objects.filter(at__gt=before).exists(), what="a tick")
    assert sent(smtp_sink) == OPENED


def test_a_loop_alone_until_it_is_told_to_end_with_the_mail_at_hand(city: City, smtp_sink: SmtpSink) -> None:
    """No Redis, no Celery; and SIGTERM while the mail server thinks cuts no mail off, nor begins another."""
    smtp_sink.answer("*", HANG)
    program = loop(smtp_sink)
    try:
        smtp_sink.wait_for(1)
        program.process.send_signal(signal.SIGTERM)
        with pytest.raises(AssertionError):
            wait_until(lambda: program.process.poll() is not None, what="its end", seconds=0.5)
        smtp_sink.release()
        wait_until(lambda: program.process.poll() == 0, what="the end of the loop")
        assert len(smtp_sink.deliveries) == 1
        assert OutgoingMail.objects.get(status=Status.SENT).attempts == 1
        program.start()
        smtp_sink.wait_for(3)
        wait_until(lambda: not OutgoingMail.objects.open().exists(), what="the loop to settle the mails")
        assert sent(smtp_sink) == OPENED
    finally:
        program.stop()
    assert "sent=" in program.log.read_text(encoding="utf-8")


def test_mails_wait_neither_behind_heavy_work_nor_behind_what_nobody_knows(
    transactional_db: None, redis_server: RedisServer, mail_worker: Program, send_task: Callable[[str], None]
) -> None:
    """Heavy work stays for its own worker; a task of another version is refused once and gone."""
    redis_server.flush()
    heavy = {entry["task"] for entry in app.conf.beat_schedule.values()} - {"notifications.tasks.tick"}
    for task in [*heavy, "notifications.tasks.of_an_older_version", "notifications.tasks.tick"]:
        send_task(task)
    mail_worker.wait_for_line("Received unregistered task")
    wait_until(Tick.objects.exists, what="a tick")
    with app.connection_for_write(redis_server.url) as connection:
        client = connection.default_channel.client
        wait_until(lambda: client.hlen("unacked") == 0, what="the end of all tasks")
        assert [client.llen("heavy"), client.llen("mail")] == [len(heavy), 0]
    redis_server.flush()
