"""The pages of the frame: who gets in, in which language, what the menu offers, what is said when something fails."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path
from django.utils import translation

from departments.models import Role
from project import urls
from project.templatetags import ui
from tests.factories import PASSWORD, make_department, make_person, make_user

pytestmark = pytest.mark.django_db


def log_in(client: Client, username: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/login/", {"username": username, "password": password})


def refused(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode().partition('<ul class="banner__body">')[2].partition("</ul>")[0]


def test_a_wrong_password_an_unknown_name_and_a_person_who_left_get_the_same_answer(client: Client) -> None:
    make_user("sato")
    gone = make_user("gone")
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    answers = {
        refused(log_in(client, "sato", "wrong")),
        refused(log_in(client, "nobody")),
        refused(log_in(client, "gone")),
    }
    assert len(answers) == 1
    assert "ユーザー名またはパスワードが正しくありません。" in answers.pop()


def test_who_logs_in_comes_to_the_page_that_was_asked_for_but_not_to_another_host(client: Client) -> None:
    make_user("sato")
    good = client.post("/login/?next=/account/", {"username": "sato", "password": PASSWORD, "next": "/account/"})
    assert good.headers["Location"] == "/account/"
    client.logout()
    data = {"username": "sato", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login/", data).headers["Location"] == "/"


def test_only_a_post_logs_out(client: Client) -> None:
    client.force_login(make_user())
    assert "ログアウトしますか。" in client.get("/logout/").content.decode()
    assert client.get("/account/").status_code == 200
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/account/").status_code == 302


def test_the_language_is_kept_with_the_person_and_the_browser(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    response = client.post("/language/", {"language": "en", "next": "/account/?a=1"})
    user.refresh_from_db()
    assert (response.headers["Location"], user.language) == ("/account/?a=1", "en")
    client.post("/logout/")
    page = client.get("/login/")
    assert (page.headers["Content-Language"], '<html lang="en">' in page.content.decode()) == ("en", True)


@pytest.mark.parametrize("data", [{"language": "de"}, {"language": ""}, {}, {"language": "ja\0"}])
def test_an_unknown_language_changes_nothing(client: Client, data: dict[str, str]) -> None:
    response = client.post("/language/", {**data, "next": "/login/"})
    assert (response.headers["Location"], response.cookies) == ("/login/", {})


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "\\\\evil"])
def test_the_language_switch_leads_nowhere_else(client: Client, target: str) -> None:
    assert client.post("/language/", {"language": "en", "next": target}).headers["Location"] == "/"


@pytest.mark.parametrize(("chosen", "link"), [("more", '.css">'), ("standard", ""), ("auto", '" media="(prefers-')])
def test_the_contrast_is_kept_with_the_browser(client: Client, chosen: str, link: str) -> None:
    """More for everybody, none whatever the device asks for, or as the device asks."""
    response = client.post("/contrast/", {"contrast": chosen, "next": "/login/"})
    assert response.headers["Location"] == "/login/"
    page = client.get("/login/").content.decode()
    assert ("contrast" in page.partition("</head>")[0]) == (chosen != "standard")
    assert link in page.partition("css/contrast")[2].partition("\n")[0]


def test_an_unknown_contrast_changes_nothing(client: Client) -> None:
    response = client.post("/contrast/", {"contrast": "sepia", "next": "//evil.example"})
    assert (response.headers["Location"], response.cookies) == ("/", {})
    client.cookies["meguru_contrast"] = "sepia"
    assert "prefers-contrast" in client.get("/login/").content.decode()


def test_pages_are_japanese_whatever_the_browser_asks_for(client: Client) -> None:
    page = client.get("/login/", headers={"Accept-Language": "en"})
    assert (page.headers["Content-Language"], '<html lang="ja">' in page.content.decode()) == ("ja", True)


def test_a_changed_password_works_and_the_session_stays(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    new = "Momiji-no-ha-7"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert "パスワードを変更しました。" in client.post("/account/", data, follow=True).content.decode()
    client.logout()
    assert log_in(client, user.username, new).status_code == 302


def test_the_account_page_lists_the_roles_held_today(client: Client) -> None:
    client.force_login(make_person("sato", make_department("shimin", "市民課"), Role.LEAD))
    page = client.get("/account/").content.decode()
    assert "市民課" in page
    assert str(Role.LEAD.label) in page


def test_the_menu_offers_administration_only_to_administrators(client: Client) -> None:
    city = make_department("city")

    def offered(role: str, name: str) -> set[str]:
        client.force_login(make_person(name, city, role))
        items = client.get("/account/").context["navigation"]
        return {each.url for item in items for each in (item.items or [item])}

    plain, administrator = offered(Role.EDITOR, "sato"), offered(Role.ADMINISTRATOR, "kanri")
    assert "/" in plain
    assert not {url for url in plain if url.startswith(("/people", "/departments", "/mail"))}
    assert {url for url in administrator if url.startswith(("/people", "/departments", "/mail"))}


def test_health_needs_no_login_and_readiness_tells_a_lost_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").json() == {"ready": True, "database": "ok"}

    def lost() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", lost)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False, "database": "unreachable"})


def test_pages_travel_compressed_to_whoever_takes_that(client: Client) -> None:
    asked = client.get("/login/", headers={"Accept-Encoding": "gzip"})
    assert (asked.headers["Content-Encoding"], asked.content[:2]) == ("gzip", b"\x1f\x8b")
    assert "Content-Encoding" not in client.get("/login/").headers


def test_the_style_guide_is_for_staff(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    assert client.get("/styleguide/").status_code == 404
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    assert client.get("/styleguide/").status_code == 200


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise {"bad": BadRequest, "forbidden": PermissionDenied, "broken": RuntimeError}[kind]("secret detail")


urlpatterns = [path("fail/<kind>/", fail), path("", include(urls.urlpatterns))]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/fail/bad/", 400, "送信内容を読み取れませんでした"),
        ("/fail/forbidden/", 403, "この操作を行う権限がありません"),
        ("/nothing/here/", 404, "ページが見つかりません"),
        ("/fail/broken/", 500, "システムに問題が起きました"),
    ],
)
def test_what_fails_says_so_in_japanese_and_gives_nothing_away(
    client: Client, address: str, status: int, says: str
) -> None:
    client.force_login(make_user())
    client.raise_request_exception = False
    response = client.get(address)
    page = response.content.decode()
    assert (response.status_code, says in page, "secret detail" in page) == (status, True, False)


def test_the_page_for_our_own_faults_needs_no_database(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        response = urls.views.server_error(RequestFactory().get("/"))
    assert response.status_code == 500


def test_a_form_without_its_token_is_told_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login/", {"username": "a", "password": "b"})
    assert (response.status_code, "画面の有効期限が切れました" in response.content.decode()) == (403, True)


def test_dates_follow_the_reader() -> None:
    day, moment = date(2026, 10, 7), datetime(2026, 10, 6, 15, 5, tzinfo=UTC)
    assert (ui.wareki(day), ui.wareki_time(moment), ui.wareki(None)) == (
        "令和8年10月7日(水)",
        "令和8年10月7日(水) 00:05",
        "",
    )
    with translation.override("en"):
        assert (ui.wareki(day), ui.wareki_time(moment)) == ("7 Oct 2026 (Wed)", "7 Oct 2026 (Wed) 00:05")


DASHES = (
    f"{'-=' * 1000}<del>1</del>{'=-' * 1000}",
    f"{'-=' * 1000}<ins>2</ins>{'=-' * 1000}",
)


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("8月に入札", "9月に入札", "<del>8</del>月に入札", "<ins>9</ins>月に入札"),
        ("<b>", "<i>", "&lt;<del>b</del>&gt;", "&lt;<ins>i</ins>&gt;"),
        ("", "追加", "", "<ins>追加</ins>"),
        (None, 5, "", "<ins>5</ins>"),
        ("同じ", "同じ", "同じ", "同じ"),
        ("x" * 6000 + "<", "y", f"<del>{'x' * 6000}&lt;</del>", "<ins>y</ins>"),
        # To compare this run by run would take half a minute.
        ("a" + "!?#" * 660, "a" + "?#!?" * 490, f"a<del>{'!?#' * 660}</del>", f"a<ins>{'?#!?' * 490}</ins>"),
        ("-=" * 1000 + "1" + "=-" * 1000, "-=" * 1000 + "2" + "=-" * 1000, *DASHES),
    ],
)
def test_differences_are_marked_and_escaped(before: object, after: object, old: str, new: str) -> None:
    assert (ui.removed(before, after), ui.added(after, before)) == (old, new)


class Entry(forms.Form):
    title = "オンライン申請"
    rate = forms.IntegerField(label="進捗率", max_value=100)
    progress = forms.ChoiceField(label="進捗区分", choices=[("on", "計画どおり")], widget=forms.RadioSelect)

    def clean(self) -> None:
        raise forms.ValidationError("合計が合いません。")


def test_the_summary_of_mistakes_links_to_each_control_and_keeps_what_was_typed() -> None:
    form = Entry({"rate": "<120>"})
    assert [(error["id"], error["label"], error["text"]) for error in ui.form_errors(forms=[form])] == [
        ("id_rate", "オンライン申請 進捗率", "整数を入力してください(例 12)。"),
        ("id_progress_0", "オンライン申請 進捗区分", "入力または選択してください。"),
        ("", "オンライン申請", "合計が合いません。"),
    ]
    field = form["rate"].as_field_group()
    assert 'value="&lt;120&gt;"' in field
    assert 'aria-invalid="true" aria-describedby="id_rate_error" id="id_rate"' in field
    assert field.index("※必須") < field.index("<input") < field.index('id="id_rate_error"')
    assert 'type="radio" name="progress" value="on" required aria-invalid="true"' in form["progress"].as_field_group()
    assert form["progress"].as_field_group().count('aria-describedby="id_progress_error"') == 2
