"""Somebody's calendar program: it keeps what the calendars in their mails tell it, as RFC 5546 has it."""

import email
import email.policy
from collections.abc import Iterable
from datetime import date
from email.message import EmailMessage
from typing import Any

from icalendar import Calendar


class Diary:
    """UID → day of each entry, and the sequences told of each in the order in which they came."""

    def __init__(self) -> None:
        self.days: dict[str, date] = {}
        self.told: dict[str, list[int]] = {}

    def take(self, message: Any) -> None:
        """Open all calendars of a mail; what is older than what is known is nothing new."""
        for calendar in calendars_of(message):
            for event in calendar.walk("VEVENT"):
                uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
                assert event["STATUS"] == "CANCELLED" or calendar["METHOD"] == "PUBLISH"
                if sequence >= max(self.told.get(uid, [0])):
                    self._enter(uid, None if event["STATUS"] == "CANCELLED" else event.decoded("DTSTART"))
                self.told.setdefault(uid, []).append(sequence)

    def _enter(self, uid: str, day: date | None) -> None:
        self.days.pop(uid, None)
        if day is not None:
            self.days[uid] = day


def letter_of(message: Any) -> EmailMessage:
    """A message of `django.core.mail.outbox` as a mail program sees it."""
    letter = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def calendars_of(message: Any) -> Iterable[Calendar]:
    parts = [part for part in letter_of(message).walk() if part.get_content_type() == "text/calendar"]
    for part in parts:
        found = Calendar.from_ical(part.get_content())
        assert part.get_param("method") == found["METHOD"]
        yield found
