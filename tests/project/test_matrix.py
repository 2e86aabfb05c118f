"""The rights table: as the README prints it, as the command gives it, and every cell of it tried over HTTP.

A page, an action or a stage without a row here fails the build.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from viewflow.workflow.models import Task

from departments.models import Appointment, Role, User
from notifications.dispatch import dispatch
from notifications.models import OutgoingMail
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan, make_cast, make_places
from tests.workflows.moves import NOW, REASON, at, now_of, opened
from tests.workflows.states import brought, make_holders
from workflows import matrix
from workflows.access import Action, Sight
from workflows.matrix import Relation, State
from workflows.models import Event, Review, Stage

README = Path(settings.BASE_DIR) / "README.md"


@pytest.fixture
def places(db: None) -> Places:
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


# ---- the table itself


def test_readme_shows_the_rights_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")
    assert matrix.with_table(text) == text, "run: python manage.py access_matrix --into README.md"


def test_table_covers_every_case() -> None:
    cases = [(role, relation, state) for role in Role for relation in Relation for state in State]
    assert [(cell.role, cell.relation, cell.state, cell.action) for cell in matrix.cells()] == [
        (*case, action) for case in cases for action in Action
    ]
    assert [(reading.role, reading.relation, reading.state) for reading in matrix.readings()] == cases
    assert {state.stage for state in State} == set(Stage)


def test_all_that_anybody_may_do() -> None:
    """The whole table by hand: everything that is not here is refused."""
    assert sorted(
        f"{cell.role} {cell.relation} {cell.state} {cell.action}" for cell in matrix.cells() if cell.allowed
    ) == sorted(
        [
            *(f"{role} {relation} prepare save" for role in ("editor", "lead") for relation in ("own", "served")),
            *(f"lead {relation} prepare submit" for relation in ("own", "served")),
            *(f"lead {relation} {state} withdraw" for relation in ("own", "served") for state in WITHDRAWABLE),
            "reviewer own review pass",
            "reviewer own review return",
            "approver own approve return",
            "approver own approve approve",
            "approver own approve_again return",
            "approver own approve_again approve",
        ]
    )


WITHDRAWABLE = ("review", "approve_again")


def test_all_that_anybody_may_read() -> None:
    most = {
        "editor": Sight.DRAFT,
        "lead": Sight.DRAFT,
        "reviewer": Sight.SUBMISSIONS,
        "approver": Sight.SUBMISSIONS,
        "executive": Sight.APPROVED,
        "auditor": Sight.DRAFT,
        "administrator": Sight.NOTHING,
    }
    for reading in matrix.readings():
        only_approved = most[reading.role] == Sight.APPROVED and reading.state != State.APPROVED
        hidden = reading.relation == Relation.OTHER or only_approved
        assert reading.sight == (Sight.NOTHING if hidden else most[reading.role]), reading


def test_command_prints_every_case() -> None:
    out = io.StringIO()
    call_command("access_matrix", "--format", "json", stdout=out)
    printed = json.loads(out.getvalue())
    assert [tuple(row.values()) for row in printed["actions"]] == [tuple(cell) for cell in matrix.cells()]
    assert [(row["role"], row["relation"], row["state"], row["sight"]) for row in printed["reading"]] == [
        (*reading[:3], reading.sight.name.lower()) for reading in matrix.readings()
    ]


def test_command_writes_into_a_text_that_has_the_marks(tmp_path: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text(f"前\n{matrix.START}\n古い表\n{matrix.END}\n後\n", encoding="utf-8")
    call_command("access_matrix", "--into", str(text), stdout=io.StringIO())
    expected = f"前\n{matrix.START}\n{matrix.as_markdown()}\n{matrix.END}\n後\n"
    assert text.read_text(encoding="utf-8") == expected
    text.write_text("表なし", encoding="utf-8")
    for path in (text, tmp_path / "missing.md"):
        with pytest.raises(CommandError, match=path.name):
            call_command("access_matrix", "--into", str(path))


# ---- every cell over HTTP


def sent(review: Review, action: Action) -> tuple[str, dict[str, Any]]:
    """Where the action is posted, and what its form sends; after the end, the number of the last task."""
    task_id = review.task_id or Task.objects.filter(process=review.process_id).latest("pk").pk
    if action in (Action.SAVE, Action.SUBMIT):
        values: dict[str, Any] = {"action": action.value, "task": task_id, "version": review.version}
        for measure in review.plan.measures.all():
            prefix = f"m{measure.pk}-"
            values |= {f"{prefix}progress": "on_plan", f"{prefix}percent": 60, f"{prefix}done": "実施した。"}
            values |= {f"{prefix}issue": "", f"{prefix}next_step": ""}
        return "prepare", values
    if action == Action.WITHDRAW:
        return "withdraw", {"task": task_id}
    outcome = {Action.PASS: "passed", Action.RETURN: "returned", Action.APPROVE: "approved"}[action]
    return "decide", {"task": task_id, "outcome": outcome, "comment": REASON}


def state_of(review: Review) -> tuple[Any, ...]:
    review = now_of(review)
    return review.stage, review.round, review.version, Event.objects.count()


def tried(client: Client, review: Review, action: Action) -> tuple[int, bool]:
    """The status of the answer and whether anything changed; it is undone."""
    before, undo = state_of(review), transaction.savepoint()
    page, values = sent(now_of(review), action)
    status = client.post(reverse(page, args=[review.pk]), values).status_code
    changed = state_of(review) != before
    transaction.savepoint_rollback(undo)
    return status, changed


@pytest.mark.parametrize("state", list(State))
def test_every_cell_over_http(places: Places, cast: Cast, state: State) -> None:
    own, other = brought(state, places, cast)
    holders = make_holders(places.civic)
    sights = {(each.role, each.relation): each.sight for each in matrix.readings() if each.state == state}
    clients = {person: logged_in(person) for person in holders.values()}
    found, expected = [], []
    for cell in matrix.cells():
        if cell.state != state:
            continue
        review = other if cell.relation == Relation.OTHER else own
        client = clients[holders[cell.role, cell.relation == Relation.SERVED]]
        found.append((cell, *tried(client, review, cell.action)))
        if sights[cell.role, cell.relation] == Sight.NOTHING:
            status = 404
        elif cell.allowed:
            status = 302
        else:
            status = 403 if own.is_open else 409
        expected.append((cell, status, cell.allowed))
    assert found == expected


@pytest.mark.parametrize("state", list(State))
def test_every_reading_over_http(places: Places, cast: Cast, state: State) -> None:
    own, other = brought(state, places, cast)
    holders = make_holders(places.civic)
    for reading in matrix.readings():
        if reading.state != state:
            continue
        client = logged_in(holders[reading.role, reading.relation == Relation.SERVED])
        review = other if reading.relation == Relation.OTHER else own
        pages = [reverse("review", args=[review.pk]), reverse("review_round", args=[review.pk, 1])]
        shown = reading.sight > Sight.NOTHING
        answers = [client.get(page).status_code for page in pages]
        # Before the first submission there is no round to read yet.
        assert answers == [200 if shown else 404, 200 if shown and review.has_content else 404], reading


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


# ---- every page, for everybody

ALL = frozenset(Cast.__annotations__) - {"leaver"}
ADMINISTRATORS = frozenset({"administrator"})
DEPARTMENT = frozenset({"editor", "lead"})
OFFICE = frozenset({"dx_lead", "reviewer", "second_reviewer", "approver", "moved", "doubled"})
READERS_OF_APPROVED = DEPARTMENT | OFFICE | {"executive", "auditor"}
NEIGHBOURS = frozenset({"tax_editor", "tax_lead"})

# Page → who gets it. Reviews and plans are approved ones of the civic department; the plan to edit is a draft of it.
PAGES: dict[str, frozenset[str]] = {
    "home": ALL,
    "account": ALL,
    "strategy": ALL,
    "strategy_year": ALL,
    "plans": ALL,
    "board": ALL - {"stranger", "superuser"},
    "rates": READERS_OF_APPROVED | NEIGHBOURS,
    "styleguide": frozenset({"superuser"}),
    "review": READERS_OF_APPROVED,
    "review_round": READERS_OF_APPROVED,
    "plan": READERS_OF_APPROVED,
    "plan_add": DEPARTMENT | NEIGHBOURS | {"dx_lead", "doubled"},
    "plan_edit": DEPARTMENT,
    "checkpoints": ALL,
    "checkpoint_add": ADMINISTRATORS,
    "checkpoint_edit": ADMINISTRATORS,
    "checkpoint_open": ADMINISTRATORS,
    "checkpoint_close": ADMINISTRATORS,
    "departments": ADMINISTRATORS,
    "department_add": ADMINISTRATORS,
    "department_edit": ADMINISTRATORS,
    "calendar": ADMINISTRATORS,
    "people": ADMINISTRATORS,
    "person_add": ADMINISTRATORS,
    "person": ADMINISTRATORS,
    "person_edit": ADMINISTRATORS,
    "appointment_add": ADMINISTRATORS,
    "appointment_end": ADMINISTRATORS,
    "mail": ADMINISTRATORS,
    "mail_message": ADMINISTRATORS,
}
PUBLIC = {"login", "accessibility", "healthz", "readyz"}
# They only take what is posted, or lead on to the review when there is nothing to do.
ACTIONS = {"logout", "language", "prepare", "decide", "withdraw"}


def routes(patterns: list[Any]) -> Iterator[str]:
    """The names of all pages but those of Django's admin, which has its own rights."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            if pattern.app_name != "admin":
                yield from routes(pattern.url_patterns)
        else:
            yield pattern.name


