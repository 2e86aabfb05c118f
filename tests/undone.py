"""Trying something out: what it writes is noted and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.db import connection, transaction
from django.test import Client

READING = ("SELECT", "WITH", "RELEASE", "PRAGMA")


class Written(list[str]):
    """The statements that have written something, without those that were rolled back again."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoints: dict[str, int] = {}

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        words = sql.split()
        if words[0].upper() == "SAVEPOINT":
            self.savepoints[words[1]] = len(self)
        elif words[0].upper() == "ROLLBACK":
            del self[self.savepoints[words[-1]] :]
        elif words[0].upper() not in READING:
            self.append(sql)
        return execute(sql, *args)


@contextmanager
def undone(client: Client) -> Iterator[Written]:
    """What is written meanwhile. Afterwards the rows and the client's cookies are as they were."""
    written = Written()
    cookies = deepcopy(client.cookies)
    undo = transaction.savepoint()
    try:
        with connection.execute_wrapper(written):
            yield written
    finally:
        transaction.savepoint_rollback(undo)
        client.cookies = cookies
