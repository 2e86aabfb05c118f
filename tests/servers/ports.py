"""Free ports and waiting until somebody listens on one."""

import socket
import subprocess
import time
from collections.abc import Callable


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