def test_every_page_has_a_row_here() -> None:
    assert sorted(routes(get_resolver().url_patterns)) == sorted({*PAGES, *PUBLIC, *ACTIONS})


def test_every_page_opens_for_those_it_is_for_and_nobody_else(places: Places, cast: Cast) -> None:
    (review,) = opened(make_approved_plan(places.civic))
    at(Stage.APPROVED, review, cast)
    dispatch(now=NOW)
    draft = make_plan(places.civic, 2027)
    post = Appointment.objects.get(user=cast.tax_editor)
    numbers = {
        "review": [review.pk],
        "review_round": [review.pk, 1],
        "strategy_year": [2026],
        "plan": [review.plan_id],
        "plan_edit": [draft.pk],
        "checkpoint_edit": [review.checkpoint_id],
        "checkpoint_open": [review.checkpoint_id],
        "checkpoint_close": [review.checkpoint_id],
        "department_edit": [places.civic.pk],
        "person": [cast.lead.pk],
        "person_edit": [cast.lead.pk],
        "appointment_add": [cast.lead.pk],
        "appointment_end": [post.pk],
        "mail_message": [OutgoingMail.objects.first().pk],
    }
    found = {}
    clients = {name: logged_in(getattr(cast, name)) for name in sorted(ALL)}
    for page in PAGES:
        address = reverse(page, args=numbers.get(page, []))
        answers = {name: client.get(address).status_code for name, client in clients.items()}
        assert set(answers.values()) <= {200, 404}, (page, answers)
        found[page] = frozenset(name for name, status in answers.items() if status == 200)
        assert_login_needed(address, cast)
    assert found == PAGES


def assert_login_needed(address: str, cast: Cast) -> None:
    for client in (Client(), logged_in(cast.leaver)):
        answer = client.get(address)
        assert (answer.status_code, answer.headers.get("Location", "").partition("?")[0]) == (302, reverse("login"))
