"""The bytes of a mail: whatever people are called or write, headers stay headers and words stay words.

`HYPOTHESIS_PROFILE=long` looks for longer and at random; the short form tries the same examples every time.
"""

import email
import email.policy
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import getaddresses, quote
from html.parser import HTMLParser

import pytest
from django.core import mail
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from departments.models import User
from notifications.letters.ics import DueDay
from notifications.letters.message import FrozenMail, Text, freeze, header, new_id, parse, read
from notifications.letters.octets import one_line
from notifications.letters.writing import tidy
from notifications.models import OutgoingMail

PROFILES = {
    "short": settings(deadline=None, max_examples=80, derandomize=True),
    "long": settings(deadline=None, max_examples=2000),
}
TRIES = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

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
    "MIME-Version",
]
CHARSETS = ["utf-8", "iso-2022-jp"]
JAPANESE = "①㈱髙﨑〜～－ﾊﾝｶｸ😀 Ⅲ 令和8年10月7日(水)"
RIGHT_TO_LEFT = "שלום \u202eabc\u202c مرحبا"
ORDINARY = "第2四半期の進捗確認について、期限までに提出してください。〜−①抜き "
words = st.one_of(
    st.text(max_size=120),
    st.text(alphabet='あ漢①㈱髙﨑ｶﾅ😀 a,;:<>@"\\()=?_\r\n\t\x0b\x0c\x1b\x85\u2028', max_size=200),
    st.text(alphabet='あ漢亜ー〜−¥、 a,;:<>@"\\()=?_.\n', max_size=200),
    st.sampled_from(
        [
            "x\r\nBcc: all@city.example",
            "x\nContent-Type: text/html\n\n<b>",
            "=?utf-8?b?44GC?=",
            "=?iso-2022-jp?b?GyRCJCIbKEI=?=",
            "a" * 300,
            "あ" * 600,
            JAPANESE * 4,
            RIGHT_TO_LEFT,
            ORDINARY * 3,
            '\x1b$B$"\x1b(B',
            "",
        ]
    ),
)
charsets = st.sampled_from(CHARSETS)
due_days = st.builds(
    DueDay,
    uid=st.just("review-1-2@localhost"),
    sequence=st.integers(0, 99),
    day=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    is_cancelled=st.booleans(),
    summary=words.map(one_line),
    description=words.map(lambda text: "\n".join(map(one_line, text.split("\n")))),
    url=st.just("http://localhost:8000/reviews/1/"),
)


def frozen(
    name: str,
    text: Text,
    *,
    charset: str = "utf-8",
    sender: str = "meguru@localhost",
    address: str = ADDRESS,
    language: str = "ja",
) -> bytes:
    recipient = User(username="sato", name=name, email=address, language=language)
    row = OutgoingMail(recipient=recipient, address=recipient.email, message_id=new_id())
    row.dated = datetime(2026, 10, 7, 0, 0, tzinfo=UTC)
    with override_settings(MAIL_CHARSET=charset, DEFAULT_FROM_EMAIL=sender):
        return freeze(row, text)


def modern(raw: bytes) -> EmailMessage:
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def leaves(letter: EmailMessage) -> Iterator[EmailMessage]:
    return (part for part in letter.walk() if not part.is_multipart())


