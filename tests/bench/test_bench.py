"""The benchmark itself works; what it measures is no matter of passing or failing."""

import subprocess
import sys

from django.conf import settings


def test_a_quick_run_prints_the_table() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    for database in ("PostgreSQL", "SQLite"):
        for what in (
            "cycles a second",
            "statements of a cycle",
            "seconds to open 500 reviews",
            "seconds to verify 20,000 events",
        ):
            assert any(database in line and what in line for line in run.stdout.splitlines()), run.stdout
    assert "reminders handed over a second" in run.stdout
    for page in ("my work of a department", "my work of the office", "board", "dashboard"):
        assert f"milliseconds of {page}, 15 departments" in run.stdout
    assert "seconds to decide who is due among 6,000 open reviews (" in run.stdout
