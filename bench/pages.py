"""The pages people look at, through the WSGI server, in a city's first year and after ten.

One run on the database that the environment names, like `measure`, but on a database of its own. Each page is asked for
again and again by one client who is logged in; what is timed is from the request until the last byte.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from time import perf_counter

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.city import appoint_to, build_city
from bench.plain import plain
from bench.years import build_year, into_divisions
from departments.fiscal import fiscal_year_of
from departments.models import Role, User
from tests.servers.ports import listens, stop_process, wait_until

HOST = "127.0.0.1"
WARMING_UP = 5


def main() -> None:
    sizes = json.loads(sys.argv[1])
    plainly = plain()
    call_command("collectstatic", interactive=False, verbosity=0)
    city = build_city(sizes["city_departments"])
    into_divisions(city)
    executive = appoint_to(city.root, Role.EXECUTIVE)
    lead = city.leads[city.departments[0].pk]
    pages = {
        "my work of a department": (lead, "/"),
        "my work of the office": (city.reviewer, "/"),
        "board": (city.reviewer, "/board/"),
        "dashboard": (executive, "/dashboard/"),
    }
    this_year = fiscal_year_of(timezone.localdate())
    build_year(city, this_year, is_last=True)
    plainly.settle()
    first = measure(pages, sizes["page_requests"])
    for year in range(this_year - sizes["years"] + 1, this_year):
        build_year(city, year, is_last=False)
    plainly.settle()
    after = measure(pages, sizes["page_requests"])
    found = {"departments": sizes["city_departments"], "years": sizes["years"], "requests": sizes["page_requests"]}
    times = {name: (first[name], after[name]) for name in pages}
    print(json.dumps({"version": plainly.version, **found, "times": times}))


def measure(pages: dict[str, tuple[User, str]], requests: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by page."""
    with server() as port:
        return {name: ask(port, cookie_of(user), path, requests) for name, (user, path) in pages.items()}


@contextmanager
def server() -> Iterator[int]:
    """The web process of `serve`, and its port."""
    connection.close()
    with socket.create_server((HOST, 0)) as listener:
        port, number = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, "-m", "project.serve.web", str(number)]
        process = subprocess.Popen(command, pass_fds=[number], stdin=subprocess.PIPE, env=os.environ)
        try:
            wait_until(lambda: listens(port), what="the web server")
            yield port
        finally:
            stop_process(process)


def cookie_of(user: User) -> str:
    """What the browser of who is logged in sends."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def ask(port: int, cookie: str, path: str, requests: int) -> list[float]:
    times = []
    with closing(HTTPConnection(HOST, port, timeout=60)) as client:
        for _ in range(WARMING_UP + requests):
            start = perf_counter()
            client.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
            response = client.getresponse()
            response.read()
            times.append(1000 * (perf_counter() - start))
            assert response.status == 200, (path, response.status)
    return times[WARMING_UP:]


if __name__ == "__main__":
    main()
