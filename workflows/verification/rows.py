"""The rows that verification reads: plain tuples, for there may be a million of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from workflows.models import Event

AT_ONCE = 5000
BEGIN = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}


class Fault(NamedTuple):
    """The first row of a plan's history that does not fit, and what is wrong with it."""

    row: str
    what: str


class Plans(NamedTuple):
    """All plans from one id to another."""

    first: int
    last: int


class EventRow(NamedTuple):
    """An event; `at` is None for a text that is no time, which SQLite would store, `data` for one that is no JSON."""

    plan_id: int
    review_id: int
    sequence: int
    kind: str
    by_id: int | None
    on_behalf_of_id: int | None
    round: int
    previous: str
    hash: str
    pk: int
    at: datetime | None
    data: Any

    def __str__(self) -> str:
        return f"plan {self.plan_id}, row {self.sequence} (event {self.pk})"


COLUMNS = [name for name in EventRow._fields if name not in ("at", "data")]


def event_rows(plans: Plans) -> Iterator[EventRow]:
    """The events of these plans, plan by plan, each plan's in sequence."""
    rows = Event.objects.filter(plan__pk__range=plans).order_by("plan_id", "sequence")
    for *columns, at, data in rows.values_list(*COLUMNS, as_text("at"), as_text("data")).iterator(AT_ONCE):
        yield EventRow(*columns, moment(at), _parsed(data))


def as_text(column: str) -> Cast:
    """A column as the database spells it: Django takes several times as long to read times and JSON."""
    return Cast(column, TextField())


def moment(text: str) -> datetime | None:
    """A time from its text, which is in UTC on either database."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read within stands as it stood at one moment, whatever people do meanwhile.

    Spelt out, because Django's `atomic` has no such thing, and on SQLite it would keep everybody from writing.
    Within a transaction, whoever opened that has seen to it.
    """
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(BEGIN[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
