"""The bytes of a mail: whatever people are called or write, headers stay headers and words stay words."""

import email
import email.policy
from datetime import UTC, datetime
from email.utils import formataddr, getaddresses

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from departments.models import User
from notifications.letters.message import FrozenMail, Text, freeze, header, new_id, one_line, parse, read
from notifications.models import OutgoingMail

ADDRESS = "sato@city.example"
HEADERS = [
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]
JAPANESE = "①㈱髙﨑〜－ﾊﾝｶｸ😀 Ⅲ 令和8年10月7日(水)"
words = st.one_of(
    st.text(max_size=120),
    st.text(alphabet='あ漢①㈱髙﨑ｶﾅ😀 a,;<>@"\\()=?_\r\n\t\x0b\x0c\x85\u2028', max_size=200),
    st.sampled_from(["x\r\nBcc: all@city.example", "=?utf-8?b?44GC?=", "a" * 300, JAPANESE * 4, ""]),
)


def frozen(name: str, text: Text) -> bytes:
    recipient = User(username="sato", name=name, email=ADDRESS)
    row = OutgoingMail(recipient=recipient, address=recipient.email, message_id=new_id())
    row.dated = datetime(2026, 10, 7, 0, 0, tzinfo=UTC)
    return freeze(row, text)


@given(name=words, subject=words, body=words)
def test_no_text_gets_into_the_headers(name: str, subject: str, body: str) -> None:
    raw = frozen(name, Text(one_line(subject), body))
    letter = email.message_from_bytes(raw)
    assert sorted(letter.keys()) == sorted(HEADERS)
    assert getaddresses([letter["To"]])[0][1] == ADDRESS
    assert header(letter, "To") in (f"{one_line(name)} <{ADDRESS}>", formataddr((one_line(name), ADDRESS)))
    assert header(letter, "Subject") == one_line(subject)
    assert not letter.defects
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()


@given(body=words)
def test_the_body_comes_back_as_it_was(body: str) -> None:
    body = body.replace("\r", "") + "\n"
    assert read(frozen("佐藤", Text("件名", body))).body == body


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_one_line_is_one_line(sign: str) -> None:
    assert one_line(f"a{sign}b{sign}") == "a b"


def test_headers_of_a_mail() -> None:
    letter = email.message_from_bytes(frozen("佐藤 花子", Text("件名", "本文\n")), policy=email.policy.default)
    assert {name: letter[name] for name in ("Date", "From", "Auto-Submitted", "X-Auto-Response-Suppress")} == {
        "Date": "Wed, 07 Oct 2026 09:00:00 +0900",
        "From": "meguru@localhost",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, NRN, AutoReply, RN",
    }
    assert letter["Message-ID"].endswith("@localhost>")
    assert letter["To"] == "佐藤 花子 <sato@city.example>"


@pytest.mark.parametrize("backend", ["locmem", "console", "filebased"])
def test_any_backend_of_django_takes_frozen_mails(backend: str, tmp_path: object, capsys: object) -> None:
    raw = frozen("佐藤", Text("件名", "本文\n"))
    row = OutgoingMail(address=ADDRESS, message_id=parse(raw)["Message-ID"], raw=raw)
    where = {"file_path": str(tmp_path)} if backend == "filebased" else {}
    connection = mail.get_connection(f"django.core.mail.backends.{backend}.EmailBackend", **where)
    assert connection.send_messages([FrozenMail(row)]) == 1
