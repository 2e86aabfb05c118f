"""Our own programs as child processes, on the test's database: a Celery worker, a management command, the server."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.servers.ports import stop_process, wait_until


def test_database_url() -> str:
    """DATABASE_URL of the database the test itself uses, so that a child process sees the test's rows."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    host = config["OPTIONS"].get("host") or config["HOST"]
    return f"postgresql://{config['USER']}:{quote(config['PASSWORD'])}@/{config['NAME']}?host={quote(host, safe='/')}"


test_database_url.__test__ = False  # pytest would take it for a test


class Program:
    """A Python child process running our code with the real settings on the test's database; output goes to a file."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.arguments = arguments
        self.environment = dict(environment or {})
        handle, name = tempfile.mkstemp(prefix="program-", suffix=".log", dir=settings.VAR_DIR)
        os.close(handle)
        self.log = Path(name)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        environment = {**os.environ, "DATABASE_URL": test_database_url(), "LOG_LEVEL": "INFO", **self.environment}
        environment["DJANGO_SETTINGS_MODULE"] = "project.settings"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for_line(self, text: str, *, seconds: float = 30.0) -> None:
        """Return once the program has printed `text`; fails with its whole output when it ends before, or is late."""
        self.wait_for_lines(text, 1, seconds=seconds)

    def wait_for_lines(self, text: str, count: int, *, seconds: float = 30.0) -> None:
        """The same for `count` times `text`, counted over all its starts."""

        def printed() -> bool:
            output = self.log.read_text(encoding="utf-8")
            if output.count(text) >= count:
                return True
            if self.process is None or self.process.poll() is not None:
                raise AssertionError(f"{self.arguments} ended early:\n{output}")
            return False

        wait_until(printed, what=f"{text!r} from {self.arguments}, log in {self.log}", seconds=seconds)

    def kill(self) -> None:
        """SIGKILL: it gets no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process)


def celery_worker(
    *, redis_url: str, queues: str = "mail,heavy", environment: Mapping[str, str] | None = None
) -> Program:
    """A real Celery worker (one prefork child) on the real Redis at `redis_url`; started by the caller."""
    arguments = ("-m", "celery", "-A", "project", "worker", "-Q", queues, "--concurrency", "1", "--loglevel", "INFO")
    return Program(*arguments, environment={"REDIS_URL": redis_url, **(environment or {})})
