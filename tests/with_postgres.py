"""Run Python with DATABASE_URL leading to a PostgreSQL server that lives as long as the run.

python -m tests.with_postgres -m pytest tests/workflows
python -m tests.with_postgres manage.py migrate
"""

import os
import subprocess
import sys

from tests.servers.postgres import postgres


def main() -> int:
    with postgres() as url:
        return subprocess.run([sys.executable, *sys.argv[1:]], env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
