"""Nothing typed is lost when the session has ended or the form's token is stale; nobody can make another send it."""

import html
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from departments.models import ActionPlan, Department
from departments.models.people import User
from project.keeping import MOST, Kept
from tests.factories import PASSWORD, make_department, make_person, make_plan, make_user
from tests.visitor import Page, Visitor

pytestmark = pytest.mark.django_db

HERE = {"Origin": "http://testserver"}
SUMMARY = "窓口の案内を見直す。\n来月から試行する。<b>\"'&"


@pytest.fixture
def civic() -> Department:
    return make_department("civic", "市民課")


@pytest.fixture
def editor(civic: Department) -> User:
    return make_person("editor", civic)


@pytest.fixture
def plan(civic: Department, editor: User) -> ActionPlan:
    return make_plan(civic, measures=1)


def at_home(person: User | None = None) -> Visitor:
    """A visitor whose browser says where its forms come from, as browsers do."""
    visitor = Visitor()
    visitor.client = Client(enforce_csrf_checks=True, headers=HERE)
    if person is not None:
        visitor.log_in(person)
    return visitor


def end_session(visitor: Visitor) -> None:
    visitor.client.session.flush()


def edited(visitor: Visitor, plan: ActionPlan) -> tuple[Any, Any, dict[str, str]]:
    """The form of the plan, its button, and what is typed into it."""
    visitor.open(f"/plans/{plan.pk}/edit/")
    form, button = visitor.button("保存")
    return form, button, {"summary": SUMMARY}


def summary_of(plan: ActionPlan) -> str:
    return ActionPlan.objects.get(pk=plan.pk).summary.replace("\r\n", "\n")


# ---- the way of somebody whose session has ended


def test_what_was_typed_arrives_after_the_log_in(editor: User, plan: ActionPlan) -> None:
    visitor = at_home(editor)
    form, button, typed = edited(visitor, plan)
    end_session(visitor)
    page = visitor.send(form, button, typed)
    assert page.status == 403
    assert page.says("ログインの有効期限が切れました。入力した内容は保たれています。")
    page = visitor.press("ログイン", username="editor", password=PASSWORD)
    assert page.says(
        "入力した内容の送信",
        "窓口の案内を見直す。 来月から試行する。<b>\"'&",
        f"送信先 /plans/{plan.pk}/edit/",
        "送信者 editor",
    )
    assert summary_of(plan) == "計画の概要"
    page = visitor.press("続ける")
    assert page.says("計画を保存しました。")
    assert summary_of(plan) == SUMMARY


def test_a_wrong_password_loses_nothing_and_neither_does_reloading(editor: User, plan: ActionPlan) -> None:
    visitor = at_home(editor)
    form, button, typed = edited(visitor, plan)
    end_session(visitor)
    visitor.send(form, button, typed)
    page = visitor.press("ログイン", username="editor", password="wrong")
    assert page.says("入力した内容は保たれています")
    login, enter = visitor.button("ログイン")
    entered = {"username": "editor", "password": PASSWORD}
    assert visitor.send(login, enter, entered).says("入力した内容の送信")
    assert visitor.send(login, enter, entered).says("入力した内容の送信")  # reloaded: its token is of before the log-in
    visitor.press("続ける")
    assert summary_of(plan) == SUMMARY


def test_somebody_else_who_logs_in_sees_it_but_has_their_own_rights(editor: User, plan: ActionPlan) -> None:
    make_person("tax", make_department("tax"))
    visitor = at_home(editor)
    form, button, typed = edited(visitor, plan)
    end_session(visitor)
    visitor.send(form, button, typed)
    assert visitor.press("ログイン", username="tax", password=PASSWORD).says("送信者 tax")
    assert visitor.press("続ける").status == 404
    assert summary_of(plan) == "計画の概要"


def test_after_logging_in_again_in_another_window_one_button_sends_it(editor: User, plan: ActionPlan) -> None:
    visitor = at_home(editor)
    form, button, typed = edited(visitor, plan)
    end_session(visitor)
    visitor.log_in(editor)
    page = visitor.send(form, button, typed)
    assert page.status == 403
    assert page.says("別の画面でログインし直したため", "入力した内容は保たれています")
    visitor.press("続ける")
    assert summary_of(plan) == SUMMARY


def test_with_neither_session_nor_token_it_is_kept_too(editor: User, plan: ActionPlan) -> None:
    visitor = at_home(editor)
    form, button, typed = edited(visitor, plan)
    visitor.client.cookies.clear()
    assert visitor.send(form, button, typed).says("入力した内容は保たれています")
    visitor.press("ログイン", username="editor", password=PASSWORD)
    visitor.press("続ける")
    assert summary_of(plan) == SUMMARY


# ---- what is kept


def kept_by(response: HttpResponse) -> Kept | None:
    return (response.context or {}).get("kept")


def test_files_are_named_and_passwords_are_not_kept() -> None:
    typed = {
        "comment": "確認済み",
        "old_password": "x1",
        "new_password1": "x2",
        "file": SimpleUploadedFile("集計.pdf", b"1"),
    }
    kept = kept_by(Client(headers=HERE).post("/reviews/1/prepare/?a=1", typed))
    assert kept == Kept("/reviews/1/prepare/?a=1", {"comment": ["確認済み"]}, ["集計.pdf"])
    assert kept_by(Client(headers=HERE).post("/account/", {"old_password": "x1"})) is None


