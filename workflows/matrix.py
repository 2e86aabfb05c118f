"""The rights as one table, role × relation × state × action: worked out by the very rules that `access` enforces.

The README's table, the command `access_matrix` and the tests all take it from here.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from django.utils.translation import override

from departments.access import Rights
from departments.models import ActionPlan, Role
from departments.models.organisation import Permission
from workflows.access import Action, Sight, allowed_by, sight_by
from workflows.models import Review, Stage

# The numbers and the year of a made-up review; nothing is read from the database.
WITHIN_REACH, ELSEWHERE, YEAR = 1, 2, 2026


class Relation(StrEnum):
    """How a review's department stands to a person's appointment."""

    OWN = "own"  # within its reach
    SERVED = "served"  # within its reach, but the person is or was editor or lead there this year
    OTHER = "other"


class State(StrEnum):
    """The stage of a review; approval twice, because what was submitted straight to it can still be withdrawn."""

    PREPARE = "prepare"
    REVIEW = "review"
    APPROVE = "approve"
    APPROVE_AGAIN = "approve_again"
    APPROVED = "approved"
    LAPSED = "lapsed"

    @property
    def stage(self) -> Stage:
        return Stage.APPROVE if self is State.APPROVE_AGAIN else Stage(self.value)

    def review(self, department_id: int) -> Review:
        """A review in this state, not saved."""
        returned_from = Stage.APPROVE if self is State.APPROVE_AGAIN else ""
        plan = ActionPlan(fiscal_year=YEAR)
        return Review(department_id=department_id, plan=plan, stage=self.stage, returned_from=returned_from)


class Cell(NamedTuple):
    """Whether a person of the role may take the action on a review of that relation in that state."""

    role: Role
    relation: Relation
    state: State
    action: Action
    allowed: bool


class Reading(NamedTuple):
    """How much of such a review the person may read."""

    role: Role
    relation: Relation
    state: State
    sight: Sight


def _cases() -> Iterator[tuple[Role, Relation, State]]:
    return ((role, relation, state) for role in Role for relation in Relation for state in State)


def _rights(role: Role, relation: Relation) -> Rights:
    served: dict[int, date | None] = {}
    if relation == Relation.SERVED or role in (Role.EDITOR, Role.LEAD):
        served = {WITHIN_REACH: None}
    return Rights(granted={permission: frozenset({WITHIN_REACH}) for permission in role.permissions}, served=served)


def _review(relation: Relation, state: State) -> Review:
    return state.review(ELSEWHERE if relation == Relation.OTHER else WITHIN_REACH)


@cache
def cells() -> tuple[Cell, ...]:
    """Every action in every case."""
    return tuple(
        Cell(role, relation, state, action, action in allowed_by(_rights(role, relation), _review(relation, state)))
        for role, relation, state in _cases()
        for action in Action
    )


@cache
def readings() -> tuple[Reading, ...]:
    """What may be read in every case."""
    return tuple(
        Reading(role, relation, state, sight_by(_rights(role, relation), _review(relation, state)))
        for role, relation, state in _cases()
    )


def as_json() -> dict[str, list[dict[str, str | bool]]]:
    """{"actions": [{role, relation, state, action, allowed}], "reading": [{role, relation, state, sight}]}."""
    return {
        "actions": [
            {
                "role": cell.role.value,
                "relation": cell.relation.value,
                "state": cell.state.value,
                "action": cell.action.value,
                "allowed": cell.allowed,
            }
            for cell in cells()
        ],
        "reading": [
            {
                "role": reading.role.value,
                "relation": reading.relation.value,
                "state": reading.state.value,
                "sight": reading.sight.name.lower(),
            }
            for reading in readings()
        ],
    }


# ---- the README's table

START, END = "<!-- rights -->", "<!-- /rights -->"
NONE = "–"
BARRED, UNTOUCHED = "¹", "²"
NOTES = f"""\
A cell names the stages in which the action is open to the role: {{stages}}.
Every other department's review answers 404, whatever the role. An administrator or superuser has no say in a review.

{BARRED} Not for whoever is or was editor or lead of that department this year (職務分掌).
{UNTOUCHED} Only when it was submitted again straight to approval and nobody has acted on it yet."""


def as_markdown() -> str:
    """The table for people: a row an action, a column a role, the stages in the cells; both languages."""
    rows = [
        ["", *(_in_both(role.label) for role in Role)],
        ["---"] * (1 + len(Role)),
        ["読む Read", *(_reading_cell(role) for role in Role)],
        *([_in_both(action.label), *(_action_cell(role, action) for role in Role)] for action in Action),
        *(
            [_in_both(permission.label), *("✓" if permission in role.permissions else NONE for role in Role)]
            for permission in (Permission.READ_BOARD, Permission.ADMINISTER)
        ),
    ]
    stages = ", ".join(f"`{stage.value}` {_in(stage.label, 'ja')}" for stage in Stage)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n" + NOTES.format(stages=stages)


def with_table(text: str) -> str:
    """The text with the table as it is now between its two marks. Raises ValueError when it has no marks."""
    before, start, rest = text.partition(START)
    _old, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the text has no {START} … {END}")
    return f"{before}{START}\n{as_markdown()}\n{END}{after}"


def _reading_cell(role: Role) -> str:
    """The most that the role may read, in the stages where it may."""
    found = [reading for reading in readings() if reading.role == role and reading.relation == Relation.OWN]
    most = max(reading.sight for reading in found)
    if most == Sight.NOTHING:
        return NONE
    return most.name.lower() + _within(reading.state for reading in found if reading.sight == most)


def _within(states: Iterable[State]) -> str:
    stages = {state.stage for state in states}
    return "" if stages == set(Stage) else f" ({', '.join(f'`{stage.value}`' for stage in Stage if stage in stages)})"


def _action_cell(role: Role, action: Action) -> str:
    allowed = {
        (cell.relation, cell.state): cell.allowed for cell in cells() if (cell.role, cell.action) == (role, action)
    }
    marked = []
    for state in State:
        again = state == State.APPROVE_AGAIN
        if allowed[Relation.OWN, state] and not (again and allowed[Relation.OWN, State.APPROVE]):
            barred = "" if allowed[Relation.SERVED, state] else BARRED
            marked.append(f"`{state.stage.value}`{UNTOUCHED if again else ''}{barred}")
    return ", ".join(marked) or NONE


def _in_both(text: object) -> str:
    return f"{_in(text, 'ja')} {_in(text, 'en')}"


def _in(text: object, language: str) -> str:
    with override(language):
        return str(text)
