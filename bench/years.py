"""A city's years one after the other: every report of the past approved, the running year half way through.

Written in bulk, but for opening checkpoints, which is a service in bulk itself. The histories have all their rows, but
no hashes that chain, which no page looks at.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle

from django.utils import timezone

from bench.city import City, insert_all
from bench.reported import report
from departments.models import ActionPlan, Department, Indicator, Initiative, Measure, Strategy, Theme
from departments.models.indicators import Direction, Kind
from departments.models.plans import PlanKind, PlanState, Priority
from workflows.models import ROUNDS, Checkpoint, CheckpointKind
from workflows.services.checkpoints import open_checkpoint

THEMES, INITIATIVES_OF_A_THEME, INDICATORS_OF_AN_INITIATIVE, MEASURES = 4, 3, 2, 5
DEPARTMENTS_OF_A_DIVISION = 15
# Months after 1 April at which each checkpoint opens.
OPENS = {kind: 3 * number for number, kind in enumerate(ROUNDS)}
RUNNING = CheckpointKind.Q2  # of the last year


def into_divisions(city: City) -> None:
    """Put the departments into 部, so many into each."""
    for at in range(0, len(city.departments), DEPARTMENTS_OF_A_DIVISION):
        division = Department.objects.create(code=f"division-{at}", name=f"第{at}部", parent=city.root)
        for department in city.departments[at : at + DEPARTMENTS_OF_A_DIVISION]:
            department.parent = division
            department.save(update_fields=["parent"])


def build_year(city: City, year: int, *, is_last: bool) -> None:
    """The year's strategy, a plan for every department, and its checkpoints up to where it stands."""
    initiatives = _build_strategy(city, year)
    plans = insert_all(
        ActionPlan(department=department, fiscal_year=year, kind=PlanKind.ACTION, state=PlanState.DRAFT)
        for department in city.departments
    )
    measures = _build_measures(plans, initiatives)
    for kind in ROUNDS:
        checkpoint = _build_checkpoint(year, kind)
        if not (is_last and OPENS[kind] > OPENS[RUNNING]):
            moment = timezone.make_aware(datetime.combine(checkpoint.opens_on, time(9)))
            open_checkpoint(checkpoint=checkpoint, by=city.reviewer, now=moment)
            report(city, checkpoint, measures, moment, is_running=is_last and kind == RUNNING)


def _build_strategy(city: City, year: int) -> list[Initiative]:
    strategy = Strategy.objects.create(fiscal_year=year, title="デジタル戦略")
    themes = insert_all(Theme(strategy=strategy, number=at + 1, title=f"テーマ{at + 1}") for at in range(THEMES))
    initiatives = insert_all(
        Initiative(strategy=strategy, theme=theme, number=THEMES * at + theme.number, title="オンライン手続の拡大")
        for theme in themes
        for at in range(INITIATIVES_OF_A_THEME)
    )
    reporting = cycle(city.departments)
    insert_all(
        Indicator(
            initiative=initiative,
            department=next(reporting),
            code=f"{initiative.number}-{at + 1}",
            title="オンラインで完結する手続の割合",
            kind=Kind.RATIO,
            direction=Direction.AT_LEAST,
            unit="%",
            target=Decimal(80),
            baseline=Decimal(42),
            baseline_year=year - 1,
        )
        for initiative in initiatives
        for at in range(INDICATORS_OF_AN_INITIATIVE)
    )
    return initiatives


def _build_measures(plans: list[ActionPlan], initiatives: list[Initiative]) -> list[Measure]:
    of_measures = cycle(initiatives)
    return insert_all(
        Measure(
            plan=plan,
            initiative=next(of_measures),
            number=at + 1,
            title="窓口の申請をオンラインで受け付ける",
            goal="申請の半数をオンラインで受け付ける",
            first_month=1 + at,
            last_month=12,
            priority=Priority.DEPARTMENT if at < 2 else Priority.OTHER,
        )
        for plan in plans
        for at in range(MEASURES)
    )


def _build_checkpoint(year: int, kind: CheckpointKind) -> Checkpoint:
    first = date(year, 4, 1) + timedelta(days=30 * OPENS[kind])
    days = [first + timedelta(days=after) for after in (0, 20, 40, 60, 80)]
    return Checkpoint.objects.create(
        fiscal_year=year,
        kind=kind,
        as_of=first - timedelta(days=1),
        **dict(zip(("opens_on", "submit_due", "review_due", "approve_due", "closes_on"), days, strict=True)),
    )
