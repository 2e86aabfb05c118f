"""Triggers by which the database itself refuses to change or remove rows of a table."""

from collections.abc import Mapping, Sequence
from typing import Any

POSTGRESQL = [
    "DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
    "DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
    """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION workflows_append_only()
""",
    """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION workflows_append_only()
""",
]
REFUSE = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
# INSERT OR REPLACE removes the row in its way without asking the triggers on DELETE.
SQLITE = [
    "DROP TRIGGER IF EXISTS {table}_no_UPDATE",
    "DROP TRIGGER IF EXISTS {table}_no_DELETE",
    "DROP TRIGGER IF EXISTS {table}_no_replace",
    f"CREATE TRIGGER {{table}}_no_UPDATE BEFORE UPDATE ON {{table}} {REFUSE}",
    f"CREATE TRIGGER {{table}}_no_DELETE BEFORE DELETE ON {{table}} {REFUSE}",
    f"CREATE TRIGGER {{table}}_no_replace BEFORE INSERT ON {{table}} WHEN {{taken}} {REFUSE}",
]


def protect(schema_editor: Any, tables: Mapping[str, Sequence[str]]) -> None:
    """Make each table append-only; `tables`: name → its unique keys, each the names of its columns with commas.

    For migrations, and once more after any that remakes such a table: on SQLite its triggers go with the old one.
    """
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    for table, keys in tables.items():
        taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {_same(key)})" for key in keys)  # noqa: S608
        for statement in statements:
            schema_editor.execute(statement.format(table=table, taken=taken))


def _same(key: str) -> str:
    return " AND ".join(f"{column} = NEW.{column}" for column in key.split(", "))
