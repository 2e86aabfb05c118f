"""python -m tests.faults [--quick]: each scenario on both databases, one table; exits 1 if a promise was broken."""

import argparse
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tests.faults.run import FULL, QUICK, run_outage, run_scenario
from tests.faults.table import heading, outage_table, table
from tests.servers.postgres import postgres

Result = TypeVar("Result")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Kill, stop and cut off; count mails.")
    parser.add_argument("--quick", action="store_true", help="a rough answer in two minutes")
    profile = QUICK if parser.parse_args().quick else FULL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an interrupted run takes its servers along
    print(heading(), flush=True)
    lines, broken = [], []
    for name, scenario in profile.scenarios.items():
        for found in _on_both(partial(run_scenario, scenario.plan)):
            print(name, found, file=sys.stderr, flush=True)
            lines.append((name, found))
            broken += [f"{name}, {found.database}: {text}" for text in found.broken(scenario.most_duplicates)]
    outages = _on_both(partial(run_outage, profile.outage))
    broken += [
        f"96 hours without a mail server, {found.database}: {text}" for found in outages for text in found.broken()
    ]
    print(table(lines), outage_table(outages), *broken, sep="\n\n")
    return 1 if broken else 0


def _on_both(run: Callable[..., Result]) -> list[Result]:
    with postgres(durable=True) as url:
        on_postgres = run(DATABASE_URL=url)
    return [on_postgres, run()]


if __name__ == "__main__":
    sys.exit(main())
