"""A year on the board, as far as it is counted, narrowed and sorted: plain facts in two queries, however many plans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import models
from django.utils.translation import pgettext_lazy

from departments.models import ActionPlan, User
from workflows.access import board_departments
from workflows.models import Checkpoint, Review, Stage
from workflows.wording import NOT_SUBMITTED, RETURNED, STAGES, Status

NOT_OPENED = Status("", "", pgettext_lazy("status", "Not opened yet"))
PLAN_NOT_APPROVED = Status("gray", "／", pgettext_lazy("status", "Plan not approved"))


class State(models.TextChoices):
    """How a plan stands at an opened checkpoint, from least to most done: what the board counts and narrows by."""

    MISSING = "missing", PLAN_NOT_APPROVED.text
    PREPARE = "prepare", NOT_SUBMITTED.text
    RETURNED = "returned", RETURNED.text
    REVIEW = "review", STAGES[Stage.REVIEW].text
    APPROVE = "approve", STAGES[Stage.APPROVE].text
    APPROVED = "approved", STAGES[Stage.APPROVED].text
    LAPSED = "lapsed", STAGES[Stage.LAPSED].text
    CANCELLED = "cancelled", STAGES[Stage.CANCELLED].text

    @property
    def status(self) -> Status:
        return STATUSES[self]


STATUSES: dict[State, Status] = {
    **{State(stage.value): status for stage, status in STAGES.items()},
    State.MISSING: PLAN_NOT_APPROVED,
    State.RETURNED: RETURNED,
}
# By stage, and whether the office has returned it.
BY_STAGE = {(stage.value, back): State(stage.value) for stage in Stage for back in (False, True)}
BY_STAGE[Stage.PREPARE.value, True] = State.RETURNED


class CellFacts(NamedTuple):
    """A plan at a checkpoint. `state` is None before the checkpoint is opened, `review` (its number) where it has none.

    `since`: when it came to its state.
    """

    state: State | None
    review: int | None = None
    due_on: date | None = None
    is_late: bool = False
    round: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan with its facts at each checkpoint of the year, under the 部 that its department stands in."""

    plan: int
    kind: str
    department: str
    division_id: int
    division: str
    place: tuple[int, str]
    cells: list[CellFacts]


@dataclass(frozen=True)
class YearFacts:
    """The rounds of a year, and the plans that the reader sees, 部 by 部."""

    year: int
    checkpoints: list[Checkpoint]
    plans: list[PlanFacts]

    @property
    def divisions(self) -> dict[int, str]:
        return {plan.division_id: plan.division for plan in self.plans}

    @property
    def focus(self) -> int | None:
        """The place of the checkpoint that matters now: the one that runs, else the last that ran."""
        opened = [at for at, checkpoint in enumerate(self.checkpoints) if checkpoint.opened_at]
        running = [at for at in opened if self.checkpoints[at].is_running]
        return max(running or opened, default=None)


PLAN_COLUMNS = (
    *("pk", "kind", "department_id", "department__name", "department__position", "department__code"),
    *("department__parent_id", "department__parent__name", "department__parent__position"),
    *("department__parent__code", "department__parent__parent_id"),
)
REVIEW_COLUMNS = ("plan_id", "checkpoint_id", "pk", "stage", "returned_from", "due_on", "round", "stage_since")


def read_year(user: User, year: int, on: date) -> YearFacts:
    """All that the person sees of the year on the board."""
    seen = board_departments(user, on)
    checkpoints = list(Checkpoint.objects.of_year(year))
    cells = _cells([checkpoint.pk for checkpoint in checkpoints], seen, on)
    absent = [CellFacts(State.MISSING if checkpoint.opened_at else None) for checkpoint in checkpoints]
    found = ActionPlan.objects.filter(fiscal_year=year, department__in=seen)
    rows = found.order_by("department__position", "department__code", "kind").values_list(*PLAN_COLUMNS)
    plans = [
        PlanFacts(
            plan,
            kind,
            department,
            *_division((department_id, department, position, code), parent, parent_parent),
            [cells.get((plan, each.pk), absent[at]) for at, each in enumerate(checkpoints)],
        )
        for plan, kind, department_id, department, position, code, *parent, parent_parent in rows
    ]
    return YearFacts(year, checkpoints, sorted(plans, key=lambda plan: plan.place))


def _division(own: Iterable, parent: Iterable, parent_parent: int | None) -> tuple[int, str, tuple[int, str]]:
    """Under which 部 a department stands on the board: its own, else it stands for itself."""
    pk, name, position, code = own if parent_parent is None else parent
    return pk, name, (position, code)


def _cells(checkpoints: list[int], seen: Iterable[int], on: date) -> dict[tuple[int, int], CellFacts]:
    """By plan and checkpoint."""
    reviews = Review.objects.filter(checkpoint__in=checkpoints, department__in=seen).values_list(*REVIEW_COLUMNS)
    return {
        (plan, checkpoint): CellFacts(
            BY_STAGE[stage, returned_from != ""], pk, due_on, due_on is not None and due_on < on, number, since
        )
        for plan, checkpoint, pk, stage, returned_from, due_on, number, since in reviews
    }