def test_every_value_is_sent_again_as_it_was(editor: User) -> None:
    typed = {"a": ["1", "1", ""], "<script>\"'": ["</script><b>'\"\n x"], "action": "save"}
    client = Client(headers=HERE)
    first = client.post("/plans/1/edit/", typed)
    entered = {"username": "editor", "password": PASSWORD, "kept": kept_by(first).token}
    page = Page(client.post("/login/", entered), "/login/")
    [form] = [each for each in page.forms if each.action == "/plans/1/edit/"]
    sent = form.filled({})
    assert sent.pop("csrfmiddlewaretoken")
    assert sent == {"a": ["1", "1", ""], "<script>\"'": ["</script><b>'\"\r\n x"], "action": ["save"]}
    assert "<script>" not in page.html


@pytest.mark.parametrize("route", ["/login/", "/logout/", "/language/", "/admin/departments/user/1/change/"])
def test_what_concerns_the_log_in_itself_is_not_kept(route: str) -> None:
    client = Client(headers=HERE, enforce_csrf_checks=True)
    assert kept_by(client.post(route, {"next": "日本語 の 文"})) is None
    assert kept_by(Client(headers=HERE).post(route, {"next": "日本語 の 文"})) is None


def test_too_much_is_refused_without_a_fault() -> None:
    client = Client(headers=HERE)
    assert kept_by(client.post("/plans/1/edit/", {"summary": "長" * 700_000})) is not None
    noise = "".join(chr(0x3400 + at * 7919 % 0x6000) for at in range(MOST // 4))
    response = client.post("/plans/1/edit/", {"summary": noise})
    assert (response.status_code, kept_by(response)) in [(302, None), (403, kept_by(response))]
    assert client.post("/plans/1/edit/", {"a": "x" * 5_000_000}).status_code in (302, 400)
    assert client.generic("POST", "/plans/1/edit/", b'{"a": 1}', "application/json").status_code == 302


@pytest.mark.parametrize("how", ["get", "post", "put"])
def test_a_part_of_a_page_gets_401_and_nothing_to_show(how: str) -> None:
    client = Client(headers={**HERE, "HX-Request": "true"})
    response = getattr(client, how)("/plans/1/edit/", {"summary": "日本語 の 文"} if how == "post" else None)
    assert (response.status_code, response.content) == (401, b"")


def test_a_part_of_a_page_with_a_stale_token_gets_no_page_either(editor: User) -> None:
    client = Client(headers={**HERE, "HX-Request": "true"}, enforce_csrf_checks=True)
    assert client.post("/plans/1/edit/", {"a": "1"}).status_code == 401
    client.force_login(editor)
    response = client.post("/plans/1/edit/", {"a": "1"})
    assert (response.status_code, response.content) == (403, b"")


# ---- attacks

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://testserver"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://testserver@evil.example"},
    {"Referer": "http://testserver.evil.example/"},
    {"Referer": "https://evil.example/http://testserver/"},
    {"Referer": "http://["},
    {"Origin": "", "Referer": "http://testserver/"},
    {**HERE, "Sec-Fetch-Site": "cross-site"},
    {**HERE, "Sec-Fetch-Site": "same-site"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_nothing_of_another_site_is_kept(editor: User, plan: ActionPlan, headers: dict[str, str]) -> None:
    address, forged = f"/plans/{plan.pk}/edit/", {"summary": "偽の 文"}
    response = Client(headers=headers).post(address, forged)
    assert (response.status_code, kept_by(response)) == (302, None)
    client = Client(headers=headers, enforce_csrf_checks=True)
    client.force_login(editor)
    response = client.post(address, forged)
    assert (response.status_code, kept_by(response)) == (403, None)
    assert "偽の" not in response.content.decode()


def test_a_token_that_somebody_made_does_not_come_in_from_another_site(editor: User) -> None:
    """Whoever works here can have a form of theirs signed; laying it before somebody else takes that one's own page."""
    token = Kept("/account/", {"a": ["偽の 文"]}, []).token
    for headers in FOREIGN:
        client = Client(headers=headers, enforce_csrf_checks=True)
        client.force_login(editor)
        for where in ("/login/", "/plans/add/"):
            response = client.post(where, {"kept": token, "username": "evil", "password": "x"})
            assert (response.status_code, "偽の" in response.content.decode()) == (403, False)
        assert client.get("/login/", {"kept": token}).status_code == 302


@pytest.mark.parametrize("spoil", ["", "x", "x" * 3000, "{}:{}", "\0", "é", "{token}x", "x{token}"])
def test_a_spoilt_token_is_as_none(client: Client, spoil: str) -> None:
    make_user("sato")
    token = spoil.replace("{token}", Kept("/account/", {}, []).token)
    response = client.post("/login/", {"username": "sato", "password": PASSWORD, "kept": token})
    assert (response.status_code, response.headers["Location"]) == (302, "/")


def test_it_is_never_sent_to_another_address(client: Client) -> None:
    typed = {"a": "日本語 の 文"}
    assert client.post("/", typed, headers=HERE, PATH_INFO="//evil.example/plans/add/").status_code == 404
    kept = kept_by(client.post("/plans/add/?next=//evil.example/", typed, headers=HERE))
    assert kept is not None
    assert kept.address == "/plans/add/?next=//evil.example/"


def test_no_other_site_can_frame_the_page_that_sends(editor: User, client: Client) -> None:
    token = Kept("/plans/add/", {"a": ["1"]}, []).token
    response = client.post("/login/", {"username": "editor", "password": PASSWORD, "kept": token})
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert html.escape("/plans/add/") in response.content.decode()
