"""The rows that the measurements start from: departments with plans, people who act, drafts ready to be submitted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from django.db.models import Model

from departments.models import ActionPlan, Department, Indicator, Initiative, Measure, Role, Strategy, Theme, User
from departments.models.indicators import Direction, Kind
from departments.models.plans import PlanKind, PlanState, Priority
from departments.services.appointments import appoint
from workflows.models import Checkpoint, CheckpointKind, IndicatorReport, MeasureReport, ProgressClass, Review

NOW = datetime(2026, 10, 1, tzinfo=UTC)
TODAY = date(2026, 10, 1)
MEASURES = 5
INDICATORS = 3

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class City:
    """Departments below one of all, a lead for each by department id, and one reviewer and one approver of them all."""

    root: Department
    departments: list[Department]
    leads: dict[int, User]
    reviewer: User
    approver: User


def build_city(size: int) -> City:
    """A city of so many departments, everybody appointed."""
    departments = build_departments("city", size)
    root = departments[0].parent
    assert root is not None
    return City(
        root=root,
        departments=departments,
        leads={department.pk: appoint_to(department, Role.LEAD) for department in departments},
        reviewer=appoint_to(root, Role.REVIEWER),
        approver=appoint_to(root, Role.APPROVER),
    )


def build_departments(code: str, count: int) -> list[Department]:
    """So many departments below one of their own."""
    root = Department.objects.create(code=code, name="市")
    return insert_all(Department(code=f"{code}-{at}", name=f"第{at}課", parent=root) for at in range(count))


def appoint_to(department: Department, role: Role) -> User:
    """A new person who has been in that role since April."""
    user = User.objects.create(username=f"{role}-{department.code}", name=role)
    appoint(by=None, user=user, department=department, role=role, valid_from=date(2026, 4, 1), on=TODAY)
    return user


def build_plans(departments: list[Department], year: int) -> list[ActionPlan]:
    """Both kinds of plan for every department, approved, without content."""
    return insert_all(
        ActionPlan(department=department, fiscal_year=year, kind=kind, state=PlanState.APPROVED)
        for department in departments
        for kind in PlanKind
    )


def build_checkpoint(year: int, kind: CheckpointKind) -> Checkpoint:
    return Checkpoint.objects.create(
        fiscal_year=year,
        kind=kind,
        as_of=date(year, 9, 30),
        opens_on=date(year, 10, 1),
        submit_due=date(year, 10, 7),
        review_due=date(year, 10, 14),
        approve_due=date(year, 10, 21),
        closes_on=date(year, 10, 30),
    )


def write_measures(plans: list[ActionPlan]) -> None:
    """Give each plan its measures, and the first of them the indicators."""
    year = plans[0].fiscal_year
    strategy = Strategy.objects.create(fiscal_year=year, title="戦略")
    theme = Theme.objects.create(strategy=strategy, number=1, title="テーマ")
    initiative = Initiative.objects.create(strategy=strategy, theme=theme, number=1, title="重点取組")
    measures = insert_all(
        Measure(
            plan=plan,
            initiative=initiative,
            number=number,
            title="窓口の申請をオンラインで受け付ける",
            goal="申請の半数をオンラインで受け付ける",
            first_month=1,
            last_month=12,
            priority=Priority.DEPARTMENT,
        )
        for plan in plans
        for number in range(1, MEASURES + 1)
    )
    insert_all(
        Indicator(
            measure=measure,
            code=f"M1-{number}",
            title="オンライン申請の件数",
            kind=Kind.COUNT,
            direction=Direction.AT_LEAST,
            unit="件",
            target=Decimal(100),
        )
        for measure in measures
        if measure.number == 1
        for number in range(1, INDICATORS + 1)
    )


def write_drafts(reviews: list[Review]) -> None:
    """A complete draft in every review, its texts as long as such texts are."""
    progress = ProgressClass.objects.get(code="on_plan")
    by_plan = {review.plan_id: review for review in reviews}
    insert_all(
        MeasureReport(
            review=by_plan[measure.plan_id],
            measure=measure,
            priority=measure.priority,
            initiative_number=1,
            progress=progress,
            percent=60,
            done="対象の12手続のうち8手続で受付を始め、利用の手引を庁内に配布した。" * 3,
            issue="本人確認の要る手続で紙の添付が残っている。",
            next_step="残る4手続の様式を見直し、11月に受付を始める。",
        )
        for measure in Measure.objects.filter(plan__in=by_plan)
    )
    insert_all(
        IndicatorReport(review=by_plan[indicator.measure.plan_id], indicator=indicator, value=Decimal(84))
        for indicator in Indicator.objects.filter(measure__plan__in=by_plan).select_related("measure")
    )


def insert_all(rows: Iterable[Row]) -> list[Row]:
    """Add rows of one model in bulk; there is at least one."""
    made = list(rows)
    return type(made[0])._default_manager.bulk_create(made, batch_size=500)
