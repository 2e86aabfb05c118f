"""Plain SQL on either database, without Django: the driver's own connection, one text for both dialects."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import process_time
from typing import Any

import psutil
import psycopg
from django.conf import settings

# What opening and moving a review write.
TABLES = (
    "viewflow_process",
    "viewflow_task",
    "viewflow_task_previous",
    "workflows_review",
    "workflows_submission",
    "workflows_decision",
    "workflows_event",
    "workflows_pendingevent",
    "departments_planauthor",
)


class Plain:
    """A connection that counts its statements. SQL is written with %s; {braces} hold what the dialects spell apart."""

    connection: Any
    words: dict[str, str]
    version: str

    def __init__(self) -> None:
        self.statements = 0
        self._texts: dict[str, str] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute(self.words["begin"])
        yield
        self.execute("COMMIT")

    def execute(self, sql: str, *values: object) -> Any:
        self.statements += 1
        if sql not in self._texts:
            self._texts[sql] = self._in_dialect(sql)
        return self.connection.execute(self._texts[sql], values)

    def row(self, sql: str, *values: object) -> Any:
        return self.execute(sql, *values).fetchone()

    def cpu_seconds(self) -> float:
        """What this process has used so far, and the database's processes for its connections."""
        return process_time()

    def last(self, table: str) -> int:
        """The highest row number in the table."""
        return self.row(f"SELECT COALESCE(max(id), 0) FROM {table}")[0]

    def _in_dialect(self, sql: str) -> str:
        return sql.format(**self.words)

    def moment(self, at: datetime) -> object:
        """The time as the driver wants it."""
        return at

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add many rows in the fastest way, unchecked: whoever makes them sees to it that they refer to others."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let the planner know the tables as they are now."""
        self.connection.execute("ANALYZE")

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {table: self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


class PostgreSQL(Plain):
    words = {
        "begin": "BEGIN",
        "lock": "FOR UPDATE OF review, plan",
        "lock_row": "FOR UPDATE",
        "json": "jsonb",
        "hash": "encode(sha256(convert_to(opening.previous || opening.id, 'UTF8')), 'hex')",
    }

    def __init__(self) -> None:
        super().__init__()
        self.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        number = self.connection.info.server_version
        self.version = f"PostgreSQL {number // 10000}.{number % 10000}"

    def cpu_seconds(self) -> float:
        used = [backend.cpu_times() for backend in self._backends]
        return process_time() + sum(times.user + times.system for times in used)

    def settle(self) -> None:
        super().settle()
        rows = self.connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        self._backends = [psutil.Process(pid) for (pid,) in rows]

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        with self.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def move_sequences(self) -> None:
        """After rows with numbers of our own; part of the floor, for the next insert needs it."""
        for table in ("viewflow_process", "viewflow_task", "workflows_review", "workflows_event"):
            self.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


class SQLite(Plain):
    words = {
        "begin": "BEGIN IMMEDIATE",
        "lock": "",
        "lock_row": "",
        "json": "text",
        "hash": "lower(hex(randomblob(32)))",
    }

    def __init__(self) -> None:
        super().__init__()
        database = settings.DATABASES["default"]
        self.connection = sqlite3.connect(database["NAME"], isolation_level=None, timeout=20)
        self.connection.executescript(database["OPTIONS"]["init_command"])
        self.version = f"SQLite {sqlite3.sqlite_version}"

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        places = ", ".join("?" * len(columns))
        with self.transaction():
            self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    def _in_dialect(self, sql: str) -> str:
        return super()._in_dialect(sql).replace("%s", "?")

    def moment(self, at: datetime) -> object:
        return at.strftime("%Y-%m-%d %H:%M:%S")

    def move_sequences(self) -> None:
        """Nothing to do: row numbers follow the highest."""


def plain() -> Plain:
    """A connection to the database of the settings."""
    return PostgreSQL() if "postgres" in settings.DATABASES["default"]["ENGINE"] else SQLite()
