"""The web child: waitress on a socket that the parent opened, so that a restart refuses nobody."""

import logging
import signal
import socket
import sys
from typing import Any

import waitress
from django.conf import settings

from project.serve.lifeline import hold_lifeline
from project.wsgi import application

THREADS = 8
# Several times what may be attached: up to here, whoever sends too much gets a sentence; beyond, the connection ends.
BODY_CAP = 50 * 1024 * 1024


def main(listener: int) -> None:
    """Serve the site on the inherited socket with file descriptor `listener` until SIGTERM."""
    hold_lifeline()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page with ten files is no reason to warn
    server = waitress.create_server(
        application,
        sockets=[socket.socket(fileno=listener)],
        threads=THREADS,
        max_request_body_size=BODY_CAP,
        ident="",
        **proxy_options(),
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run()


def proxy_options() -> dict[str, Any]:
    """Waitress strips what a proxy says unless told to believe it; believe it where the settings do."""
    if not settings.SECURE_PROXY_SSL_HEADER:
        return {}
    return {"trusted_proxy": "*", "trusted_proxy_headers": {"x-forwarded-proto"}}


if __name__ == "__main__":
    main(int(sys.argv[1]))
