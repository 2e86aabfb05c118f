"""A plan's page: its year, schedule, figures, changes and history, each as the reader may read it. A read model.

Some twenty queries, however many measures, checkpoints, changes and events the plan has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from departments.access import visible_plans
from departments.models import ActionPlan, CalendarDay, Indicator, User
from workflows.access import register_departments
from workflows.figures import Figures, figures_of, last_contents, readable_reports
from workflows.gantt import Frame, Row, frame_of, progress_of, row_of
from workflows.models import Checkpoint, Review
from workflows.plan_year import Turn, YearStep, turn_of, year_of
from workflows.proposals import PlanChanges, changes_of, readable_changes
from workflows.register import Entry, entry_of, register_events

# The newest events stand open, more are folded away, and the rest is found in the register.
OPEN_EVENTS, MOST_EVENTS = 10, 100
# With more measures than this, milestones stand on their measure's bar and not in lines of their own.
MOST_WITH_LINES = 12


@dataclass(frozen=True)
class History:
    """The newest events; `is_cut`: the register has more."""

    entries: list[Entry]
    is_cut: bool

    @property
    def open(self) -> list[Entry]:
        return self.entries[:OPEN_EVENTS]

    @property
    def folded(self) -> list[Entry]:
        return self.entries[OPEN_EVENTS:]


@dataclass(frozen=True)
class PlanPage:
    """`last_year` and `next_year`: the department's plans of the same kind that the reader may open."""

    turn: Turn | None
    year: list[YearStep]
    frame: Frame
    rows: list[Row]
    figures: Figures
    changes: PlanChanges
    history: History
    last_year: ActionPlan | None
    next_year: ActionPlan | None

    @property
    def draws_lines(self) -> bool:
        """Whether each milestone has a line of its own."""
        return len(self.rows) <= MOST_WITH_LINES


def open_plan(plan: ActionPlan, user: User, on: date) -> PlanPage:
    """All that the page shows; the person may read the plan itself."""
    calendar = CalendarDay.objects.calendar()
    checkpoints = list(Checkpoint.objects.of_year(plan.fiscal_year))
    measures = list(plan.measures.select_related("initiative").prefetch_related("milestones", "indicators"))
    reviews, progress = _reviews(plan), progress_of(measures, user, on)
    changes, reports = readable_changes(reviews, user, on), readable_reports(reviews, user, on)
    contents = last_contents([*changes, *reports])
    told = {review.checkpoint_id: (review, contents[review.pk]) for review in reports}
    frame = frame_of(plan.fiscal_year, checkpoints, on)
    beside = _neighbours(plan, user, on)
    year = year_of(checkpoints, reviews, user, on, calendar)
    return PlanPage(
        turn=turn_of(reviews, user, on, calendar),
        year=year,
        frame=frame,
        rows=[row_of(frame.axis, measure, progress.get(measure.pk)) for measure in measures],
        figures=figures_of(year, told, measures, _strategys_indicators(plan)),
        changes=changes_of(plan, changes, contents, user, on),
        history=_history(plan, user, on),
        last_year=beside.get(plan.fiscal_year - 1),
        next_year=beside.get(plan.fiscal_year + 1),
    )


def _strategys_indicators(plan: ActionPlan) -> Iterable[Indicator]:
    """Those of the strategy that are reported with the plan."""
    return Indicator.objects.reported_by(plan).filter(measure=None).order_by("initiative__number", "pk")


def _reviews(plan: ActionPlan) -> list[Review]:
    """All of the plan's reviews, of rounds and of changes, without what they say."""
    found = list(plan.reviews.select_related("checkpoint", "proposal").defer("proposal__content"))
    for review in found:
        review.plan, review.department = plan, plan.department
    return found


def _history(plan: ActionPlan, user: User, on: date) -> History:
    """What happened, newest first, for those who read the department's register."""
    if plan.department_id not in register_departments(user, on):
        return History([], is_cut=False)
    found = list(register_events([plan.department_id]).filter(plan=plan.pk)[: MOST_EVENTS + 1])
    return History([entry_of(event) for event in found[:MOST_EVENTS]], is_cut=len(found) > MOST_EVENTS)


def _neighbours(plan: ActionPlan, user: User, on: date) -> dict[int, ActionPlan]:
    """Fiscal year → the department's plan of the same kind of the year before and after."""
    years = (plan.fiscal_year - 1, plan.fiscal_year + 1)
    found = visible_plans(user, on).filter(department=plan.department_id, kind=plan.kind, fiscal_year__in=years)
    return {each.fiscal_year: each for each in found}
