"""Junk in every form and address: never a fault of ours, never a change, and nothing typed is lost.

`HYPOTHESIS_PROFILE=long` looks for longer and at random; the short form tries the same examples every time.
"""

import os
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import get_resolver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from departments.models import Appointment, CalendarDay, Measure
from departments.models.indicators import Kind
from departments.models.plans import PlanKind, PlanState
from notifications.dispatch import dispatch
from project import wsgi
from tests.clock import Clock
from tests.factories import make_indicator, make_measure, make_plan
from tests.undone import undone
from tests.visitor import Form, Page
from tests.workflows.cast import Cast, make_cast, make_places
from tests.workflows.moves import NOW, at, opened
from workflows.models import Stage

COMMON = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
PROFILES = {
    "short": settings(COMMON, max_examples=25, derandomize=True),
    "long": settings(COMMON, max_examples=300),
}
TRIES = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]
JUNK = [
    "",
    " \t\n ",
    "\0",
    "あ\0い",
    "\x01\x1f\x7f\x85",
    "\u202e\u200b\ufeff\u2028",
    "👩‍👩‍👧‍👦" * 40,
    "辻󠄀邊",
    "長" * 100_000,
    "0",
    "-1",
    "9" * 30,
    "9" * 5000,
    "1e400",
    "NaN",
    "-Infinity",
    "1.005",
    "０１２",
    "Ⅷ",
    "²",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "99999-01-01",
    "令和8年10月7日",
    "true",
    "<script>alert(1)</script>",
    "{{ 7 }}{% now %}",
    "%s%(x)s{0}",
    "' OR 1=1 --",
    "../../etc/passwd",
    "http://evil.example/",
]
junk = st.sampled_from(JUNK) | st.text(max_size=40).filter(lambda text: text.encode(errors="ignore").decode() == text)


class Target(NamedTuple):
    """A form: who sees it where, and the button that sends it."""

    who: str
    address: str
    button: str


TARGETS = {
    "prepare": Target("editor", "/reviews/{open}/prepare/", "下書きを保存"),
    "submit": Target("lead", "/reviews/{open}/prepare/", "確認して提出"),
    "plan prepare": Target("tax_lead", "/reviews/{plan}/prepare/", "提出"),
    "pass": Target("reviewer", "/reviews/{submitted}/", "承認へ回す"),
    "return": Target("reviewer", "/reviews/{submitted}/", "差し戻す"),
    "withdraw": Target("tax_lead", "/reviews/{submitted}/withdraw/", "引き戻す"),
    "plan add": Target("editor", "/plans/add/", "作成を始める"),
    "plan edit": Target("editor", "/plans/{draft}/edit/", "保存"),
    "plan rows": Target("editor", "/plans/{draft}/edit/", "工程を追加"),
    "checkpoint add": Target("administrator", "/checkpoints/add/?year=2026&kind=q3", "追加する"),
    "checkpoint edit": Target("administrator", "/checkpoints/{checkpoint}/edit/", "日程を保存"),
    "checkpoint open": Target("administrator", "/checkpoints/{checkpoint}/open/", "開始する"),
    "checkpoint close": Target("administrator", "/checkpoints/{checkpoint}/close/", "終了する"),
    "department add": Target("administrator", "/departments/add/", "追加"),
    "department edit": Target("administrator", "/departments/{department}/", "保存"),
    "department abolish": Target("administrator", "/departments/{department}/", "廃止日を設定"),
    "calendar add": Target("administrator", "/calendar/", "追加"),
    "calendar many": Target("administrator", "/calendar/", "まとめて追加"),
    "calendar rule": Target("administrator", "/calendar/", "扱いを保存"),
    "year propose": Target("administrator", "/checkpoints/propose/?year=2027", "まとめて追加"),
    "calendar remove": Target("administrator", "/calendar/", "削除"),
    "person add": Target("administrator", "/people/add/", "追加"),
    "person edit": Target("administrator", "/people/{person}/edit/", "保存"),
    "person": Target("administrator", "/people/{person}/", "利用停止にする"),
    "appointment add": Target("administrator", "/people/{person}/appointments/add/", "任用する"),
    "appointment end": Target("administrator", "/appointments/{appointment}/end/", "保存"),
    "password": Target("editor", "/account/", "パスワードを変更"),
    "language": Target("editor", "/account/", "言語を変更"),
    "contrast": Target("editor", "/account/", "配色を変更"),
    "login": Target("anonymous", "/login/", "ログイン"),
    "logout": Target("editor", "/logout/", "ログアウト"),
}


@pytest.fixture
def cast(db: None, clock: Clock) -> Cast:
    clock.now = NOW
    return make_cast(make_places())


