"""The scenarios, and how one is run in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass

from tests.faults.plan import Found, Plan


@dataclass(frozen=True)
class Scenario:
    plan: Plan
    most_duplicates: int


FULL = {
    "200 × SIGKILL": Scenario(Plan(people=10_000, kills=200), most_duplicates=50),
    "200 × SIGKILL, Redis wiped 20 ×, then gone": Scenario(Plan(people=10_000, kills=200, flushes=20), 50),
    "SIGSTOP past the lease, then SIGCONT": Scenario(Plan(people=3_000, completed=0, refused=0, stops=True), 1),
}
QUICK = {
    "20 × SIGKILL": Scenario(Plan(people=500, kills=20), most_duplicates=20),
    "20 × SIGKILL, Redis wiped 5 ×, then gone": Scenario(Plan(people=500, kills=20, flushes=5), 20),
    "SIGSTOP past the lease, then SIGCONT": Scenario(Plan(people=500, completed=0, refused=0, stops=True), 1),
}


def run_scenario(plan: Plan, **database: str) -> Found:
    """Run it on the given database or else on SQLite, migrated first."""
    with tempfile.TemporaryDirectory(prefix="meguru-faults-") as directory:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment |= {"DJANGO_SETTINGS_MODULE": "project.settings", "VAR_DIR": directory, "LOG_LEVEL": "ERROR"}
        environment |= database
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True)
        command = [sys.executable, "-m", "tests.faults.scenario", json.dumps(asdict(plan))]
        answer = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return Found(**json.loads(answer.splitlines()[-1]))
