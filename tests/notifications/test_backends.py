"""Mails as .eml files, and a mail server that is found soon and then given time."""

import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection

from notifications import backends
from notifications.letters.message import read
from notifications.models import OutgoingMail
from tests.notifications.city import make_city, october, run
from tests.servers.smtp import SmtpSink


@pytest.fixture
def directory(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "notifications.backends.EmlFileBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    return settings.MAIL_DIR


@pytest.mark.django_db
def test_each_mail_is_one_file_with_its_very_bytes(directory: Path) -> None:
    make_city().open(october(1))
    run(october(1))
    files = sorted(directory.iterdir())
    assert len(files) == 3
    assert {file.name[:16] for file in files} == {"20261001-090000-"}
    assert {file.read_bytes() for file in files} == {bytes(row.raw) for row in OutgoingMail.objects.all()}
    assert read(files[0].read_bytes()).subject.startswith("【めぐる】")


def test_the_same_mail_again_overwrites_itself(directory: Path) -> None:
    headers = {"Message-ID": "<1@../../etc/x>", "Date": "Wed, 07 Oct 2026 09:00:00 +0900"}
    for _ in range(2):
        EmailMessage("件名", "本文", "a@city.example", ["b@city.example"], headers=headers).send()
    assert [file.name for file in directory.iterdir()] == ["20261007-090000-1@....etcx.eml"]


def test_a_mail_that_did_not_come_from_the_outbox_is_written_too(directory: Path) -> None:
    EmailMessage("件名", "本文", "a@city.example", ["b@city.example"]).send()
    assert len(list(directory.iterdir())) == 1


def test_a_mail_server_is_given_ten_minutes_to_answer(smtp_sink: SmtpSink, settings: Any) -> None:
    connection = get_connection("notifications.backends.SmtpBackend")
    assert connection.open()
    try:
        assert connection.connection.sock.gettimeout() == settings.EMAIL_TIMEOUT == 600
        assert connection.open() is False
    finally:
        connection.close()


def test_but_not_to_say_that_it_is_there(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", silent.getsockname()[1]
        with pytest.raises(OSError, match="timed out"):
            get_connection("notifications.backends.SmtpBackend").open()