@pytest.fixture
def numbers(cast: Cast) -> dict[str, int]:
    """What the addresses are about: one of everything."""
    civic, tax = (Appointment.objects.get(user=user).department for user in (cast.lead, cast.tax_lead))
    plan = make_plan(civic, measures=1)
    make_indicator(measure=make_measure(plan))
    make_indicator("1-1", kind=Kind.RATIO, unit="%", target=Decimal(60), department=civic)
    make_indicator("1-2", kind=Kind.MILESTONE, department=civic)
    plan.state = PlanState.APPROVED
    plan.save(update_fields=["state"])
    draft = make_plan(civic, kind=PlanKind.ACTION, measures=2)
    make_indicator(measure=draft.measures.first())
    tax_plan = make_plan(tax, measures=1, state=PlanState.APPROVED)
    review, submitted = opened(plan, tax_plan)
    at(Stage.REVIEW, submitted, cast)
    [of_plan] = opened(make_plan(tax, kind=PlanKind.ACTION, measures=1), kind="plan")
    CalendarDay.objects.create(day=date(2026, 11, 2), name="市制記念日")
    dispatch(now=NOW)
    return {
        "open": review.pk,
        "submitted": submitted.pk,
        "plan": of_plan.pk,
        "draft": draft.pk,
        "checkpoint": review.checkpoint_id,
        "department": tax.pk,
        "person": cast.tax_lead.pk,
        "appointment": Appointment.objects.get(user=cast.tax_lead).pk,
    }


def client_of(cast: Cast, name: str) -> Client:
    client = Client(raise_request_exception=False)
    if name != "anonymous":
        client.force_login(getattr(cast, name))
    return client


def form_with(page: Page, text: str) -> tuple[Form, dict[str, list[str]]]:
    """The form with the button, and what pressing it sends."""
    for form in page.forms:
        for button in form.buttons:
            if " ".join(button.text.split()).startswith(text) and "language" not in button.name:
                return form, form.filled({}) | ({button.name: [button.value]} if button.name else {})
    raise AssertionError(f"{page.address} has no button «{text}»: {page.text}")


def spoilt(sent: dict[str, list[str]], form: Form) -> st.SearchStrategy[dict[str, list[str]]]:
    """What was sent with some of it missing, repeated or replaced, and with what nobody asked for."""
    values = {name: sent.get(name, [""]) for name in form.names | set(sent)}
    fields = {name: st.just(right) | junk.map(lambda text: [text]) for name, right in values.items()}
    odd = {name: st.lists(junk, max_size=3) for name in values}
    strange = st.dictionaries(junk.map(lambda text: text[:100]), st.lists(junk, max_size=2), max_size=2)
    mostly_right = st.sampled_from(sorted(values)).flatmap(
        lambda name: (fields[name] | odd[name]).map(lambda value: {**sent, name: value})
    )
    return mostly_right | st.fixed_dictionaries({}, optional=fields) | strange.map(lambda extra: {**sent, **extra})


@pytest.mark.parametrize("name", TARGETS)
def test_junk_in_a_form(name: str, cast: Cast, numbers: dict[str, int]) -> None:
    target = TARGETS[name]
    address, client = target.address.format(**numbers), client_of(cast, target.who)
    form, sent = form_with(Page(client.get(address), address), target.button)

    @TRIES
    @given(spoilt(sent, form))
    def try_it(values: dict[str, list[str]]) -> None:
        with undone(client) as written:
            response = client.post(form.action, values)
            assert response.status_code in (200, 302, 400, 403, 404, 409), response.status_code
            if response.status_code == 302:
                assert_pages_work(client, [address, response.headers["Location"]])
            elif name != "submit":  # which keeps as a draft what is not yet complete
                assert written == []
            pressed = values.keys() >= sent.keys() - form.names  # else it is another form of the page that answers
            if response.status_code == 200 and pressed:
                assert lost(values, Page(response, address)) == {}

    try_it()


def assert_pages_work(client: Client, addresses: list[str]) -> None:
    """Whatever was accepted can be shown."""
    for address in addresses:
        assert client.get(address, follow=True).status_code < 500, address


def lost(values: dict[str, list[str]], page: Page) -> dict[str, tuple[str, list[str]]]:
    """The texts that were typed into fields of the page and no longer stand in them."""
    shown: dict[str, list[str]] = {}
    for form in page.forms:
        for name, value in form.fields:
            if name in form.texts:
                shown.setdefault(name, []).append(plain(value))
    typed = {name: plain(texts[-1]) for name, texts in values.items() if texts}
    return {name: (text, shown[name]) for name, text in typed.items() if name in shown and text not in shown[name]}


def plain(text: str) -> str:
    """The text without what HTML itself cannot carry."""
    return re.sub(r"\s+", " ", text.replace("\0", "").replace("\r\n", "\n")).strip()


@pytest.mark.parametrize("text", ["-1", "0", "9" * 18, "9" * 30, "9" * 5000, "1.5", "x", "{other}", "{twice}"])
@pytest.mark.parametrize("key", ["m0", "m0-s0", "m0-k0"])
def test_rows_of_a_plan_that_are_not_its_own(cast: Cast, numbers: dict[str, int], key: str, text: str) -> None:
    address, client = f"/plans/{numbers['draft']}/edit/", client_of(cast, "editor")
    _form, sent = form_with(Page(client.get(address), address), "保存")
    foreign = Measure.objects.exclude(plan=numbers["draft"]).first()
    with undone(client) as written:
        response = client.post(address, {**sent, f"{key}-id": [text.format(other=foreign.pk, twice=sent["m1-id"][0])]})
        assert response.status_code < 500
        assert response.status_code == 302 or written == []


