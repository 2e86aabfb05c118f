"""Every page of the demo city in a real browser: it fits, it is quiet, and axe finds nothing wrong with it.

`HYPOTHESIS_PROFILE=long` shows every page to everybody who gets it, which takes an hour; the short form to one.
"""

import gzip
import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Response
from pytest_django.live_server_helper import LiveServer

from departments.models import ActionPlan, Appointment, Department, Deputy, Role, User
from notifications.models import OutgoingMail, ReminderRule
from project.context import VERSION
from tests.routes import REVIEW_ROUTES, ROWS
from workflows.models import Checkpoint, Pin, Review, Stage
from workflows.services.changes import request_change, save_proposal

WIDTHS = (1280, 375)
EVERYBODY = os.environ.get("HYPOTHESIS_PROFILE") == "long"
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHEETS_AND_SCRIPTS = """performance.getEntriesByType("resource").map(entry => new URL(entry.name).pathname)
    .filter(path => /\\.(css|js)$/.test(path))"""
MOST_BYTES = 100 * 1024


class Shown(NamedTuple):
    """A page: its route, who looks at it, what it is about, and what follows the address."""

    route: str
    who: str = ""
    about: Callable[[], list[int]] = list
    query: str = ""


def review(code: str, kind: str) -> Review:
    running = Checkpoint.objects.running().exclude(kind="plan").get()
    return Review.objects.get(plan__department__code=code, plan__kind=kind, checkpoint=running)


def returned() -> list[int]:
    return [review("koseki", "execution").pk]


def drafting() -> list[int]:
    return [review("koseki", "action").pk]


def submitted() -> list[int]:
    return [review("hoiku", "action").pk]


def passed() -> list[int]:
    return [review("dx", "execution").pk]


def approved() -> list[int]:
    return [review("hoiku", "execution").pk]


def resubmitted() -> list[int]:
    return [Review.objects.filter(stage=Stage.REVIEW, round=2).first().pk]


def a_pin() -> list[int]:
    return [Pin.objects.open().filter(review__plan__department__code="koseki").first().pk]


def second_round() -> list[int]:
    return [*resubmitted(), 2]


def plan() -> list[int]:
    return [ActionPlan.objects.get(department__code="koseki", kind="execution").pk]


def draft_plan() -> list[int]:
    """The demo in review has none, so this is one set back to what it was in spring."""
    ActionPlan.objects.filter(department__code="koseki", kind="action").update(state="draft")
    return [ActionPlan.objects.get(department__code="koseki", kind="action").pk]


def change(stage: Stage) -> Callable[[], list[int]]:
    """The demo's change of a plan that has come to the stage."""
    return lambda: [Review.objects.get(change_number=1, stage=stage).pk]


def begun_change() -> list[int]:
    """One that the demo's editor has begun: another target, another title."""
    found, editor = ActionPlan.objects.get(pk=plan()[0]), User.objects.get(username="editor")
    begun = Review.objects.filter(plan=found, change_number__gte=1).first()
    if begun is None:
        begun = request_change(plan_id=found.pk, reason="国の制度が変わったため", by=editor, now=timezone.now())
        first, *rest = begun.proposal.draft.measures
        content = replace(begun.proposal.draft, measures=(*rest, replace(first, title="書かない窓口の全庁展開")))
        facts = {"review_id": begun.pk, "task_id": begun.task_id, "version": begun.version, "reason": "制度改正"}
        save_proposal(**facts, content=content, by=editor, now=timezone.now())
    return [begun.pk]


def the_year() -> list[int]:
    return [2026]


def running() -> list[int]:
    return [Checkpoint.objects.running().exclude(kind="plan").get().pk]


def coming() -> list[int]:
    return [Checkpoint.objects.filter(opened_at=None).first().pk]


def department() -> list[int]:
    return [Department.objects.get(code="koseki").pk]


def person() -> list[int]:
    return [User.objects.get(username="approver").pk]


def appointment() -> list[int]:
    return [Appointment.objects.filter(user__username="editor").get().pk]


