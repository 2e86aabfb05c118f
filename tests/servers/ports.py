"""Free ports, waiting until something has happened, and ending processes for certain."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(happened: Callable[[], bool], *, what: str, seconds: float = 20.0) -> None:
    """Return as soon as `happened()` is true; after `seconds` fail with a message naming `what`."""
    give_up_at = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"Waited {seconds:g} s in vain: {what}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Does anybody accept connections on this port of 127.0.0.1?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop_process(process: subprocess.Popen, *, seconds: float = 10.0) -> None:
    """SIGTERM, and SIGKILL for what is still there after `seconds`."""
    process.terminate()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def guarded(process_id: int, directory: Path) -> Iterator[None]:
    """Should this process be killed within the block, a guard ends `process_id` and removes `directory`."""
    orders = 'cat >/dev/null; kill -QUIT "$0"; sleep 1; rm -rf "$1"'  # cat ends with us: then the pipe closes
    guard = subprocess.Popen(
        ["sh", "-c", orders, str(process_id), str(directory)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(guard.pid, signal.SIGKILL)
        guard.wait()
        guard.stdin.close()
