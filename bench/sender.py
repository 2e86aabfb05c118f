"""One worker: sends what is due whenever it reads a moment on its input, and answers how many mails it sent."""

import sys
from datetime import datetime
from functools import partial

from django.db import connection

from notifications.delivery import deliver
from notifications.models import Status


def main() -> None:
    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        print(deliver(clock=partial(datetime.fromisoformat, line.strip()))[Status.SENT], flush=True)


if __name__ == "__main__":
    main()
