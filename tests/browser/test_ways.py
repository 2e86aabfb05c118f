"""Other ways to use the pages: with the keyboard alone, and without JavaScript."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from departments.models import User
from tests.factories import PASSWORD
from tests.workflows.cast import Cast, make_approved_plan, make_cast, make_places
from tests.workflows.moves import REASON, opened
from workflows.models import MeasureReport, Review, Stage

MOST_TABS = 80
# What has the focus: its words or its label, and whether one can see that it has it.
FOCUS = """() => {
  const it = document.activeElement, style = getComputedStyle(it);
  const words = it.labels && it.labels.length ? it.labels[0].innerText : it.innerText;
  const box = it.getBoundingClientRect();
  const lit = style.outlineStyle !== "none" || style.boxShadow !== "none";
  const hidden = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {words: words.trim(), tag: it.tagName, seen: lit && (it.contains(hidden) || !!hidden && hidden.contains(it))};
}"""


@pytest.fixture
def cast(live_server: LiveServer) -> Cast:
    places = make_places()
    cast = make_cast(places)
    User.objects.update(password=make_password(PASSWORD))
    opened(make_approved_plan(places.civic))
    return cast


def tab_to(page: Page, is_it: Callable[[str, str], bool]) -> None:
    """Press Tab until the focus is on what is meant; every stop on the way can be seen."""
    passed = []
    for _press in range(MOST_TABS):
        focus = page.evaluate(FOCUS)
        if focus["tag"] != "BODY":
            assert focus["seen"], focus
            if is_it(focus["tag"], focus["words"]):
                return
        passed.append(focus["words"][:30])
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by Tab: {passed}")


def enter(page: Page) -> None:
    """Press Enter and wait for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_report_is_written_and_submitted_with_the_keyboard_alone(
    cast: Cast, live_server: LiveServer, page: Page
) -> None:
    page.goto(live_server.url)
    tab_to(page, lambda tag, words: words.startswith("ユーザー名"))
    page.keyboard.type("lead")
    tab_to(page, lambda tag, words: words.startswith("パスワード"))
    page.keyboard.type(PASSWORD)
    enter(page)
    expect(page.locator("h1")).to_have_text("マイワーク")

    tab_to(page, lambda tag, words: tag == "A" and words.startswith("入力する"))
    enter(page)
    tab_to(page, lambda tag, words: words == "確認して提出")
    enter(page)
    # The list of what is missing has the focus, and leads to the field.
    expect(page.locator(".banner--error")).to_be_focused()
    tab_to(page, lambda tag, words: "進捗区分を選んでください" in words)
    page.keyboard.press("Enter")
    tab_to(page, lambda tag, words: tag == "SELECT")
    page.keyboard.press("ArrowDown")  # 前倒し
    page.keyboard.press("ArrowDown")  # 計画どおり
    tab_to(page, lambda tag, words: tag == "TEXTAREA" and words.startswith("取組の状況"))
    page.keyboard.type("予定どおり進めた。")
    # It is saved without a button, and what was missing no longer is.
    expect(page.locator("#saving")).to_contain_text("に保存しました")
    expect(page.locator("#lack-count")).to_have_text("必要な項目はすべて入力・保存されています")
    assert MeasureReport.objects.get().done == "予定どおり進めた。"
    tab_to(page, lambda tag, words: words == "確認して提出")
    enter(page)
    tab_to(page, lambda tag, words: words == "提出する")
    enter(page)
    expect(page.locator(".banner--success")).to_contain_text("提出しました")
    assert Review.objects.get().stage == Stage.REVIEW


def test_all_works_without_javascript(cast: Cast, live_server: LiveServer, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    log_in(page, live_server.url, "lead")
    page.get_by_role("link", name="入力する").click()
    page.get_by_label("進捗区分").select_option(label="計画どおり")
    page.get_by_label("取組の状況").fill("予定どおり進めた。")
    page.get_by_role("button", name="確認して提出").click()
    page.get_by_role("button", name="提出する").click()
    expect(page.locator(".banner--success")).to_contain_text("提出しました")
    log_out(page)

    log_in(page, live_server.url, "reviewer")
    page.get_by_role("link", name="審査する").first.click()
    page.get_by_role("button", name="差し戻す").click()
    expect(page.locator(".banner--error")).to_contain_text("差し戻す理由を入力してください")
    page.get_by_label("所属へのコメント").fill(REASON)
    page.get_by_role("button", name="差し戻す").click()
    expect(page.locator(".banner--success")).to_contain_text("差し戻しました")
    log_out(page)

    log_in(page, live_server.url, "lead")
    page.get_by_role("link", name="修正する").click()
    expect(page.locator("main")).to_contain_text(REASON)
    context.close()


def log_in(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/login/")
    page.get_by_label("ユーザー名").fill(name)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログイン").click()
    expect(page.locator("h1")).to_have_text("マイワーク")


def log_out(page: Page) -> None:
    page.locator(".tools summary").click()
    page.get_by_role("button", name="ログアウト").first.click()


def test_what_is_typed_outlives_the_network_and_the_session(
    cast: Cast, live_server: LiveServer, browser: Browser
) -> None:
    context = browser.new_context(locale="ja-JP")  # whose console may speak of requests that failed
    page = context.new_page()
    log_in(page, live_server.url, "lead")
    page.get_by_role("link", name="入力する").first.click()
    typed, warning = page.get_by_label("取組の状況"), page.locator("#unsaved")
    context.set_offline(True)
    typed.press_sequentially("一。")
    expect(warning.get_by_text("サーバーに接続できません")).to_be_visible()
    context.set_offline(False)
    expect(warning).to_be_hidden()
    assert MeasureReport.objects.get().done == "一。"

    session = context.cookies()
    context.clear_cookies()
    typed.press_sequentially("二。")
    expect(warning.get_by_text("ログインの有効期限が切れました")).to_be_visible()
    context.add_cookies(session)
    typed.press_sequentially("三。")
    expect(warning).to_be_hidden()
    assert MeasureReport.objects.get().done == "一。二。三。"
    context.close()