def absence() -> list[int]:
    """One of the head of the office that is to come."""
    post = Appointment.objects.get(user__username="approver", role=Role.APPROVER)
    coming, _is_new = Deputy.objects.get_or_create(
        absent=post.user,
        role=post.role,
        department=post.department,
        deputy=User.objects.get(username="reviewer"),
        first_day=timezone.localdate() + timedelta(days=7),
        last_day=timezone.localdate() + timedelta(days=9),
        defaults={"entered_at": timezone.now()},
    )
    return [coming.pk]


def a_rule() -> list[int]:
    return [ReminderRule.objects.first().pk]


def a_mail() -> list[int]:
    return [OutgoingMail.objects.filter(status="sent").first().pk]


PAGES = [
    Shown("login"),
    Shown("accessibility"),
    Shown("logout", "lead"),
    Shown("account", "approver"),
    Shown("mail_choices", "approver"),
    Shown("styleguide", "operator"),
    Shown("home", "lead"),
    Shown("home", "reviewer"),
    Shown("home", "approver"),
    Shown("home", "executive"),
    Shown("home", "admin"),
    Shown("board", "reviewer"),
    Shown("board", "executive", query="?late=1"),
    Shown("board", "approver", query="?sort=-late&status=returned&status=prepare&checkpoint=q2&q=課&tick=1"),
    Shown("board", "admin", query="?q=nowhere"),
    Shown("dashboard", "executive"),
    Shown("dashboard", "lead", query="?kind=q1"),
    Shown("dashboard_measures", "auditor", query="?change=worse"),
    Shown("rates", "executive"),
    Shown("strategy", "executive"),
    Shown("strategy_year", "lead", the_year),
    Shown("strategy_gantt", "executive", the_year),
    Shown("strategy_gantt", "lead", the_year, "?part=theme-1"),
    Shown("search", "editor"),
    Shown("search", "auditor", query="?q=ｵﾝﾗｲﾝ"),
    Shown("search", "admin", query="?q=高崎&kind=people"),
    Shown("search", "lead", query="?q=a"),
    Shown("plans", "auditor"),
    Shown("plan", "lead", plan),
    Shown("plan_add", "lead"),
    Shown("plan_edit", "lead", draft_plan),
    Shown("change_add", "lead", plan),
    Shown("proposal", "editor", begun_change),
    Shown("prepare", "lead", begun_change),
    Shown("review", "reviewer", change(Stage.REVIEW)),
    Shown("review", "executive", change(Stage.APPROVED)),
    Shown("checkpoints", "editor"),
    Shown("prepare", "lead", returned),
    Shown("prepare", "editor", drafting),
    Shown("review", "lead", returned),
    Shown("review", "auditor", returned),
    Shown("review_draft", "auditor", returned),
    Shown("review", "reviewer", submitted),
    Shown("review", "reviewer", resubmitted),
    Shown("review", "reviewer", resubmitted, query="?against=quarter"),
    Shown("review", "approver", passed),
    Shown("review", "executive", approved),
    Shown("review", "auditor", resubmitted),
    Shown("review_round", "reviewer", second_round),
    Shown("decide", "reviewer", submitted),
    Shown("withdraw", "neighbour", submitted),
    Shown("nudge", "reviewer", drafting),
    Shown("extend", "reviewer", drafting),
    Shown("cancel", "approver", drafting),
    Shown("cancel", "lead", begun_change),
    Shown("revoke", "approver", approved),
    Shown("pin_add", "reviewer", submitted),
    Shown("pin_answer", "lead", a_pin),
    Shown("pin_resolve", "reviewer", a_pin),
    Shown("bulk", "reviewer"),
    Shown("bulk", "approver"),
    Shown("register", "auditor"),
    Shown("register", "lead", query="?kind=returned"),
    Shown("absences", "approver"),
    Shown("absence_add", "approver"),
    Shown("absence_end", "approver", absence),
    Shown("person_absence_add", "admin", person),
    Shown("decided_for_me", "approver"),
    Shown("checkpoints", "admin"),
    Shown("checkpoint_add", "admin", query="?year=2027&kind=plan"),
    Shown("year_propose", "admin"),
    Shown("checkpoint_edit", "admin", running),
    Shown("checkpoint_open", "admin", coming),
    Shown("checkpoint_close", "admin", running),
    Shown("departments", "admin"),
    Shown("department_add", "admin"),
    Shown("department_edit", "admin", department),
    Shown("calendar", "admin"),
    Shown("people", "admin"),
    Shown("person_add", "admin"),
    Shown("person", "admin", person),
    Shown("person_edit", "admin", person),
    Shown("appointment_add", "admin", person),
    Shown("appointment_end", "admin", appointment),
    Shown("reminders", "admin"),
    Shown("reminders_preview", "admin"),
    Shown("reminder_add", "admin"),
    Shown("reminder_edit", "admin", a_rule),
    Shown("mail", "admin"),
    Shown("mail_addresses", "admin"),
    Shown("mail_message", "admin", a_mail),
]
# Read by machines, a redirect, or a download.
WITHOUT_A_LOOK = {
    *("healthz", "readyz", "mail_health", "language", "contrast", "review_file", "register_csv", "register_json"),
    *("board_nudge", "board_extend", "board_csv", "autosave", "news_read"),
}


