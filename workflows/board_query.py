"""What the address of the board asks for: which rows, in which order. What makes no sense there is passed over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _

from departments.folding import fold, folded_words
from departments.models.plans import PlanKind
from workflows.board_facts import CellFacts, PlanFacts, State, YearFacts
from workflows.models import CheckpointKind
from workflows.models.checkpoints import ROUNDS

LONGEST_WORDS = 60

Choice = TypeVar("Choice", bound=models.TextChoices)


class Sort(models.TextChoices):
    """By what the rows are sorted: by the organisation, or by how they stand at one checkpoint."""

    ORGANISATION = "organisation"
    STAGE = "stage"
    DUE = "due"
    LATE = "late"
    ROUNDS = "rounds"
    MOVED = "moved"


# What is most comes first where that is what one looks for: the latest, the most often submitted, the newest.
FALLING = (Sort.LATE, Sort.ROUNDS, Sort.MOVED)
ORDER_OF_STATES = {state: at for at, state in enumerate(State)}


@dataclass(frozen=True)
class Wanted:
    """Rows of a division, a kind of plan, with words in their names: those that stand so at the checkpoint, if any.

    Without `checkpoint`, at any of the year. `backwards`: against the usual direction of the sorting.
    """

    year: int
    division: int | None = None
    kind: PlanKind | None = None
    words: str = ""
    checkpoint: CheckpointKind | None = None
    states: tuple[State, ...] = ()
    late: bool = False
    sort: Sort = Sort.ORGANISATION
    backwards: bool = False

    @property
    def is_falling(self) -> bool:
        return (self.sort in FALLING) != self.backwards

    @property
    def by_organisation(self) -> bool:
        """In this order the rows of a 部 stand together."""
        return self.sort == Sort.ORGANISATION

    def but(self, **changes: Any) -> "Wanted":
        return replace(self, **changes)

    def narrowed_to(self, checkpoint: CheckpointKind, *states: State, late: bool = False) -> "Wanted":
        """The rows of the same departments and kind that stand so at the checkpoint."""
        return replace(self, checkpoint=checkpoint, states=states, late=late)

    def address(self) -> str:
        """The query of the address, with the question mark."""
        parts: list[tuple[str, Any]] = [
            ("year", self.year),
            ("division", self.division or ""),
            ("kind", self.kind or ""),
        ]
        parts += [("q", self.words), ("checkpoint", self.checkpoint or "")]
        parts += [("status", state.value) for state in self.states]
        parts += [("late", "1" if self.late else ""), ("sort", self._sorting())]
        return "?" + urlencode([(name, value) for name, value in parts if value])

    def _sorting(self) -> str:
        if self.sort == Sort.ORGANISATION and not self.backwards:
            return ""
        return f"-{self.sort.value}" if self.backwards else self.sort.value


def wanted_in(query: QueryDict, year: int, divisions: Iterable[int]) -> Wanted:
    """What the query asks for, of the divisions that the reader sees."""
    sorting = query.get("sort", "")
    states = dict.fromkeys(_choice(State, value) for value in query.getlist("status"))
    return Wanted(
        year=year,
        division=next((pk for pk in divisions if str(pk) == query.get("division")), None),
        kind=_choice(PlanKind, query.get("kind")),
        words=" ".join(query.get("q", "").split())[:LONGEST_WORDS],
        checkpoint=_choice(CheckpointKind, query.get("checkpoint"), ROUNDS),
        states=tuple(state for state in states if state is not None),
        late=query.get("late") == "1",
        sort=_choice(Sort, sorting.removeprefix("-")) or Sort.ORGANISATION,
        backwards=sorting.startswith("-") and sorting[1:] in Sort.values,
    )


def _choice(choices: type[Choice], value: str | None, among: Iterable[Choice] | None = None) -> Choice | None:
    return next((choice for choice in among or choices if choice.value == value), None)


@dataclass(frozen=True)
class Chip:
    """One condition that narrows the board, and the address without it."""

    text: str
    address: str


def chips_of(wanted: Wanted, divisions: dict[int, str]) -> Iterator[Chip]:
    """All that narrows the board, in words."""
    if wanted.division:
        yield Chip(divisions[wanted.division], wanted.but(division=None).address())
    if wanted.kind:
        yield Chip(str(wanted.kind.label), wanted.but(kind=None).address())
    if wanted.words:
        yield Chip(_("“%(words)s”") % {"words": wanted.words}, wanted.but(words="").address())
    if wanted.checkpoint:
        yield Chip(str(wanted.checkpoint.label), wanted.but(checkpoint=None).address())
    for state in wanted.states:
        others = tuple(other for other in wanted.states if other != state)
        yield Chip(str(state.label), wanted.but(states=others).address())
    if wanted.late:
        yield Chip(_("Late"), wanted.but(late=False).address())


# ---- which rows, in which order


@dataclass(frozen=True)
class Selection:
    """`counted`: the plans of the departments and kind asked for, which the counts count; `shown`: those of them that
    stand as asked, in order. `at`: the place of the checkpoint that matters, None before the first is opened.
    """

    counted: list[PlanFacts]
    shown: list[PlanFacts]
    at: int | None


def select(facts: YearFacts, wanted: Wanted) -> Selection:
    """The rows that the board of the year's facts shows, as wanted."""
    asked = next((at for at, each in enumerate(facts.checkpoints) if each.kind == wanted.checkpoint), None)
    at = facts.focus if asked is None else asked
    counted = _of_departments(facts.plans, wanted)
    return Selection(counted, _sorted_as(_standing_so(counted, wanted, asked), wanted, at), at)


