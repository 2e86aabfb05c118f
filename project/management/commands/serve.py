"""`manage.py serve`: the whole system in one command, stopped by one Ctrl-C."""

import errno
import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from project.serve.supervisor import Child, Supervisor


class Command(BaseCommand):
    help = "Serve the pages and do the work behind them (mails, reminders, checkpoints) until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        with listen(host, port) as listener:
            os.environ.setdefault("SITE_URL", f"http://localhost:{port}")  # links in mails lead to where we listen
            self.say(_("Meguru is running at %(url)s (stop it with Ctrl-C)") % {"url": os.environ["SITE_URL"] + "/"})
            Supervisor([web_child(listener), *work_children()], self.say).run()
        self.say(_("Meguru has stopped."))

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, or a CommandError that says what to do."""
    if port not in range(1, 65536):
        raise CommandError(_("A port is a number from 1 to 65535."))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = _("Port %(port)s is in use. Stop the other program or choose another port: make run PORT=8001")
        else:
            sentence = _("Cannot listen on %(host)s port %(port)s: %(reason)s")
        raise CommandError(sentence % {"host": host, "port": port, "reason": error.strerror}) from None


def web_child(listener: socket.socket) -> Child:
    return Child("web", "project.serve.web", [str(listener.fileno())], pass_fds=[listener.fileno()])


def work_children() -> list[Child]:
    """With Redis a worker for each queue and beat, as anywhere; without it one process that is all of them."""
    if settings.REDIS_URL:
        return [Child(role, "project.serve.worker", [role]) for role in ("mail", "heavy", "beat")]
    return [Child("worker", "project.serve.worker", ["embedded"])]
