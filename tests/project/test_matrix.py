"""The rights table: as the README prints it, as the command gives it, and every cell of it tried over HTTP.

An action or a stage without a row in it fails the build; pages have their own table, tests/routes.py.
"""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from departments.models import Role, User
from departments.models.deputies import DEPUTISED
from tests.clock import Clock
from tests.workflows.cast import Cast, Places, make_cast, make_places
from tests.workflows.moves import NOW, now_of
from tests.workflows.posts import refusal, sent
from tests.workflows.states import brought, make_holders
from workflows import matrix
from workflows.access import Action, Sight
from workflows.matrix import Relation, State
from workflows.models import Event, Review, Stage

README = Path(settings.BASE_DIR) / "README.md"


@pytest.fixture
def places(db: None, clock: Clock) -> Places:
    clock.now = NOW
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


# ---- the table itself


def test_readme_shows_the_rights_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")
    assert matrix.with_table(text) == text, "run: python manage.py access_matrix --into README.md"


def test_table_covers_every_case() -> None:
    cases = [
        (role, relation, state)
        for role in Role
        for relation in Relation
        if role in DEPUTISED or not relation.by_deputy
        for state in State
    ]
    assert [(cell.role, cell.relation, cell.state, cell.action) for cell in matrix.cells()] == [
        (*case, action) for case in cases for action in Action
    ]
    assert [(reading.role, reading.relation, reading.state) for reading in matrix.readings()] == cases
    assert {state.stage for state in State} == set(Stage)


def test_all_that_anybody_may_do() -> None:
    """The whole table by hand: everything that is not here is refused."""
    by_hand = {
        "editor": {
            ("prepare", "change"): "save answer",
            ("review", "approve", "approve_again"): "answer",
        },
        "lead": {
            ("prepare",): "save submit answer",
            ("change",): "save submit answer cancel",
            ("review", "approve_again"): "withdraw answer",
            ("approve",): "answer",
        },
        "reviewer": {
            ("prepare",): "nudge extend",
            ("change", "approve", "approve_again"): "nudge",
            ("review",): "pass return pin answer resolve",
        },
        "approver": {
            ("prepare",): "nudge extend cancel",
            ("review", "change"): "nudge cancel",
            ("approve", "approve_again"): "approve return pin answer resolve cancel",
            ("approved",): "revoke",
        },
    }
    assert sorted(
        f"{cell.role} {cell.relation} {cell.state} {cell.action}" for cell in matrix.cells() if cell.allowed
    ) == sorted(
        f"{role} {relation} {state} {action}"
        for role, states in by_hand.items()
        for found, actions in states.items()
        for state in found
        for action in actions.split()
        for relation in (EVERY_RELATION if action == "nudge" else RELATIONS[role])
    )


EVERY_RELATION = ("own", "served", "deputy", "deputy_served", "deputy_of_served")
# Work in the department bars from deciding on it, one's own and that of the person one stands in for; not from nudging.
RELATIONS = {
    "editor": ("own", "served"),
    "lead": EVERY_RELATION,
    "reviewer": ("own", "deputy"),
    "approver": ("own", "deputy"),
}


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
        only_approved = most[reading.role] == Sight.APPROVED and reading.state.stage != Stage.APPROVED
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


def state_of(review: Review) -> tuple[Any, ...]:
    review = now_of(review)
    return review.stage, review.round, review.version, Event.objects.count()


def tried(client: Client, review: Review, action: Action) -> tuple[int, bool]:
    """The status of the answer and whether anything changed; it is undone."""
    before, undo = state_of(review), transaction.savepoint()
    address, form = sent(review, action)
    status = client.post(address, form).status_code
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
        client = clients[holders[cell.role, cell.relation]]
        found.append((cell, *tried(client, review, cell.action)))
        status = 302 if cell.allowed else refusal(cell.action, state, sights[cell.role, cell.relation])
        expected.append((cell, status, cell.allowed))
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client
