"""python -m bench [--quick]: measure on a fresh PostgreSQL and a fresh SQLite, print one table of ratios.

Read the ratios: both ways write the same rows in turns in one run, so that a busy machine slows both. Those of CPU
time hold best.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

from bench.table import delivering_rows, heading, page_rows, reminding_rows, rows, table, verifying_rows
from tests.servers.ports import free_port
from tests.servers.postgres import postgres

FULL = {"departments": 60, "cycle_rounds": 5, "reviews": 10_000, "opening_rounds": 4}
FULL |= {"events": 1_000_000, "verifying_rounds": 3}
FULL |= {"open_reviews": 1_000_000, "due_rounds": 5}
FULL |= {"city_departments": 300, "years": 10, "page_requests": 100}
FULL |= {"reminders": 1_000, "delivering_rounds": 5}
QUICK = {"departments": 10, "cycle_rounds": 3, "reviews": 500, "opening_rounds": 3}
QUICK |= {"events": 20_000, "verifying_rounds": 3}
QUICK |= {"open_reviews": 6_000, "due_rounds": 3}
QUICK |= {"city_departments": 15, "years": 2, "page_requests": 10}
QUICK |= {"reminders": 60, "delivering_rounds": 3}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Meguru against plain SQL and viewflow.")
    parser.add_argument("--quick", action="store_true", help="a rough answer in half a minute")
    sizes = QUICK if parser.parse_args().quick else FULL
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an interrupted run takes its server along
    lines = []
    top = heading()
    with postgres(durable=True) as url:
        lines += rows(_measure("bench.measure", sizes, DATABASE_URL=url))
    with postgres(durable=True) as url:
        lines += verifying_rows(**_measure("bench.verifying", sizes, DATABASE_URL=url))
    with postgres(durable=True) as url:
        lines += reminding_rows(**_measure("bench.reminding", sizes, DATABASE_URL=url))
    with postgres(durable=True) as url:
        lines += delivering_rows(
            **_measure("bench.delivering", sizes, DATABASE_URL=url, EMAIL_URL=f"smtp://127.0.0.1:{free_port()}")
        )
    with postgres(durable=True) as url:
        lines += page_rows(**_measure("bench.pages", sizes, DATABASE_URL=url))
    lines += rows(_measure("bench.measure", sizes))
    lines += verifying_rows(**_measure("bench.verifying", sizes))
    print(top, table(lines), sep="\n\n")


def _measure(program: str, sizes: dict[str, int], **settings: str) -> dict[str, Any]:
    """Run the measurements in a process of their own, with these settings; on SQLite unless they name a database."""
    with tempfile.TemporaryDirectory(prefix="meguru-bench-") as directory:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"DJANGO_SETTINGS_MODULE": "bench.settings", "VAR_DIR": directory, "LOG_LEVEL": "WARNING"}
        environment |= settings
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True)
        command = [sys.executable, "-m", "bench.program", program, json.dumps(sizes)]
        return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)


if __name__ == "__main__":
    main()
