"""Mails as .eml files."""

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage

from notifications.message import read
from notifications.models import OutgoingMail
from tests.notifications.city import make_city, october, run


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
