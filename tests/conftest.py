"""Fixtures that every test may ask for: the real servers and the browser."""

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db.backends.base.operations import BaseDatabaseOperations
from django.utils import timezone

from project.celery import app
from tests.browser.launching import launch_options
from tests.clock import Clock
from tests.database import flush_past_triggers, remember_rows_of_migrations
from tests.servers.programs import Program, celery_worker
from tests.servers.redis import RedisServer
from tests.servers.smtp import SmtpSink

# Playwright runs an event loop in the test's thread, and Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_configure() -> None:
    """Texts are read from compiled files; compile them before the first one is asked for."""
    call_command("compile_texts", stdout=io.StringIO())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that commits starts with the rows that migrations wrote, and comes after those that don't.

    For it leaves the tables empty. The browser's fixtures would else pull its tests to the front.
    """
    for item in items:
        if item.get_closest_marker("django_db") or {"db", "transactional_db", "live_server"} & set(item.fixturenames):
            item.fixturenames.append("django_db_serialized_rollback")
    items.sort(key=_commits)


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    asks = bool(marker and marker.kwargs.get("transaction"))
    return asks or not {"transactional_db", "live_server"}.isdisjoint(item.fixturenames)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, kept fit for tests that commit (`transactional_db`, `live_server`, `worker`)."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        remember_rows_of_migrations()
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_past_triggers)
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Django's own clock, by which views know what day it is; it stands still until it is set."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A running Redis; a test that stops it starts it again."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[SmtpSink]:
    sink = SmtpSink()
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


@pytest.fixture
def smtp_sink(smtp_server: SmtpSink, settings: Any) -> Iterator[SmtpSink]:
    """An empty mailbox behind a real SMTP server; this process sends its mail there too."""
    smtp_server.forget()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_server.port
    yield smtp_server
    smtp_server.forget()


@pytest.fixture
def worker(transactional_db: None, redis_server: RedisServer, smtp_sink: SmtpSink) -> Iterator[Program]:
    """A real Celery worker on the test's database, the real Redis and the SMTP sink, ready for tasks."""
    program = celery_worker(redis_url=redis_server.url, environment={"EMAIL_URL": smtp_sink.url})
    program.start()
    try:
        program.wait_for_line(" ready.")
        yield program
    finally:
        program.stop()


@pytest.fixture
def send_task(redis_server: RedisServer) -> Iterator[Callable[[str], None]]:
    """Put a task, by name, into the real queue that `worker` takes from."""
    with app.connection_for_write(redis_server.url) as connection:
        yield lambda name: app.send_task(name, connection=connection)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **launch_options()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ja-JP", "timezone_id": "Asia/Tokyo"}


@pytest.fixture
def console_errors() -> list[str]:
    """What the browser complained about; a test that expects a complaint clears it."""
    return []


@pytest.fixture
def page(page: Any, console_errors: list[str]) -> Iterator[Any]:
    """A browser page; any error on its console (a CSP slip, a missing file, a script's fault) fails the test."""
    page.on("console", lambda message: message.type == "error" and console_errors.append(message.text))
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    yield page
    assert console_errors == []