# ---- requests that no form of ours sends


BODIES = [
    ("application/json", b'{"action": "save"}'),
    ("text/plain", b"action=save"),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"action=save"),
    ("application/x-www-form-urlencoded", b"task=%ff%fe&action=\xff\xfe&comment=%ed%a0%bd&name=%"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(1500))),
    ("application/x-www-form-urlencoded", b"comment=" + b"x" * 3_000_000),
    ("", b"\x00\xff"),
]


def test_strange_bodies(cast: Cast, numbers: dict[str, int]) -> None:
    for target in TARGETS.values():
        address, client = target.address.format(**numbers), client_of(cast, target.who)
        form, _sent = form_with(Page(client.get(address), address), target.button)
        for kind, body in BODIES:
            with undone(client):
                status = client.generic("POST", form.action, body, kind).status_code
            assert status < 500, (target, kind, body[:50])


@pytest.mark.parametrize("named", ["charset", "Charset ", "charset*"])
@pytest.mark.parametrize("charset", ["utf-8", "unicode_escape", "base64", "undefined", "utf-16", "utf-8''idna"])
def test_requests_are_read_as_utf_8_whatever_they_claim(
    monkeypatch: pytest.MonkeyPatch, charset: str, named: str
) -> None:
    read: list[HttpRequest] = []
    monkeypatch.setattr(wsgi, "django", lambda environ, _start: read.append(WSGIRequest(environ)) or [])
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\\x00\xe3\x81\x82\r\n--x--\r\n'
    kind = f"multipart/form-data; {named}={charset}; boundary=x"
    request = RequestFactory().generic("POST", "/", body, "text/plain", QUERY_STRING="q=%E3%81%82")
    wsgi.application({**request.environ, "CONTENT_TYPE": kind}, None)
    assert (read[0].GET["q"], read[0].POST["text"]) == ("あ", "\\ud800\\x00あ")


def addresses_with_a_number() -> Iterator[str]:
    def walk(patterns: list[Any], before: str) -> Iterator[str]:
        for each in patterns:
            if hasattr(each, "url_patterns"):
                if each.namespace != "admin":
                    yield from walk(each.url_patterns, before + str(each.pattern))
            elif "<" in str(each.pattern):
                yield "/" + before + str(each.pattern)

    return walk(get_resolver().url_patterns, "")


NO_NUMBERS = [
    "abc",
    "-1",
    "0",
    "1.5",
    "１",
    "²",
    "1e3",
    "99999999999999999999",
    "9" * 5000,
    "%00",
    "1%00",
    "%F0%9F%98%80",
    "%ff",
]


def test_no_address_takes_what_is_no_number(cast: Cast, numbers: dict[str, int]) -> None:
    people = [client_of(cast, name) for name in ("administrator", "lead")]
    for address in addresses_with_a_number():
        for text in NO_NUMBERS:
            for client in people:
                with undone(client) as written:
                    answers = [ask(re.sub(r"<[^>]+>", text, address)).status_code for ask in (client.get, client.post)]
                assert set(answers) <= {404, 405, 400}, (address, text, answers)
                assert written == []


QUERIES = {
    "/": ("administrator", ["page"]),
    "/board/": (
        "executive",
        ["year", "division", "kind", "q", "checkpoint", "status", "late", "sort", "page", "tick"],
    ),
    "/dashboard/": ("executive", ["year", "kind", "division", "page"]),
    "/dashboard/measures/": (
        "executive",
        ["year", "kind", "theme", "division", "department", "progress", "rate", "change", "priority", "page"],
    ),
    "/rates/": ("executive", ["year", "kind"]),
    "/plans/": ("auditor", ["year", "page"]),
    "/search/": ("auditor", ["q", "past", "kind", "page"]),
    "/checkpoints/": ("administrator", ["year"]),
    "/checkpoints/add/": ("administrator", ["year", "kind"]),
    "/departments/add/": ("administrator", ["parent"]),
    "/people/": ("administrator", ["q", "page"]),
    "/mail/": ("administrator", ["q", "outcome", "page"]),
    "/login/": ("anonymous", ["next"]),
}


@pytest.mark.parametrize("address", QUERIES)
def test_junk_in_a_query(address: str, cast: Cast, numbers: dict[str, int]) -> None:
    who, names = QUERIES[address]
    client = client_of(cast, who)

    @TRIES
    @given(st.dictionaries(st.sampled_from(names), st.lists(junk, min_size=1, max_size=2)))
    def try_it(query: dict[str, list[str]]) -> None:
        with undone(client) as written:
            response = client.get(address, query)
        assert response.status_code in (200, 404), response.status_code
        assert written == []
        if response.status_code == 200:
            assert lost({"q": query.get("q", [])}, Page(response, address)) == {}

    try_it()
