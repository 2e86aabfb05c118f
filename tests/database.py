"""What emptying the database between two tests needs here: the rows of migrations back, and append-only tables too."""

from collections.abc import Sequence

from django.db import connection
from django.db.backends.sqlite3.base import DatabaseOperations
from django.db.transaction import atomic

FLUSH = DatabaseOperations.execute_sql_flush


def remember_rows_of_migrations() -> None:
    """Keep what the migrations wrote; transactional tests start from it (`serialized_rollback`)."""
    connection._test_serialized_contents = connection.creation.serialize_db_to_string()


def flush_past_triggers(operations: DatabaseOperations, sql_list: Sequence[str]) -> None:
    """Flush SQLite although triggers forbid DELETE on history: they step aside for the moment."""
    with atomic(), operations.connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        FLUSH(operations, sql_list)
        for _name, sql in triggers:
            cursor.execute(sql)
