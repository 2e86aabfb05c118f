"""The scenarios, and how one is run in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.faults.plan import Found, Outage, Plan


@dataclass(frozen=True)
class Scenario:
    plan: Plan
    most_duplicates: int


@dataclass(frozen=True)
class Profile:
    """`outage`: how many people are without a mail server for 96 hours."""

    scenarios: dict[str, Scenario]
    outage: int


STOPPED = Plan(people=3_000, completed=0, refused=0, stops=True)
FULL = Profile(
    scenarios={
        "200 × SIGKILL": Scenario(Plan(people=10_000, kills=200), most_duplicates=50),
        "200 × SIGKILL, Redis wiped 20 ×, then gone": Scenario(Plan(people=10_000, kills=200, flushes=20), 50),
        "SIGSTOP past the lease, then SIGCONT": Scenario(STOPPED, most_duplicates=1),
    },
    outage=500,
)
QUICK = Profile(
    scenarios={
        "20 × SIGKILL": Scenario(Plan(people=500, kills=20), most_duplicates=20),
        "20 × SIGKILL, Redis wiped 5 ×, then gone": Scenario(Plan(people=500, kills=20, flushes=5), 20),
        "SIGSTOP past the lease, then SIGCONT": Scenario(replace(STOPPED, people=500), most_duplicates=1),
    },
    outage=100,
)


def run_scenario(plan: Plan, **database: str) -> Found:
    """Run it on the given database or else on SQLite."""
    return Found(**_run("tests.faults.scenario", json.dumps(asdict(plan)), database))


def run_outage(people: int, **database: str) -> Outage:
    """Let the mail server be away for 96 hours for so many people."""
    return Outage(**_run("tests.faults.outage", str(people), database))


def _run(module: str, argument: str, database: dict[str, str]) -> dict[str, Any]:
    """Migrate a fresh database, then run the module on it in a process of its own; the JSON that it prints last."""
    with tempfile.TemporaryDirectory(prefix="meguru-faults-") as directory:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment |= {"DJANGO_SETTINGS_MODULE": "project.settings", "VAR_DIR": directory, "LOG_LEVEL": "CRITICAL"}
        environment |= database
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True)
        command = [sys.executable, "-m", "tests.faults.shifted", module, argument]
        answer = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(answer.splitlines()[-1])
