"""Calendars (.ics, RFC 5545 and 5546) of due days: whole days, which no time zone can shift."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from icalendar import Calendar, Event, vCalAddress, vText

from notifications.letters.octets import sender

MOST_APART = 3


class DueDay(NamedTuple):
    """One entry in words. `uid` stays the same while it moves, `sequence` tells its newest state."""

    uid: str
    sequence: int
    day: date
    is_cancelled: bool
    summary: str
    description: str
    url: str


class Words(vText):
    """A text as RFC 5545 escapes it: the library takes a backslash before an N for a line break."""

    def to_ical(self) -> bytes:
        text = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return text.encode()


def calendars(days: Iterable[DueDay], dated: datetime) -> list[tuple[str, bytes]]:
    """The calendars that state the entries, each with its method.

    RFC 5546 (3.2.5) wants each that is cancelled in one of its own. More than a few at once nobody would open, and so
    they stand with those that are to be seen (3.2.1).
    """
    days = list(days)
    cancelled = [day for day in days if day.is_cancelled]
    apart = cancelled if len(cancelled) <= MOST_APART else []
    together = [day for day in days if day not in apart]
    found = [("PUBLISH", _calendar("PUBLISH", together, dated))] if together else []
    return found + [("CANCEL", _calendar("CANCEL", [day], dated)) for day in apart]


def _calendar(method: str, days: Sequence[DueDay], dated: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", "-//Meguru//Due days//")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    for day in days:
        calendar.add_component(_event(day, dated))
    return calendar.to_ical()


def _event(day: DueDay, dated: datetime) -> Event:
    event = Event()
    event.add("UID", Words(day.uid))
    event.add("SEQUENCE", day.sequence)
    event.add("DTSTAMP", dated)
    event.add("DTSTART", day.day)
    event.add("DTEND", day.day + timedelta(days=1))
    event.add("TRANSP", "TRANSPARENT")  # nobody is busy because something is due
    event.add("STATUS", "CANCELLED" if day.is_cancelled else "CONFIRMED")
    event.add("ORGANIZER", vCalAddress(f"mailto:{sender().address}"))
    event.add("SUMMARY", Words(day.summary))
    event.add("DESCRIPTION", Words(day.description))
    event.add("URL", day.url)
    return event


def read(raw: bytes) -> list[DueDay]:
    """The entries that a calendar made here states."""
    return [
        DueDay(
            uid=str(event["UID"]),
            sequence=int(str(event["SEQUENCE"])),
            day=event.decoded("DTSTART"),
            is_cancelled=event["STATUS"] == "CANCELLED",
            summary=str(event["SUMMARY"]),
            description=str(event["DESCRIPTION"]),
            url=str(event["URL"]),
        )
        for event in Calendar.from_ical(raw).walk("VEVENT")
    ]
