"""Where mails go: files that any mail program opens, or a mail server that is given time to think."""

import os
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from notifications.letters.message import FrozenMail

UNSAFE = re.compile(r"[^A-Za-z0-9.@-]")


CONNECT_SECONDS = 20


class SmtpBackend(EmailBackend):
    """Django's, but EMAIL_TIMEOUT, long for the sake of the final dot, does not count for finding the server."""

    def open(self) -> bool | None:
        patience, self.timeout = self.timeout, CONNECT_SECONDS
        try:
            opened = super().open()
        finally:
            self.timeout = patience
        if opened:
            self.connection.sock.settimeout(patience)
        return opened

    def _send(self, email_message: EmailMessage) -> bool:
        """What is frozen goes out as it is, without being taken apart by Django first."""
        is_plain = all(address.isascii() for address in (email_message.from_email, *email_message.to))
        if not (isinstance(email_message, FrozenMail) and is_plain):
            return super()._send(email_message)
        self.connection.sendmail(email_message.from_email, email_message.to, email_message.raw)
        return True


class EmlFileBackend(BaseEmailBackend):
    """Writes each mail to MAIL_DIR as one .eml file, all of it or nothing; the same mail again overwrites itself."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        directory = Path(settings.MAIL_DIR)
        directory.mkdir(parents=True, exist_ok=True)
        for each in email_messages:
            _write(directory, each)
        return len(email_messages)


def _write(directory: Path, each: EmailMessage) -> None:
    built = each.message()
    at = parsedate_to_datetime(built["Date"])
    at = timezone.localtime(at if at.tzinfo else at.replace(tzinfo=UTC))
    name = UNSAFE.sub("", built["Message-ID"])
    with tempfile.NamedTemporaryFile(dir=directory, suffix=".part", delete=False) as file:
        file.write(built.as_bytes(linesep="\r\n"))
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, directory / f"{at:%Y%m%d-%H%M%S}-{name}.eml")
