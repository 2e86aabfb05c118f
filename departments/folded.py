"""Columns that the database computes: texts as a search compares them."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.sql.compiler import SQLCompiler

from departments.folding import TABLE, fold

SQLITE_FUNCTION = "meguru_fold"
# Where one text ends and the next begins: no word reaches over it.
BOUNDARY = 31
FROM = "".join(chr(code) for code in sorted(TABLE, key=lambda code: TABLE[code] is None))
TO = "".join(chr(code) for code in TABLE.values() if code is not None)


class Folded(Func):
    """`folding.fold` of texts, one after the other, in SQL."""

    output_field = models.TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        template = f"translate(normalize(%(expressions)s, NFKC), '{FROM}', '{TO}')"
        return self.as_sql(compiler, connection, template=template, arg_joiner=f" || chr({BOUNDARY}) || ")

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template=f"{SQLITE_FUNCTION}(%(expressions)s)", arg_joiner=f" || char({BOUNDARY}) || "
        )


def folded(*columns: str) -> models.GeneratedField:
    """A column with the columns' texts folded, for `folded__contains=`; the database itself keeps it right."""
    return models.GeneratedField(expression=Folded(*columns), output_field=models.TextField(), db_persist=True)


def teach_fold(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Give a new connection to SQLite the function that its columns are computed by."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(SQLITE_FUNCTION, 1, fold, deterministic=True)
