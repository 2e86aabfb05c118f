"""python -m tests.faults.shifted celery …: Celery's command line by the scenario's clock."""

import sys

from tests.faults.clock import read_shift

read_shift()

from celery.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    main()
