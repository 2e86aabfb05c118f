"""How a child learns that its parent is gone, even when the parent was killed without a chance to say so."""

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 45  # what a worker may take for its tick and the mail at hand


def hold_lifeline() -> None:
    """Stop this process, gently and then for good, as soon as standard input closes.

    The parent holds the other end of that pipe and never writes to it; however the parent ends, the pipe closes.
    """
    threading.Thread(target=_wait_for_the_end, args=(sys.stdin.fileno(),), name="lifeline", daemon=True).start()


def _wait_for_the_end(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)