def test_every_page_is_looked_at() -> None:
    assert {page.route for page in PAGES} | WITHOUT_A_LOOK == {row.route for row in ROWS} | set(REVIEW_ROUTES)


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """The address of the demo city, in review."""
    call_command("seed_demo", stage="review", stdout=io.StringIO())
    return live_server.url


def test_every_page(site: str, page: Page, subtests: pytest.Subtests) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for shown, who in [(each, who) for each in PAGES for who in onlookers(each)]:
        with subtests.test(f"{shown.route}{shown.query}", who=who, about=shown.about.__name__):
            address = site + reverse(shown.route, args=shown.about()) + shown.query
            found = {}
            said.clear()
            for language in ("ja", "en"):
                become(page, who, language, site)
                answer = page.goto(address)
                assert answer is not None
                assert (answer.status, page.locator("html").get_attribute("lang")) == (200, language)
                assert weight(page, answer) <= MOST_BYTES
                assert VERSION in page.locator("footer").inner_text()
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 800})
                    found |= {(language, width, *fault): nodes for fault, nodes in faults(page).items()}
            assert found == {}
            assert said == []


def onlookers(shown: Shown) -> list[str]:
    """Whom the page is shown to."""
    if not (shown.who and EVERYBODY):
        return [shown.who]
    address = reverse(shown.route, args=shown.about()) + shown.query
    return [login for login in User.objects.values_list("username", flat=True) if is_shown(address, login)]


def is_shown(address: str, login: str) -> bool:
    client = Client()
    client.force_login(User.objects.get(username=login))
    return client.get(address).status_code == 200


def become(page: Page, login: str, language: str, site: str) -> None:
    """Give the browser the session of the person, or of nobody, with the language as they chose it."""
    cookies = {settings.LANGUAGE_COOKIE_NAME: language}
    if login:
        User.objects.filter(username=login).update(language=language)
        client = Client()
        client.force_login(User.objects.get(username=login))
        cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])


def weight(page: Page, answer: Response) -> int:
    """Bytes on the way to somebody who comes for the first time: the page with its stylesheets and scripts."""
    return answer.request.sizes()["responseBodySize"] + sum(map(compressed, page.evaluate(SHEETS_AND_SCRIPTS)))


@cache
def compressed(path: str) -> int:
    """The size of a static file as WhiteNoise hands it out."""
    found = finders.find(path.removeprefix(settings.STATIC_URL))
    return len(gzip.compress(Path(str(found)).read_bytes()))


def faults(page: Page) -> dict[tuple[Any, ...], list[str]]:
    """What axe finds, and whether the page is wider than its window."""
    wider = page.evaluate(WIDER_THAN_THE_WINDOW)
    found: dict[tuple[Any, ...], list[str]] = {("wider than the window", wider): []} if wider > 0 else {}
    for violation in Axe().run(page, options=AXE).response["violations"]:
        found[violation["id"], violation["help"]] = [node["html"][:200] for node in violation["nodes"]]
    return found
