"""The rows of a page of the board: each plan with its cells, what its reader may open and do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from departments.access import Rights, reads_plan, rights
from departments.models import ActionPlan, CalendarDay, User
from workflows.access import Action, Sight, actors, sight_by, standing_for
from workflows.board_facts import NOT_OPENED, CellFacts, PlanFacts, YearFacts
from workflows.models import Checkpoint, Nudge, Review, Stage
from workflows.nudging import Nudging, nudging_of
from workflows.standing import is_turn_of
from workflows.wording import Status, late_text, names_text


@dataclass(frozen=True)
class Cell:
    """A plan at a checkpoint. `review` is None where there is none; `opens`: its page is there for the reader.

    `people`: who has it now, where the reader opens it. For those who nudge (催促): the newest `nudge` of whoever has
    it, and whether they can nudge now.
    """

    checkpoint: Checkpoint
    facts: CellFacts
    review: Review | None
    late: str
    opens: bool
    people: str = ""
    nudge: Nudge | None = None
    may_nudge: bool = False

    @property
    def status(self) -> Status:
        return self.facts.state.status if self.facts.state else NOT_OPENED


@dataclass(frozen=True)
class Row:
    """A plan with the cell that matters now and the others; `opens`: the plan's own page is there for the reader.

    `key`: by what the row is chosen for what the office does to many; empty where there is nothing to do.
    """

    plan: ActionPlan
    facts: PlanFacts
    focus: Cell | None
    others: list[Cell]
    opens: bool
    key: str = ""

    @property
    def cells(self) -> list[Cell]:
        return [*([self.focus] if self.focus else []), *self.others]


class PageRows:
    """Makes rows of facts: the plans and reviews of the page alone are loaded, in a fixed number of queries.

    `order`: the columns by their places in the year; the first is the one that matters now, if `has_focus`.
    """

    def __init__(
        self, found: Sequence[PlanFacts], user: User, facts: YearFacts, order: list[int], on: date, *, has_focus: bool
    ) -> None:
        self.known, self.checkpoints, self.order, self.has_focus = rights(user, on), facts.checkpoints, order, has_focus
        self.plans = ActionPlan.objects.select_related("department__parent").in_bulk([each.plan for each in found])
        self.reviews = self._read_reviews(cell.review for each in found for cell in each.cells)
        self.nudging = nudging_of(self.reviews.values(), user, on)
        self.people = actors([each for each in self.reviews.values() if each.is_open and self._opens(each)], on)
        self.late = _lateness(on)
        self.may = {each.plan: self._actions(each) for each in found} if has_focus else {}
        self.rows = [self._row(each, self.may.get(each.plan, frozenset())) for each in found]

    @property
    def may_any(self) -> frozenset[Action]:
        """What the reader can do to any of those chosen by their keys."""
        return frozenset().union(*self.may.values())

    def _read_reviews(self, numbers: Iterable[int | None]) -> dict[int, Review]:
        reviews = Review.objects.in_bulk([number for number in numbers if number is not None])
        checkpoints = {each.pk: each for each in self.checkpoints}
        for review in reviews.values():
            review.plan, review.checkpoint = self.plans[review.plan_id], checkpoints[review.checkpoint_id]
        return reviews

    def _opens(self, review: Review) -> bool:
        return sight_by(self.known, review) > Sight.NOTHING

    def _actions(self, found: PlanFacts) -> frozenset[Action]:
        """What of that which is done to many the reader can do to the review that matters now."""
        review = self.reviews.get(found.cells[self.order[0]].review or 0)
        return actions_on_many(review, self.known, self.nudging) if review is not None else frozenset()

    def _row(self, found: PlanFacts, may: frozenset[Action]) -> Row:
        plan = self.plans[found.plan]
        cells = [self._cell(found.cells[at], self.checkpoints[at]) for at in self.order]
        focus = cells[0] if self.has_focus else None
        chosen = focus.review if focus and may else None
        return Row(
            plan=plan,
            facts=found,
            focus=focus,
            others=cells[1:] if focus else cells,
            opens=reads_plan(self.known, plan),
            key=f"{chosen.pk}-{chosen.task_id}-{chosen.round}" if chosen else "",
        )

    def _cell(self, facts: CellFacts, checkpoint: Checkpoint) -> Cell:
        review = self.reviews.get(facts.review) if facts.review else None
        if review is None:
            return Cell(checkpoint, facts, None, "", opens=False)
        return Cell(
            checkpoint=checkpoint,
            facts=facts,
            review=review,
            late=self.late(review.due_on) if facts.is_late and review.due_on else "",
            opens=self._opens(review),
            people=names_text(self.people.get(review.pk, [])),
            nudge=self.nudging.last_of(review) if self.nudging else None,
            may_nudge=self.nudging is not None and self.nudging.is_due(review),
        )


def actions_on_many(review: Review, known: Rights, nudging: Nudging | None) -> frozenset[Action]:
    """Of what is done to many at once, nudging, extending and deciding: what whoever has these rights can do to it."""
    if not review.is_open:
        return frozenset()
    may = set()
    if nudging is not None and nudging.is_due(review):
        may.add(Action.NUDGE)
    if standing_for(Action.EXTEND, known, review) is not None:
        may.add(Action.EXTEND)
    if review.stage != Stage.PREPARE and is_turn_of(known, review):
        may.add(Action.APPROVE)
    return frozenset(may)


def _lateness(on: date) -> Callable[[date], str]:
    """Words for how late each due day is; few different days stand in many cells."""
    calendar = CalendarDay.objects.calendar()

    @cache
    def late(due_on: date) -> str:
        return late_text(calendar.between(due_on, on))

    return late
