"""Rows for tests, made by plain functions through the services. Every default is a value that works."""

from datetime import date
from decimal import Decimal
from typing import Any

from departments.models import (
    ActionPlan,
    Appointment,
    Department,
    Indicator,
    Initiative,
    Measure,
    Milestone,
    Role,
    Strategy,
    Theme,
    User,
)
from departments.models.indicators import Direction, Kind
from departments.models.plans import PlanKind, PlanState, Priority
from departments.services import appointments, organisation, people, plans

YEAR = 2026
YEAR_START = date(2026, 4, 1)
PASSWORD = "Sakura-no-ki-9"


def make_department(
    code: str = "dx", name: str = "", parent: Department | None = None, position: int = 0
) -> Department:
    return organisation.add_department(by=None, code=code, name=name or f"{code}課", parent=parent, position=position)


def make_user(username: str = "sato", name: str = "", *, email: str | None = None, language: str = "ja") -> User:
    """A person who can log in with PASSWORD, or by `client.force_login`."""
    return people.add_person(
        by=None,
        username=username,
        name=name or username,
        email=f"{username}@city.example" if email is None else email,
        language=language,
        password=PASSWORD,
    )


def appoint(
    user: User,
    department: Department,
    role: str = Role.EDITOR,
    valid_from: date = YEAR_START,
    valid_until: date | None = None,
    on: date | None = None,
) -> Appointment:
    return appointments.appoint(
        by=None, user=user, department=department, role=role, valid_from=valid_from, valid_until=valid_until, on=on
    )


def make_person(username: str, department: Department, role: str = Role.EDITOR) -> User:
    """A person with one appointment."""
    user = make_user(username)
    appoint(user, department, role)
    return user


def make_strategy(year: int = YEAR, initiatives: int = 3) -> Strategy:
    """One theme with initiatives numbered from 1."""
    strategy = Strategy.objects.create(fiscal_year=year, title=f"{year}年度の戦略")
    theme = Theme.objects.create(strategy=strategy, number=1, title="テーマ1")
    for number in range(1, initiatives + 1):
        Initiative.objects.create(strategy=strategy, theme=theme, number=number, title=f"取組{number}")
    return strategy


def the_initiative(year: int = YEAR, number: int = 1) -> Initiative:
    """That initiative; the year's strategy is made when there is none."""
    found = Initiative.objects.filter(strategy__fiscal_year=year, number=number).first()
    return found or make_strategy(year).initiatives.get(number=number)


def make_indicator(
    code: str = "1-1",
    *,
    initiative: Initiative | None = None,
    measure: Measure | None = None,
    department: Department | None = None,
    kind: str = Kind.COUNT,
    **values: Any,
) -> Indicator:
    """A count of at least 5, unless said otherwise; under initiative 1, unless an owner is given."""
    if measure is None and initiative is None:
        initiative = the_initiative(number=int(code.partition("-")[0]))
    milestone = kind == Kind.MILESTONE
    defaults: dict[str, Any] = {
        "title": f"指標{code}",
        "direction": Direction.EXACTLY if milestone else Direction.AT_LEAST,
        "target": None if milestone else Decimal(5),
        "unit": "" if milestone else "件",
    }
    return Indicator.objects.create(
        code=code, initiative=initiative, measure=measure, department=department, kind=kind, **{**defaults, **values}
    )


def make_plan(
    department: Department,
    year: int = YEAR,
    kind: str = PlanKind.EXECUTION,
    *,
    measures: int = 0,
    state: str = PlanState.DRAFT,
) -> ActionPlan:
    """A plan with so many measures, each ready to be submitted; `state` is set without any flow."""
    plan = plans.create_plan(by=None, department=department, fiscal_year=year, kind=kind, summary="計画の概要")
    for _ in range(measures):
        make_measure(plan)
    if state != PlanState.DRAFT:
        ActionPlan.objects.filter(pk=plan.pk).update(state=state)
        plan.refresh_from_db()
    return plan


def make_measure(plan: ActionPlan, title: str = "", *, initiative: Initiative | None = None, **values: Any) -> Measure:
    """The plan's next measure, running all year, with one milestone."""
    number = plan.measures.count() + 1
    defaults: dict[str, Any] = {
        "goal": f"施策{number}の目標",
        "first_month": 1,
        "last_month": 12,
        "priority": Priority.DEPARTMENT,
    }
    measure = Measure.objects.create(
        plan=plan,
        number=number,
        title=title or f"施策{number}",
        initiative=initiative or the_initiative(plan.fiscal_year),
        **{**defaults, **values},
    )
    Milestone.objects.create(
        measure=measure, title="実施", first_month=measure.first_month, last_month=measure.last_month
    )
    return measure
