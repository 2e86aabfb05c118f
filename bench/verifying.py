"""Verifying a long history: all rows read, every hash computed anew, every row held against what events tell of it.

One run on the database that the environment names, like `measure`, but on a database of its own: the rows by plain SQL
that the other measurements leave have no true hashes.
"""

import json
import sys
from time import perf_counter

from django.db import connection

from bench.city import build_city
from bench.long_history import build
from bench.plain import plain
from workflows.verification import faults, worthwhile_processes


def main() -> None:
    sizes = json.loads(sys.argv[1])
    plainly = plain()
    found = {"version": plainly.version, "events": build(plainly, build_city(1), sizes["events"])}
    found |= {"processes": worthwhile_processes(), "seconds": []}
    for _ in range(sizes["verifying_rounds"]):
        start = perf_counter()
        verify(found["processes"])
        found["seconds"].append(perf_counter() - start)
    connection.ensure_connection()
    plainly.settle()
    start = plainly.cpu_seconds()
    verify(1)
    print(json.dumps({**found, "cpu": plainly.cpu_seconds() - start}))


def verify(processes: int) -> None:
    """Raises AssertionError when anything in the history that was built is not whole."""
    faulty = list(faults(processes=processes))
    assert faulty == [], faulty


if __name__ == "__main__":
    main()
