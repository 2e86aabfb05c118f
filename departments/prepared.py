"""Statements that are put into SQL once and then only filled in, for what every step of a review does.

Django spells a statement anew each time, which takes several times as long as the database takes to do it. Queries
stay Django's queries; rows are inserted and updated as by `save`, without its signals. Needs SQLite 3.35 or newer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import cache, cached_property
from inspect import signature
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField, Expression, Field, Model, QuerySet

Row = TypeVar("Row")
Added = TypeVar("Added", bound=Model)

# For the one transaction only, and on PostgreSQL without a statement and a round trip more.
AT_LEISURE = " AND set_config('synchronous_commit', 'off', true) IS NOT NULL"


class Place(Expression):
    """Where a value will stand; it goes to the database as it is, which is right for numbers and for texts."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class Prepared(Generic[Row]):
    """`Prepared(lambda plan: Event.objects.filter(plan=plan))(12)` is a list of the rows, as from the query itself."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        """`build` makes the query of places to compare columns with, one for each of its arguments."""
        self._build = build

    def __call__(self, *values: int | str) -> list[Row]:
        queryset, compiler, sql, params = self._made
        filled = copy(compiler)
        filled.connection = _connection()
        full = tuple(values[param.number] if isinstance(param, Place) else param for param in params)
        filled.as_sql = lambda *_args, **_kwargs: (sql, full)
        asked = queryset.all()
        vars(asked.query)["get_compiler"] = lambda *_args, **_kwargs: filled
        return list(asked)

    @cached_property
    def _made(self) -> tuple[QuerySet[Any, Row], Any, str, tuple]:
        queryset = self._build(*map(Place, range(len(signature(self._build).parameters))))
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        return queryset, compiler, *compiler.as_sql()


def insert(row: Added) -> Added:
    """Add the row, and give it its number."""
    sql, fields = _insertion(type(row))
    with _connection().cursor() as cursor:
        cursor.execute(sql, _values(row, fields))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def update(row: Model, *names: str) -> None:
    """Write these fields of a row, of which no more than the number need be known; DatabaseError if there is none."""
    sql, fields = _change(type(row), names)
    with _connection().cursor() as cursor:
        cursor.execute(sql, [*_values(row, fields), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"{row._meta.label} {row.pk} is not there")


def change(model: type[Model], values: Mapping[str, Any], *, at_leisure: bool = False, **where: Any) -> bool:
    """Write these values into the row where these fields, none of them NULL, say that; False if there is none.

    `at_leisure`: the statement is a transaction of its own, and the database need not have it on the disk before it
    answers. It is seen by everybody and outlives this process; a power cut may undo it until the next commit.
    """
    sql, fields = _conditional_change(model, tuple(values), tuple(where))
    with _connection().cursor() as cursor, _leisure(cursor) if at_leisure else nullcontext("") as condition:
        cursor.execute(sql + condition, _prepared(fields, [*values.values(), *where.values()]))
        return bool(cursor.rowcount)


@contextmanager
def _leisure(cursor: CursorWrapper) -> Iterator[str]:
    """The database answers a statement before it is on the disk; what to add to that statement's condition.

    SQLite can be told so only between transactions; within one, the statement ends with it as any other.
    """
    if cursor.db.vendor == "postgresql":
        yield AT_LEISURE
        return
    if cursor.db.in_atomic_block:
        yield ""
        return
    (usual,) = cursor.execute("PRAGMA synchronous").fetchone()
    cursor.execute("PRAGMA synchronous=NORMAL")
    try:
        yield ""
    finally:
        cursor.execute(f"PRAGMA synchronous={usual}")


def change_all(model: type[Model], changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> int:
    """As `change` for pairs of values and conditions that name the same fields each; how many rows that changed."""
    if not changes:
        return 0
    sql, fields = _conditional_change(model, *map(tuple, changes[0]))
    with _connection().cursor() as cursor:
        rows = [_prepared(fields, [*values.values(), *where.values()]) for values, where in changes]
        cursor.executemany(sql, rows)
        return cursor.rowcount


def _prepared(fields: list[Field], values: list[Any]) -> list[Any]:
    connection = _connection()
    return [field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True)]


def _connection() -> BaseDatabaseWrapper:
    """This thread's."""
    return connections[DEFAULT_DB_ALIAS]


def _values(row: Model, fields: list[Field]) -> list[Any]:
    connection = _connection()
    return [field.get_db_prep_save(field.pre_save(row, row._state.adding), connection) for field in fields]


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Field]]:
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not (isinstance(field, AutoField) or field.generated)]
    columns, places = ", ".join(map(_column, fields)), ", ".join(["%s"] * len(fields))
    table = _connection().ops.quote_name(meta.db_table)
    return f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {_column(meta.pk)}", fields  # noqa: S608


@cache
def _change(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[Field]]:
    meta = model._meta
    fields = [field for field in meta.concrete_fields if field.name in names]
    columns = ", ".join(f"{_column(field)} = %s" for field in fields)
    table = _connection().ops.quote_name(meta.db_table)
    return f"UPDATE {table} SET {columns} WHERE {_column(meta.pk)} = %s", fields  # noqa: S608


@cache
def _conditional_change(
    model: type[Model], names: tuple[str, ...], conditions: tuple[str, ...]
) -> tuple[str, list[Field]]:
    meta = model._meta
    written, compared = map(meta.get_field, names), map(meta.get_field, conditions)
    fields = [cast(Field, field) for field in (*written, *compared)]
    places = [f"{_column(field)} = %s" for field in fields]
    columns, condition = ", ".join(places[: len(names)]), " AND ".join(places[len(names) :])
    table = _connection().ops.quote_name(meta.db_table)
    return f"UPDATE {table} SET {columns} WHERE {condition}", fields  # noqa: S608


def _column(field: Field) -> str:
    return _connection().ops.quote_name(field.column or "")
