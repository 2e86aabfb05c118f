"""Run Python with DATABASE_URL leading to a PostgreSQL server that lives as long as the run.

python -m tests.with_postgres -m pytest tests/workflows
python -m tests.with_postgres manage.py migrate
"""

import os
import signal
import subprocess
import sys

from tests.servers.postgres import postgres


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an interrupted run takes its server along
    with postgres() as url:
        return subprocess.run([sys.executable, *sys.argv[1:]], env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
