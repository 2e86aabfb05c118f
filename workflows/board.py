"""The board (進捗ボード): departments × checkpoints with stage, lateness and rounds. A read model.

All plans of the year are counted, narrowed and sorted as plain facts; only those of the page are loaded. A fixed
number of queries, however many.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from departments.models import User
from workflows.access import Action
from workflows.board_facts import PlanFacts, State, YearFacts
from workflows.board_query import Wanted, select
from workflows.board_rows import PageRows, Row
from workflows.models import Checkpoint, CheckpointKind
from workflows.wording import Status

PLANS_ON_A_PAGE = 50
# In this order they are counted; the second ones only where there are any.
COUNTED = (State.APPROVED, State.APPROVE, State.REVIEW, State.RETURNED, State.PREPARE)
SELDOM = (State.MISSING, State.LAPSED, State.CANCELLED)


@dataclass(frozen=True)
class Count:
    """A number of plans and the address of exactly those; `share` in percent of the plans counted."""

    number: int
    address: str
    current: bool
    share: int = 0


@dataclass(frozen=True)
class CountLine:
    """One line of counts: a state, or what is late of all; a count for each opened checkpoint, None for the others."""

    label: str | Promise
    status: Status | None
    counts: list[Count | None]


@dataclass(frozen=True)
class Total:
    """Of a 部 at a checkpoint: how many plans are approved, of how many, and how many are late."""

    approved: Count
    plans: int
    late: Count


@dataclass(frozen=True)
class Group:
    """The rows of one 部 that stand on the page; without a name, all rows in another order."""

    name: str
    address: str
    totals: list[Total]
    rows: list[Row]


@dataclass(frozen=True)
class Column:
    """A checkpoint, and the address of the board with that one in full."""

    checkpoint: Checkpoint
    address: str


@dataclass(frozen=True)
class Board:
    """A page of the board; `counted`: how many plans the counts are of, whatever they are narrowed to.

    `focus`: the checkpoint that matters now; then `others`, in order. `may`: what the reader can do to any row.
    """

    wanted: Wanted
    focus: Column | None
    others: list[Column]
    lines: list[CountLine]
    groups: list[Group]
    page: Page
    counted: int
    divisions: dict[int, str]
    may: frozenset[Action]

    @property
    def columns(self) -> list[Column]:
        return [*([self.focus] if self.focus else []), *self.others]

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    @property
    def names_people(self) -> bool:
        """Whether anywhere on the page somebody is named who has it now."""
        return any(cell.people or cell.may_nudge for row in self.rows for cell in row.cells)

    @property
    def width(self) -> int:
        """Over how many columns the checkpoint that matters now stands."""
        return 6 if self.names_people else 5

    @property
    def may_nudge(self) -> bool:
        return Action.NUDGE in self.may

    @property
    def may_extend(self) -> bool:
        return Action.EXTEND in self.may

    @property
    def may_decide(self) -> bool:
        return Action.APPROVE in self.may


def build_board(user: User, facts: YearFacts, wanted: Wanted, on: date, page: str | int | None = 1) -> Board:
    """A page of the board of the year's facts for the person, as wanted."""
    chosen = select(facts, wanted)
    order = _order(facts, chosen.at)
    found = Paginator(chosen.shown, PLANS_ON_A_PAGE).get_page(page)
    made = PageRows(list(found), user, facts, order, on, has_focus=chosen.at is not None)
    columns = [_column(facts.checkpoints[each], wanted) for each in order]
    return Board(
        wanted=wanted,
        focus=None if chosen.at is None else columns.pop(0),
        others=columns,
        lines=_lines(chosen.counted, facts, order, wanted),
        groups=_groups(made.rows, chosen.counted, facts, order, wanted),
        page=found,
        counted=len(chosen.counted),
        divisions=facts.divisions,
        may=made.may_any,
    )


def _column(checkpoint: Checkpoint, wanted: Wanted) -> Column:
    return Column(checkpoint, wanted.but(checkpoint=CheckpointKind(checkpoint.kind)).address())


def _order(facts: YearFacts, at: int | None) -> list[int]:
    """The columns by their places in the year: the one that matters now first."""
    others = [each for each in range(len(facts.checkpoints)) if each != at]
    return others if at is None else [at, *others]


# ---- the counts


def _lines(plans: Sequence[PlanFacts], facts: YearFacts, order: list[int], wanted: Wanted) -> list[CountLine]:
    found = Counter((at, cell.state) for plan in plans for at, cell in enumerate(plan.cells))
    late = Counter(at for plan in plans for at, cell in enumerate(plan.cells) if cell.is_late)
    kinds = [CheckpointKind(each.kind) for each in facts.checkpoints]

    def counted(at: int, number: int, *states: State, is_late: bool = False) -> Count | None:
        if facts.checkpoints[at].opened_at is None:
            return None
        return _count(number, wanted.narrowed_to(kinds[at], *states, late=is_late), wanted, len(plans))

    lines = [
        CountLine(state.label, state.status, [counted(at, found[at, state], state) for at in order])
        for state in (*COUNTED, *SELDOM)
        if state in COUNTED or any(found[at, state] for at in order)
    ]
    return [*lines, CountLine(_("Of these, late"), None, [counted(at, late[at], is_late=True) for at in order])]


def _count(number: int, narrowed: Wanted, wanted: Wanted, of: int) -> Count:
    return Count(number, narrowed.address(), narrowed == wanted, round(100 * number / of) if of else 0)


def _groups(
    rows: list[Row], plans: Sequence[PlanFacts], facts: YearFacts, order: list[int], wanted: Wanted
) -> list[Group]:
    """The rows by 部, each with its totals; in another order than the organisation's, all together."""
    if not wanted.by_organisation:
        return [Group("", "", [], rows)] if rows else []
    by_division: dict[int, list[Row]] = {}
    for row in rows:
        by_division.setdefault(row.facts.division_id, []).append(row)
    members: dict[int, list[PlanFacts]] = {pk: [] for pk in by_division}
    for plan in plans:
        if plan.division_id in members:
            members[plan.division_id].append(plan)
    return [
        Group(
            name=facts.divisions[pk],
            address=wanted.but(division=pk).address(),
            totals=[_total(members[pk], at, facts, wanted.but(division=pk)) for at in order],
            rows=found,
        )
        for pk, found in by_division.items()
    ]


def _total(plans: Sequence[PlanFacts], at: int, facts: YearFacts, wanted: Wanted) -> Total:
    kind, cells = CheckpointKind(facts.checkpoints[at].kind), [plan.cells[at] for plan in plans]
    approved = sum(cell.state == State.APPROVED for cell in cells)
    late = sum(cell.is_late for cell in cells)
    return Total(
        approved=_count(approved, wanted.narrowed_to(kind, State.APPROVED), wanted, len(plans)),
        plans=len(plans) if facts.checkpoints[at].opened_at else 0,
        late=_count(late, wanted.narrowed_to(kind, late=True), wanted, len(plans)),
    )
