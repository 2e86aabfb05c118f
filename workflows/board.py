"""The board (進捗ボード): departments × checkpoints with stage and lateness. A read model of five queries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.access import reads_plan, rights
from departments.models import ActionPlan, CalendarDay, Department, User
from workflows.access import Sight, board_departments, sight
from workflows.models import Checkpoint, Nudge, Review, Stage
from workflows.nudging import Nudging, nudging_of_year
from workflows.wording import Status, late_text, status_of

NOT_OPENED = Status("", "", pgettext_lazy("status", "Not opened yet"))
NO_REVIEW = Status("gray", "／", pgettext_lazy("status", "Plan not approved"))


@dataclass(frozen=True)
class Cell:
    """A plan at a checkpoint. `review` is None where there is none; `opens`: its page is there for the reader.

    For those who nudge (催促): the newest `nudge` of whoever has it, and whether they can nudge now.
    """

    checkpoint: Checkpoint
    review: Review | None
    status: Status
    late: str
    opens: bool
    nudge: Nudge | None = None
    may_nudge: bool = False


@dataclass(frozen=True)
class Row:
    """A plan at all checkpoints; `opens`: the plan's own page is there for the reader."""

    plan: ActionPlan
    cells: list[Cell]
    opens: bool

    @property
    def is_late(self) -> bool:
        return any(cell.late for cell in self.cells)


@dataclass(frozen=True)
class Group:
    """The rows of one 部."""

    department: Department
    rows: list[Row]


@dataclass(frozen=True)
class Count:
    """One line of totals: how many cells of each column are so."""

    label: str
    numbers: list[tuple[Checkpoint, int]]


@dataclass(frozen=True)
class Board:
    """`divisions`: all 部 that the reader sees, whatever is filtered; `counts` are those of the shown groups."""

    checkpoints: list[Checkpoint]
    groups: list[Group]
    counts: list[Count]
    divisions: list[Department]

    @property
    def plans(self) -> int:
        return sum(len(group.rows) for group in self.groups)

    @property
    def to_nudge(self) -> list[Cell]:
        """Those among the shown that the reader can nudge now."""
        return [cell for group in self.groups for row in group.rows for cell in row.cells if cell.may_nudge]

    @property
    def late_to_nudge(self) -> list[Cell]:
        return [cell for cell in self.to_nudge if cell.late]

    @property
    def has_running(self) -> bool:
        """Whether some column is running, which is then all that a phone shows at first."""
        return any(checkpoint.is_running for checkpoint in self.checkpoints)


# What is counted in each column; the first five are the stages and add up to the reviews there are.
COUNTED: list[tuple[str, Callable[[Cell], bool]]] = [
    (_("Approved"), lambda cell: cell.review is not None and cell.review.stage == Stage.APPROVED),
    (_("With the office"), lambda cell: cell.review is not None and cell.review.stage in (Stage.REVIEW, Stage.APPROVE)),
    (_("Returned"), lambda cell: cell.review is not None and cell.review.is_returned),
    (
        _("Not submitted"),
        lambda cell: cell.review is not None and cell.review.stage == Stage.PREPARE and not cell.review.is_returned,
    ),
    (
        _("Ended without approval"),
        lambda cell: cell.review is not None and cell.review.stage in (Stage.LAPSED, Stage.CANCELLED),
    ),
    (_("Of these, late"), lambda cell: bool(cell.late)),
]


def build_board(user: User, year: int, on: date, *, division: str = "", late_only: bool = False) -> Board:
    """The board of a fiscal year for what the person may see; perhaps one 部 (its id), or rows with something late."""
    checkpoints = list(Checkpoint.objects.of_year(year))
    plans = _plans(user, year, on)
    reviews = {
        (review.plan_id, review.checkpoint_id): review
        for review in Review.objects.filter(plan__in=[plan.pk for plan in plans]).select_related("plan")
    }
    late, nudging = _lateness(on), nudging_of_year(user, year, on)
    groups: dict[Department, list[Row]] = {}
    for plan in plans:
        found = [(checkpoint, reviews.get((plan.pk, checkpoint.pk))) for checkpoint in checkpoints]
        cells = [_cell(user, checkpoint, review, on, late, nudging) for checkpoint, review in found]
        row = Row(plan, cells, opens=reads_plan(rights(user, on), plan))
        groups.setdefault(_division(plan.department), []).append(row)
    shown = [
        Group(department, [row for row in rows if row.is_late or not late_only])
        for department, rows in groups.items()
        if division in ("", str(department.pk))
    ]
    return Board(
        checkpoints=checkpoints,
        groups=[group for group in shown if group.rows],
        counts=_counts([row for group in shown for row in group.rows], checkpoints),
        divisions=list(groups),
    )


def _plans(user: User, year: int, on: date) -> list[ActionPlan]:
    """The plans of the departments that the person sees on the board, 部 by 部."""
    seen = board_departments(user, on)
    plans = ActionPlan.objects.filter(fiscal_year=year, department__in=seen).select_related("department__parent")
    return sorted(plans.order_by("department__position", "department__code", "kind"), key=_place)


def _place(plan: ActionPlan) -> tuple[int, str]:
    division = _division(plan.department)
    return division.position, division.code


def _division(department: Department) -> Department:
    """Under which 部 a department stands on the board: its own, else it stands for itself."""
    return department.division or department


def _lateness(on: date) -> Callable[[date], str]:
    """Words for how late each due day is; few different days stand in many cells."""
    calendar = CalendarDay.objects.calendar()

    @cache
    def late(due_on: date) -> str:
        return late_text(calendar.between(due_on, on)) if due_on < on else ""

    return late


def _cell(
    user: User,
    checkpoint: Checkpoint,
    review: Review | None,
    on: date,
    late: Callable[[date], str],
    nudging: Nudging | None,
) -> Cell:
    if review is None:
        return Cell(checkpoint, None, NO_REVIEW if checkpoint.opened_at else NOT_OPENED, "", opens=False)
    return Cell(
        checkpoint=checkpoint,
        review=review,
        status=status_of(review),
        late=late(review.due_on) if review.due_on else "",
        opens=sight(user, review, on) > Sight.NOTHING,
        nudge=nudging.last_of(review) if nudging else None,
        may_nudge=nudging is not None and nudging.is_due(review),
    )


def _counts(rows: list[Row], checkpoints: list[Checkpoint]) -> list[Count]:
    return [
        Count(
            label,
            [(checkpoint, sum(holds(row.cells[at]) for row in rows)) for at, checkpoint in enumerate(checkpoints)],
        )
        for label, holds in COUNTED
    ]
