"""The rights as one table, role × relation × state × action: worked out by the very rules that `access` enforces.

The README's table, the command `access_matrix` and the tests all take it from here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from django.utils.translation import override

from departments.access import Mandate, Rights
from departments.models import ActionPlan, Role
from departments.models.deputies import DEPUTISED
from departments.models.organisation import Permission
from workflows.access import Action, Sight, allowed_by, sight_by
from workflows.models import Checkpoint, CheckpointKind, Review, Stage

# The numbers and the year of a made-up review; nothing is read from the database.
WITHIN_REACH, ELSEWHERE, YEAR, ABSENT = 1, 2, 2026, 3


class Relation(StrEnum):
    """How a review's department stands to a person's appointment, or to that of whom they stand in for."""

    OWN = "own"  # within its reach
    SERVED = "served"  # within its reach, but the person is or was editor or lead there this year
    OTHER = "other"
    DEPUTY = "deputy"  # within the reach of the absent person
    DEPUTY_SERVED = "deputy_served"  # the same, but the deputy is or was editor or lead there this year
    DEPUTY_OF_SERVED = "deputy_of_served"  # the same, but the absent person is or was

    @property
    def by_deputy(self) -> bool:
        return self in (Relation.DEPUTY, Relation.DEPUTY_SERVED, Relation.DEPUTY_OF_SERVED)


class State(StrEnum):
    """The stage of a review, in as many kinds as make a difference to somebody."""

    PREPARE = "prepare"
    REVIEW = "review"
    APPROVE = "approve"
    APPROVE_AGAIN = "approve_again"  # submitted straight to it, so it can still be withdrawn
    APPROVED = "approved"
    APPROVED_CLOSED = "approved_closed"  # and the checkpoint is closed
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    CHANGE = "change"  # a change of the plan, being prepared
    CHANGE_APPROVED = "change_approved"

    @property
    def stage(self) -> Stage:
        return SPECIAL[self] if self in SPECIAL else Stage(self.value)

    def review(self, department_id: int) -> Review:
        """A review in this state, not saved."""
        is_change = self in (State.CHANGE, State.CHANGE_APPROVED)
        return Review(
            department_id=department_id,
            plan=ActionPlan(fiscal_year=YEAR),
            stage=self.stage,
            returned_from=Stage.APPROVE if self is State.APPROVE_AGAIN else "",
            change_number=int(is_change),
            checkpoint=Checkpoint(
                kind=CheckpointKind.CHANGE if is_change else CheckpointKind.Q2,
                opened_at=MOMENT,
                closed_at=MOMENT if self is State.APPROVED_CLOSED else None,
            ),
        )


MOMENT = datetime(YEAR, 10, 7, tzinfo=UTC)
SPECIAL = {
    State.APPROVE_AGAIN: Stage.APPROVE,
    State.APPROVED_CLOSED: Stage.APPROVED,
    State.CHANGE: Stage.PREPARE,
    State.CHANGE_APPROVED: Stage.APPROVED,
}


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
    return (
        (role, relation, state)
        for role in Role
        for relation in Relation
        if role in DEPUTISED or not relation.by_deputy
        for state in State
    )


def _rights(role: Role, relation: Relation) -> Rights:
    there: dict[int, date | None] = {WITHIN_REACH: None}
    works_there = role in (Role.EDITOR, Role.LEAD)
    granted = {permission: frozenset({WITHIN_REACH}) for permission in role.permissions}
    if not relation.by_deputy:
        return Rights(granted=granted, served=there if works_there or relation == Relation.SERVED else {})
    absent = Rights(granted=granted, served=there if works_there or relation == Relation.DEPUTY_OF_SERVED else {})
    served = there if role == Role.LEAD or relation == Relation.DEPUTY_SERVED else {}
    return Rights(granted={}, served=served, mandates=(Mandate(ABSENT, absent),))


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
BARRED, UNTOUCHED, RUNNING, CHANGE, ROUND = "¹", "²", "³", "⁴", "⁵"
NOTES = f"""\
A cell names the stages in which the action is open to the role: {{stages}}.
Every other department's review answers 404, whatever the role. An administrator or superuser has no say in a review.
A deputy (代理) may do what the absent person may, if nothing bars either of the two; the record names both.

{BARRED} Not for whoever is or was editor or lead of that department this year (職務分掌).
{UNTOUCHED} Only when it was submitted again straight to approval and nobody has acted on it yet.
{RUNNING} Only until the checkpoint is closed, and not for a change of a plan.
{CHANGE} Only a change of a plan (計画変更).
{ROUND} Not a change of a plan."""


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
    marked = [_marked(stage, allowed) for stage in Stage]
    return ", ".join(filter(None, marked)) or NONE


def _marked(stage: Stage, allowed: Mapping[tuple[Relation, State], bool]) -> str:
    """The stage with the marks of its conditions; empty where the action is not open in it."""
    plain, special = State(stage.value), [state for state in SPECIAL if state.stage == stage]
    opening = next((state for state in (plain, *special) if allowed[Relation.OWN, state]), None)
    if opening is None:
        return ""
    marks = {State.APPROVE_AGAIN: UNTOUCHED, State.CHANGE: CHANGE}.get(opening, "")
    if opening == plain and not all(allowed[Relation.OWN, state] for state in special):
        marks = RUNNING if stage == Stage.APPROVED else ROUND
    return f"`{stage.value}`{marks}" + ("" if allowed[Relation.SERVED, opening] else BARRED)


def _in_both(text: object) -> str:
    return f"{_in(text, 'ja')} {_in(text, 'en')}"


def _in(text: object, language: str) -> str:
    with override(language):
        return str(text)
