"""python -m tests.faults [--quick]: each scenario on both databases, one table; exits 1 if a promise was broken."""

import argparse
import signal
import sys

from tests.faults.run import FULL, QUICK, run_scenario
from tests.faults.table import heading, table
from tests.servers.postgres import postgres


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Kill, stop and cut off; count mails.")
    parser.add_argument("--quick", action="store_true", help="a rough answer in two minutes")
    scenarios = QUICK if parser.parse_args().quick else FULL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an interrupted run takes its servers along
    lines, broken = [], []
    print(heading(), flush=True)
    for name, scenario in scenarios.items():
        with postgres(durable=True) as url:
            results = [run_scenario(scenario.plan, DATABASE_URL=url), run_scenario(scenario.plan)]
        for result in results:
            lines.append((name, result))
            broken += [f"{name}, {result.database}: {text}" for text in result.broken(scenario.most_duplicates)]
    print(table(lines), *broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
