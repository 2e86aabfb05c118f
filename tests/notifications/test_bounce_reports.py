"""What a report about a mail says; and that nothing else a mailbox holds says anything, or stops the reading.

`HYPOTHESIS_PROFILE=long` looks for longer and at random; the short form tries the same examples every time.
"""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.bounces.report import LONGEST, Action, Fate, Report, read

PROFILES = {
    "short": settings(deadline=None, max_examples=100, derandomize=True),
    "long": settings(deadline=None, max_examples=20000),
}
TRIES = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

REPORTS = Path(__file__).parent / "reports"
OURS = "<ORIGINAL@meguru.example.jp>"
TANAKA = "tanaka@city.example.jp"
STOPPED = "550 5.2.1 この宛先は使用停止中です"

FAILURES = {
    "postfix": (
        "5.1.1",
        "550 5.1.1 <tanaka@city.example.jp>: Recipient address rejected: User unknown in local recipient table",
    ),
    "exchange": (
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    ),
    "sendmail": ("5.1.2", "550 Host unknown"),
    "gmail": (
        "5.1.1",
        "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the "
        "recipient's email address for typos or 550 5.1.1 unnecessary spaces.",
    ),
    "gateway_jis": ("5.2.1", STOPPED),
    "gateway_sjis": ("5.2.1", STOPPED),
    "gateway_euc": ("5.2.1", STOPPED),
    "gateway_encoded": ("5.2.1", STOPPED),
    "code_only": ("5.0.0", "554 delivery error: dd no such account"),
    "given_up": ("4.4.1", "connect to mail.city.example.jp[192.0.2.25]:25: Connection timed out"),
}
MAILS = sorted(path.stem for path in REPORTS.glob("*.eml"))


def raw(name: str) -> bytes:
    return (REPORTS / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", FAILURES)
def test_a_mail_that_came_back(name: str) -> None:
    status, words = FAILURES[name]
    failed = Fate(TANAKA, Action.FAILED, status, words)
    assert read(raw(name)) == Report(OURS, (failed,))
    assert read(raw(name)).failure(TANAKA) == failed
    assert failed.is_hard == (name != "given_up")


@pytest.mark.parametrize("name", FAILURES)
def test_line_ends_as_a_mail_server_sends_them_make_no_difference(name: str) -> None:
    assert read(raw(name).replace(b"\n", b"\r\n")) == read(raw(name))


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("delayed", [Action.DELAYED]),
        ("delivered", [Action.DELIVERED]),
        ("relayed", [Action.RELAYED]),
        ("several_ours_arrived", [Action.FAILED, Action.DELIVERED]),
        ("forwarded_partly", [Action.FAILED, Action.RELAYED]),
    ],
)
def test_a_mail_that_has_arrived_or_still_may(name: str, actions: list[Action]) -> None:
    found = read(raw(name))
    assert found.message_id == OURS
    assert [fate.action for fate in found.fates] == actions
    assert found.failure(TANAKA) is None


def test_of_several_recipients_ours_counts() -> None:
    found = read(raw("several_one_is_ours"))
    assert found.failure(TANAKA) == Fate(TANAKA, Action.FAILED, "5.2.2", "552 5.2.2 Mailbox full")
    assert found.failure("suzuki@city.example.jp") is None


def test_an_address_that_is_forwarded_in_vain_was_not_reached() -> None:
    assert read(raw("forwarded_in_vain")).failure(TANAKA).words == "550 5.7.1 Access denied"


@pytest.mark.parametrize("name", ["nothing_returned", "broken", "cut_off", "vacation", "read_receipt", "spam"])
def test_what_is_no_report_about_a_mail_says_nothing(name: str) -> None:
    assert read(raw(name)) is None


def test_a_huge_mail_is_read_no_further_than_its_report() -> None:
    whole = raw("sendmail").replace(b"\ntext\n", b"\n" + b"x" * 76 * LONGEST)
    assert read(whole) == read(raw("sendmail"))


@pytest.mark.parametrize("depth", [50, 5000])
def test_parts_within_parts_end_somewhere(depth: int) -> None:
    parts = [f"Content-Type: multipart/report; boundary=b{number}\n\n--b{number}\n" for number in range(depth)]
    assert read("".join(parts).encode()) is None


def test_a_header_made_of_half_encoded_words_takes_no_time() -> None:
    whole = raw("postfix").replace(b"550 5.1.1 <tanaka@city.example.jp>", b"550 5.1.1 " + b"=?a?q?x" * 30_000)
    since = time.process_time()
    assert read(whole).failure(TANAKA).words.startswith("550 5.1.1 =?a?q?x")
    assert time.process_time() - since < 2


def test_a_header_cannot_bring_unprintable_signs_along() -> None:
    bad = raw("postfix").replace(b"550 5.1.1 <tanaka@city.example.jp>", b"550 5.1.1 \0\x07\x1b[31m")
    assert read(bad).failure(TANAKA).words.startswith("550 5.1.1 [31m: Recipient address rejected")
    assert read(raw("postfix").replace(b"<ORIGINAL@", b"<ORIG\0INAL@")) is None


@TRIES
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    assert read(data) is None


@TRIES
@given(st.sampled_from(MAILS), st.data())
def test_any_report_with_any_damage_is_read_without_an_exception(name: str, data: st.DataObject) -> None:
    damaged = bytearray(raw(name))
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(damaged)))
        stop = data.draw(st.integers(start, min(len(damaged), start + 200)))
        damaged[start:stop] = data.draw(st.binary(max_size=20))
    found = read(bytes(damaged))
    assert found is None or (found.message_id.startswith("<") and found.message_id.isascii() and found.fates)
    for fate in found.fates if found else ():
        assert fate.words.isprintable()
        assert len(fate.status) <= 12
