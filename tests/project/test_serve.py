"""`manage.py serve`: pages and work in one command, and nothing left over however it ends."""

import signal
import socket
import urllib.request
from collections.abc import Iterator

import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.servers.ports import free_port, wait_until
from tests.servers.programs import Program


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


def children_of(program: Program) -> dict[str, psutil.Process]:
    """The children by the name of the module they run, as soon as both are there."""
    parent = psutil.Process(program.process.pid)
    wait_until(lambda: len(parent.children()) == 2, what="two children of serve")
    return {child.cmdline()[2].rpartition(".")[2]: child for child in parent.children()}


def test_a_killed_child_is_replaced_and_no_request_is_refused(server: Program, port: int) -> None:
    before = children_of(server)
    before["web"].kill()
    before["worker"].kill()
    assert answers(port)
    after = children_of(server)
    assert set(after) == {"web", "worker"}
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
