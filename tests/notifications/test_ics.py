"""Calendar entries as calendar programs read them: whatever reviews are called, one entry stays one entry."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from notifications.letters.ics import DueDay, calendars, read
from notifications.letters.octets import one_line

PROFILES = {
    "short": settings(deadline=None, max_examples=80, derandomize=True),
    "long": settings(deadline=None, max_examples=2000),
}
TRIES = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

DATED = datetime(2026, 10, 6, 15, 30, tzinfo=UTC)  # half past midnight of the next day in Japan
DAY = DueDay(
    uid="review-1-2@localhost",
    sequence=3,
    day=date(2026, 12, 31),
    is_cancelled=False,
    summary="【期限】提出: 税務課 令和8年度 2Q進捗確認",
    description="実行プラン\nhttp://localhost:8000/reviews/1/",
    url="http://localhost:8000/reviews/1/",
)

words = st.one_of(
    st.text(max_size=150),
    st.text(alphabet='あ漢①㈱髙﨑〜－ｶﾅ😀Nn \\,;:"^=\r\n\t\x0b\x85\u2028\u202e', max_size=200),
    st.sampled_from(["x\r\nEND:VEVENT\r\nBEGIN:VALARM", "\\N", "あ" * 200, "שלום", "①㈱髙﨑〜－ﾊﾝｶｸ😀", ""]),
)
some = st.builds(
    DueDay,
    uid=st.integers(1, 10**6).map(lambda number: f"review-{number}-2@localhost"),
    sequence=st.integers(0, 10**6),
    day=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    is_cancelled=st.booleans(),
    summary=words.map(one_line),
    description=words.map(lambda text: "\n".join(map(one_line, text.split("\n")))),
    url=st.just(DAY.url),
)


def parsed(days: Sequence[DueDay]) -> list[tuple[str, list[Event]]]:
    """Method → events, by the library's own reading."""
    found = [(method, Calendar.from_ical(raw)) for method, raw in calendars(days, DATED)]
    assert all(calendar["METHOD"] == method for method, calendar in found)
    return [(method, calendar.walk("VEVENT")) for method, calendar in found]


@TRIES
@given(days=st.lists(some, max_size=4))
def test_no_text_gets_out_of_its_line(days: list[DueDay]) -> None:
    for _method, raw in calendars(days, DATED):
        assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert b"\r" not in raw.replace(b"\r\n", b"")
        raw.decode()
        names = [line.split(b":")[0].split(b";")[0] for line in raw.replace(b"\r\n ", b"").split(b"\r\n")]
        first, last = names.index(b"BEGIN", 1), len(names) - 2
        for start in range(first, last, 13):
            assert sorted(names[start : start + 13]) == sorted(
                b"BEGIN SUMMARY DTSTART DTEND DTSTAMP UID SEQUENCE DESCRIPTION ORGANIZER STATUS TRANSP URL END".split()
            )


@TRIES
@given(days=st.lists(some, max_size=4))
def test_what_is_stated_is_what_is_read(days: list[DueDay]) -> None:
    stated = [day for day in days if not day.is_cancelled] + [day for day in days if day.is_cancelled]
    events = [event for _method, events in parsed(days) for event in events]
    assert [(str(event["SUMMARY"]), str(event["DESCRIPTION"]), str(event["UID"])) for event in events] == [
        (day.summary, day.description, day.uid) for day in stated
    ]
    assert [day for _method, raw in calendars(days, DATED) for day in read(raw)] == stated


@TRIES
@given(day=some)
def test_a_due_day_is_that_day_wherever_it_is_read(day: DueDay) -> None:
    [(_method, [event])] = parsed([day])
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (day.day, day.day + timedelta(days=1))
    assert {event[name].params.get("VALUE") for name in ("DTSTART", "DTEND")} == {"DATE"}
    assert "TZID" not in event["DTSTART"].params


def test_one_calendar_for_all_that_is_due_and_one_for_each_that_is_not_any_more() -> None:
    gone = [DAY._replace(uid=f"review-{number}-2@localhost", is_cancelled=True) for number in (2, 3)]
    found = parsed([DAY, *gone, DAY._replace(uid="review-4-2@localhost")])
    assert [(method, [str(event["UID"]) for event in events]) for method, events in found] == [
        ("PUBLISH", ["review-1-2@localhost", "review-4-2@localhost"]),
        ("CANCEL", ["review-2-2@localhost"]),
        ("CANCEL", ["review-3-2@localhost"]),
    ]
    assert {(method, str(event["STATUS"])) for method, events in found for event in events} == {
        ("PUBLISH", "CONFIRMED"),
        ("CANCEL", "CANCELLED"),
    }


def test_many_that_are_over_at_once_come_in_one_calendar() -> None:
    gone = [DAY._replace(uid=f"review-{number}-2@localhost", is_cancelled=True) for number in range(2, 6)]
    [(method, events)] = parsed([DAY, *gone])
    assert (method, [str(event["STATUS"]) for event in events]) == ("PUBLISH", ["CONFIRMED", *4 * ["CANCELLED"]])


def test_nothing_to_say_is_no_calendar() -> None:
    assert calendars([], DATED) == []


@override_settings(DEFAULT_FROM_EMAIL="めぐる <meguru@city.example>")
def test_a_whole_calendar() -> None:
    [(_method, raw)] = calendars([DAY], DATED)
    assert raw.decode().replace("\r\n ", "").split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Meguru//Due days//",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "SUMMARY:【期限】提出: 税務課 令和8年度 2Q進捗確認",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "DTSTAMP:20261006T153000Z",
        "UID:review-1-2@localhost",
        "SEQUENCE:3",
        "DESCRIPTION:実行プラン\\nhttp://localhost:8000/reviews/1/",
        "ORGANIZER:mailto:meguru@city.example",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "URL:http://localhost:8000/reviews/1/",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