def _of_departments(plans: Iterable[PlanFacts], wanted: Wanted) -> list[PlanFacts]:
    words = folded_words(wanted.words)
    return [
        plan
        for plan in plans
        if wanted.division in (None, plan.division_id)
        and wanted.kind in (None, plan.kind)
        and (not words or _has(plan, words))
    ]


def _has(plan: PlanFacts, words: list[str]) -> bool:
    names = fold(f"{plan.department}/{plan.division}")
    return all(word in names for word in words)


def _standing_so(plans: Iterable[PlanFacts], wanted: Wanted, at: int | None) -> list[PlanFacts]:
    """Those that stand as was asked at the checkpoint of that place, or at any."""
    if not (wanted.states or wanted.late):
        return list(plans)
    stands = _condition(wanted)
    if at is None:
        return [plan for plan in plans if any(map(stands, plan.cells))]
    return [plan for plan in plans if stands(plan.cells[at])]


def _condition(wanted: Wanted) -> Any:
    states, late = frozenset(wanted.states), wanted.late

    def stands(cell: CellFacts) -> bool:
        return (not states or cell.state in states) and (not late or cell.is_late)

    return stands


def _sorted_as(plans: list[PlanFacts], wanted: Wanted, at: int | None) -> list[PlanFacts]:
    """By how they stand at the checkpoint of that place; last those with nothing to sort by, in either direction."""
    if wanted.sort == Sort.ORGANISATION:
        return plans[::-1] if wanted.backwards else plans
    if at is None:
        return plans
    keys = [(_key(plan.cells[at], wanted.sort), plan) for plan in plans]
    with_key = [(key, plan) for key, plan in keys if key is not None]
    with_key.sort(key=lambda pair: pair[0], reverse=wanted.is_falling)
    return [plan for _key_of, plan in with_key] + [plan for key, plan in keys if key is None]


def _key(cell: CellFacts, sort: Sort) -> Any:
    if sort == Sort.STAGE:
        return ORDER_OF_STATES[cell.state] if cell.state else None
    if sort == Sort.DUE:
        return cell.due_on
    if sort == Sort.LATE:
        return -cell.due_on.toordinal() if cell.is_late and cell.due_on else None
    if sort == Sort.ROUNDS:
        return cell.round or None
    return cell.since
