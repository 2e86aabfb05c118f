"""python -m tests.faults.shifted tests.faults.workers COUNT PIDS: so many worker processes.

Each is started again when it is killed. They do what a worker's tick does, over and over. Their numbers stand in the
file PIDS. Forked from one that has loaded everything, so that two hundred of them cost little.
"""

import os
import signal
import sys
import time
from pathlib import Path

from notifications.tasks import tick

PAUSE_SECONDS = 0.2


def main(count: int, pids: Path) -> None:
    children: set[int] = set()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            while len(children) < count:
                children.add(_start())
                _write(pids, children)
            ended, _status = os.waitpid(-1, 0)
            children.discard(ended)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for child in children:
            os.kill(child, signal.SIGKILL)


def _start() -> int:
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while True:
            tick()
            time.sleep(PAUSE_SECONDS)
    finally:
        os._exit(1)


def _write(pids: Path, children: set[int]) -> None:
    part = pids.with_suffix(".part")
    part.write_text(" ".join(map(str, sorted(children))))
    part.replace(pids)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
