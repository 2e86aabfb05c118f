"""What emptying the database between two tests needs here: the rows of migrations back, and append-only tables too."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.transaction import atomic

FLUSH = BaseDatabaseOperations.execute_sql_flush


def remember_rows_of_migrations() -> None:
    """Keep what the migrations wrote; transactional tests start from it (`serialized_rollback`).

    On the class, because a thread in which Playwright's event loop runs has a connection of its own.
    """
    BaseDatabaseWrapper._test_serialized_contents = connection.creation.serialize_db_to_string()


def flush_past_triggers(operations: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
    """Flush although triggers forbid it on history: they step aside for the moment."""
    with atomic(), triggers_aside():
        FLUSH(operations, sql_list)


@contextmanager
def triggers_aside() -> Iterator[Any]:
    """A cursor that may do what the triggers forbid. Within a transaction."""
    aside = _triggers_aside_on_sqlite if connection.vendor == "sqlite" else _triggers_aside_on_postgresql
    with connection.cursor() as cursor, aside(cursor):
        yield cursor


@contextmanager
def _triggers_aside_on_sqlite(cursor: Any) -> Iterator[None]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = cursor.fetchall()
    for name, _sql in triggers:
        cursor.execute(f"DROP TRIGGER {name}")
    yield
    for _name, sql in triggers:
        cursor.execute(sql)


@contextmanager
def _triggers_aside_on_postgresql(cursor: Any) -> Iterator[None]:
    cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    tables = [table for (table,) in cursor.fetchall()]
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no ALTER TABLE while the check of a foreign key is put off
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
