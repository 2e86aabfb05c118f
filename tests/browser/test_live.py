"""The board that renews itself in the browser: what happened comes, what is ticked or focused stays."""

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from departments.models import User
from tests.workflows.cast import make_approved_plan, make_cast, make_places
from tests.workflows.moves import NOTE, opened
from workflows.models import Review
from workflows.services.nudges import nudge


@pytest.fixture
def reviews(live_server: LiveServer) -> list[Review]:
    places = make_places()
    make_cast(places)
    return opened(make_approved_plan(places.civic), make_approved_plan(places.tax))


def enter_as(page: Page, live_server: LiveServer, name: str) -> None:
    """Have the browser send what that of somebody who is logged in sends."""
    user, session = User.objects.get(username=name), SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": live_server.url}
    page.context.add_cookies([cookie])


def nudge_about(review: Review) -> None:
    by = User.objects.get(username="approver")
    nudge(review_id=review.pk, task_id=review.task_id or 0, note=NOTE, by=by, now=timezone.now())


def test_the_board_renews_itself(reviews: list[Review], live_server: LiveServer, page: Page) -> None:
    asked: list[int] = []
    page.on("response", lambda answer: asked.append(answer.status) if "/board/" in answer.url else None)
    enter_as(page, live_server, "reviewer")
    page.clock.install()
    page.goto(f"{live_server.url}/board/?year=2026")
    page.clock.fast_forward(21_000)
    page.wait_for_timeout(500)
    assert asked == [200, 204]

    link = page.locator(f"#at-{reviews[1].pk}")
    link.focus()
    nudge_about(reviews[0])
    page.clock.fast_forward(21_000)
    expect(page.locator(f"#plan-{reviews[0].plan_id}")).to_contain_text("催促済み")
    expect(link).to_be_focused()

    page.locator("input[name=review]").first.check()
    nudge_about(reviews[1])
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(500)
    assert asked == [200, 204, 200]
    expect(page.locator("input[name=review]").first).to_be_checked()

    page.locator("input[name=review]").first.uncheck()
    page.locator("#board a").first.focus()
    page.clock.fast_forward(21_000)
    expect(page.locator(f"#plan-{reviews[1].plan_id}")).to_contain_text("催促済み")

    page.context.clear_cookies()
    page.clock.fast_forward(21_000)
    page.wait_for_timeout(500)
    expect(page.locator("#board")).to_be_visible()
    expect(page.locator("[name=username]")).to_have_count(0)