class Page(HTMLParser):
    """What a page says and what it points to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text, self.inside = "", False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background", "style")]
        self.inside |= tag == "p"
        self.text += "\n" if tag == "br" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self.inside, self.text = False, f"{self.text}\n\n"

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


@TRIES
@given(charset=charsets, name=words, subject=words, body=words, sender=words)
def test_no_text_gets_into_the_headers(charset: str, name: str, subject: str, body: str, sender: str) -> None:
    who = f'"{quote(sender)}" <meguru@city.example>'
    raw = frozen(name, Text(one_line(subject), tidy(body)), charset=charset, sender=who)
    assert raw.isascii()
    assert re.sub(rb"\r\n", b"", raw).translate(None, b"\x1b\t").decode().isprintable()
    head, _empty, rest = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert all(len(line) <= 998 for line in rest.split(b"\r\n"))
    letter = modern(raw)
    assert sorted(letter.keys()) == sorted(HEADERS)
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [part.defects for part in letter.walk()] == [[], [], []]


@TRIES
@given(charset=charsets, name=words, subject=words, sender=words)
@example(charset="iso-2022-jp", name="佐藤 花子" * 12, subject=JAPANESE * 4, sender="めぐる, 目黒市 <x@y.example>")
def test_headers_say_what_was_meant(charset: str, name: str, subject: str, sender: str) -> None:
    name, subject, sender = one_line(name), one_line(subject), one_line(sender)
    who = f'"{quote(sender)}" <meguru@city.example>'
    raw = frozen(name, Text(subject, "本文\n"), charset=charset, sender=who)
    letter = parse(raw)
    assert header(letter, "Subject") == subject == modern(raw)["Subject"]
    for field, who, address in (("To", name, ADDRESS), ("From", sender, "meguru@city.example")):
        assert getaddresses([letter[field]])[0][1] == address
        assert said(letter[field]) == who


def said(value: str) -> str:
    """The name in an address header, as RFC 2047 has it read: no space between words that stand beside each other."""
    name, _address = getaddresses([value])[0]
    return str(email.header.make_header(email.header.decode_header(name)))


@TRIES
@given(charset=charsets, body=words, name=words, days=st.lists(due_days, max_size=3))
def test_the_words_come_back_as_they_were(charset: str, body: str, name: str, days: list[DueDay]) -> None:
    days = sorted(days, key=lambda day: day.is_cancelled)
    text = Text("件名", tidy(body), tuple(days))
    raw = frozen(name, text, charset=charset)
    assert read(raw) == text
    plain, html, *_calendars = leaves(modern(raw))
    assert plain.get_content().replace("\r\n", "\n") == text.body
    assert Page(html.get_content()).text.strip() == re.sub("\n{3,}", "\n\n", text.body).strip()


@TRIES
@given(name=words, subject=words, body=words)
@example(name="佐藤", subject="件名", body=ORDINARY)
@example(name="佐藤", subject="件名", body="あ" * 600)
@pytest.mark.parametrize("charset", CHARSETS)
def test_iso_2022_jp_is_for_all_of_a_mail_or_none(charset: str, name: str, subject: str, body: str) -> None:
    text = Text(one_line(subject), tidy(body))
    raw = frozen(name, text, charset=charset)
    used = {(part.get_content_charset(), part["Content-Transfer-Encoding"]) for part in leaves(modern(raw))}
    spoken = set(re.findall(r"=\?([a-z0-9-]+)\?", raw.partition(b"\r\n\r\n")[0].decode()))
    if charset == "iso-2022-jp" and fits(f"{one_line(name)}\n{text.subject}\n{text.body}"):
        assert (used, spoken - {"iso-2022-jp"}) == ({("iso-2022-jp", "7bit")}, set())
    else:
        assert (used, spoken - {"utf-8"}) == ({("utf-8", "base64")}, set())


def fits(text: str) -> bool:
    """By the definition: ASCII and what JIS X 0208 and 0201 have, no line of more than 998 octets."""
    try:
        octets = [line.encode("iso-2022-jp") for line in text.split("\n")]
    except UnicodeEncodeError:
        return False
    longest = max(len(line) for line in octets)
    assert not 600 < longest <= 998, "too near to tell, for the HTML needs some octets more"
    return longest <= 998


@pytest.mark.parametrize("sign", [*"①㈱髙﨑～－ｶ😀Ⅲ", "שלום"])
@pytest.mark.parametrize("place", ["name", "subject", "body", "sender"])
def test_one_foreign_sign_turns_the_whole_mail_into_utf_8(sign: str, place: str) -> None:
    words = {"name": "佐藤", "subject": "件名", "body": "本文", "sender": "めぐる"}
    words[place] += sign
    text = Text(words["subject"], words["body"] + "\n")
    who = f"{words['sender']} <meguru@city.example>"
    raw = frozen(words["name"], text, charset="iso-2022-jp", sender=who)
    assert b"iso-2022-jp" not in raw
    letter = modern(raw)
    found = {
        "name": letter["To"].addresses[0].display_name,
        "subject": letter["Subject"],
        "body": next(leaves(letter)).get_content().strip(),
        "sender": letter["From"].addresses[0].display_name,
    }
    assert found == words


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_one_line_is_one_line(sign: str) -> None:
    assert one_line(f"a{sign}b{sign}") == "a b"


@pytest.mark.parametrize("charset", CHARSETS)
def test_headers_of_a_mail(charset: str) -> None:
    who = "めぐる 市役所 <meguru@city.example>"
    letter = modern(frozen("佐藤 花子", Text("件名", "本文\n"), charset=charset, sender=who, address="sato@市.example"))
    assert {name: str(letter[name]) for name in HEADERS if name not in ("Message-ID", "Content-Type")} == {
        "Subject": "件名",
        "From": "めぐる 市役所 <meguru@city.example>",
        "To": "佐藤 花子 <sato@xn--7st.example>",
        "Date": "Wed, 07 Oct 2026 09:00:00 +0900",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, NRN, AutoReply, RN",
        "Content-Language": "ja",
        "MIME-Version": "1.0",
    }
    assert letter["Message-ID"].endswith("@localhost>")


def test_the_page_of_a_mail_says_the_same_and_asks_nobody_for_anything() -> None:
    body = "佐藤 様\n\n  <b>&\"'\n  http://localhost:8000/reviews/1/\n\n<img src=//evil.example/x>\n"
    html = list(leaves(modern(frozen("佐藤", Text("件名 <x>", body), language="en"))))[1].get_content()
    page = Page(html)
    assert page.text.strip() == body.strip()
    assert page.links == ["http://localhost:8000/reviews/1/"]
    assert set(page.tags) == {"html", "head", "meta", "title", "style", "body", "p", "br", "a"}
    assert '<html lang="en">' in html
    assert "<title>件名 &lt;x&gt;</title>" in html


def test_bytes_frozen_by_an_earlier_version_are_read_and_sent_as_they_are() -> None:
    raw = (
        b'Content-Type: text/plain; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n'
        b"Subject: =?utf-8?b?5Lu25ZCN?=\r\nFrom: meguru@localhost\r\nTo: sato@city.example\r\n"
        b"Date: Wed, 07 Oct 2026 09:00:00 +0900\r\nMessage-ID: <1@localhost>\r\n\r\n5pys5paHCg==\r\n"
    )
    assert read(raw) == Text("件名", "本文\n")
    sent = FrozenMail(OutgoingMail(address=ADDRESS, subject="件名", raw=raw))
    assert (sent.subject, sent.body, sent.message().as_bytes()) == ("件名", "本文\n", raw)


@pytest.mark.parametrize("backend", ["locmem", "console", "filebased"])
def test_any_backend_of_django_takes_frozen_mails(backend: str, tmp_path: object, capsys: object) -> None:
    raw = frozen("佐藤", Text("件名", "本文\n"))
    row = OutgoingMail(address=ADDRESS, message_id=parse(raw)["Message-ID"], raw=raw)
    where = {"file_path": str(tmp_path)} if backend == "filebased" else {}
    connection = mail.get_connection(f"django.core.mail.backends.{backend}.EmailBackend", **where)
    assert connection.send_messages([FrozenMail(row)]) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("MAIL_CHARSET", "shift_jis", "utf-8 or iso-2022-jp"), ("MAIL_FROM", "めぐる, 市 <a@b>", "MAIL_FROM has to be")],
)
def test_a_setting_that_no_mail_could_be_made_with_is_refused_at_start(name: str, value: str, said: str) -> None:
    command = [sys.executable, "-c", "import project.settings"]
    run = subprocess.run(command, env={**os.environ, name: value}, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert said in run.stderr
