"""`manage.py serve`: pages and work in one command, and nothing left over however it ends."""

import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from notifications.models import MailKind, OutgoingMail, Status
from notifications.outbox import Draft, queue
from tests.factories import make_user
from tests.servers.ports import free_port, wait_until
from tests.servers.programs import Program
from tests.servers.redis import RedisServer

TICK_AND_A_BIT = 15.0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(transactional_db: None, port: int) -> Iterator[Program]:
    """`manage.py serve` without Redis, once it answers."""
    program = Program("manage.py", "serve", "--port", str(port))
    program.start()
    try:
        wait_until(lambda: answers(port), what="the first page from serve")
        yield program
    finally:
        program.stop()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as response:
            return response.status == 200
    except OSError:
        return False


def children_of(program: Program, count: int = 2) -> dict[str, psutil.Process]:
    """The children by what they run (`web 3`, `worker embedded`), as soon as all are there."""
    parent = psutil.Process(program.process.pid)
    wait_until(lambda: len(parent.children()) == count, what=f"{count} children of serve")
    return {" ".join(child.cmdline()[2:]).removeprefix("project.serve."): child for child in parent.children()}


def queue_a_mail_that_nobody_needs() -> OutgoingMail:
    """The smallest thing for a tick to do: it finds that the mail has nothing to tell, and ends it."""
    mail = OutgoingMail(key="nothing", kind=MailKind.DIGEST, recipient=make_user())
    queue([Draft(mail, [])], now=timezone.now())
    return OutgoingMail.objects.get(key="nothing")


def has_ended(mail: OutgoingMail) -> bool:
    mail.refresh_from_db()
    return mail.status == Status.CANCELLED


def test_the_work_behind_the_pages_is_done_without_redis(server: Program) -> None:
    mail = queue_a_mail_that_nobody_needs()
    wait_until(lambda: has_ended(mail), what="the tick of the worker child", seconds=TICK_AND_A_BIT)


def test_with_redis_celery_does_the_work(
    transactional_db: None, redis_server: RedisServer, send_task: Callable[[str], None], port: int
) -> None:
    program = Program("manage.py", "serve", "--port", str(port), environment={"REDIS_URL": redis_server.url})
    program.start()
    try:
        mail = queue_a_mail_that_nobody_needs()
        program.wait_for_line("beat: Starting...")
        assert set(children_of(program, 4)) >= {"worker mail", "worker heavy", "worker beat"}
        send_task("notifications.tasks.tick")
        wait_until(lambda: has_ended(mail), what="the tick in Celery's worker", seconds=TICK_AND_A_BIT)
    finally:
        program.stop()


def test_a_killed_child_is_replaced_and_no_request_is_refused(server: Program, port: int) -> None:
    before = children_of(server)
    for child in before.values():
        child.kill()
    assert answers(port)
    after = children_of(server)
    assert set(after) == set(before)
    assert {child.pid for child in before.values()}.isdisjoint({child.pid for child in after.values()})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything(server: Program, port: int, number: signal.Signals) -> None:
    children = children_of(server)
    server.process.send_signal(number)
    assert server.process.wait(timeout=12) == 0
    assert not any(child.is_running() for child in children.values())
    assert not answers(port)


def test_children_do_not_outlive_a_killed_parent(server: Program, port: int) -> None:
    children = children_of(server)
    server.kill()
    _gone, alive = psutil.wait_procs(list(children.values()), timeout=12)
    assert alive == []
    assert not answers(port)


def test_a_port_in_use_is_said_and_nothing_starts(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(CommandError, match=f"{port} .*PORT=8001"):
        call_command("serve", port=port)


@pytest.mark.parametrize("number", [65536, -1])
def test_a_number_that_is_no_port_is_said(number: int) -> None:
    with pytest.raises(CommandError, match="65535"):
        call_command("serve", port=number)
