"""The plans of the demo city: the strategy's measures and each department's own."""

from dataclasses import replace
from datetime import datetime

from departments.drafts import IndicatorDraft, MeasureDraft, MilestoneDraft, PlanDraft, draft_of
from departments.imports import import_strategy
from departments.models import ActionPlan, Department, Initiative, User
from departments.services.plans import create_plan, save_plan
from project.demo.texts import STRATEGY_FILE, IndicatorText, MeasureText, PlanText, Texts

FISCAL_YEAR = 2026


def build_plans(departments: dict[str, Department], texts: Texts, by: User) -> dict[tuple[str, str], ActionPlan]:
    """Load the strategy and start every department's plans, without their own measures yet; by code and kind."""
    import_strategy(STRATEGY_FILE, by=by)
    found = {(plan.department.code, plan.kind): plan for plan in ActionPlan.objects.select_related("department")}
    for key, text in texts.plans.items():
        if key not in found:
            found[key] = create_plan(
                by=by, department=departments[text.department], fiscal_year=FISCAL_YEAR, kind=text.kind
            )
    return found


def write_plan(
    plan_id: int, text: PlanText, *, by: User, now: datetime, vague: bool = False, measures: int | None = None
) -> None:
    """Save the department's own measures into the plan, after the strategy's.

    `vague`: with the goal that the office will return. `measures`: only so many of them, a draft half done.
    """
    plan = ActionPlan.objects.get(pk=plan_id)
    initiatives = dict(Initiative.objects.filter(strategy__fiscal_year=plan.fiscal_year).values_list("number", "pk"))
    stands = draft_of(plan).measures
    origins = set(plan.measures.exclude(origin="").values_list("pk", flat=True))
    own = {row.title: row for row in stands if row.id not in origins}
    wanted = tuple(_measure(row, initiatives, own.get(row.title)) for row in text.measures[:measures])
    if vague and text.vague:
        slip = text.vague
        wanted = tuple(replace(row, goal=slip.text) if row.title == slip.measure else row for row in wanted)
    content = PlanDraft(summary=text.summary, measures=tuple(row for row in stands if row.id in origins) + wanted)
    save_plan(by=by, plan_id=plan.pk, version=plan.version, content=content, now=now)


def _measure(text: MeasureText, initiatives: dict[int, int], stands: MeasureDraft | None) -> MeasureDraft:
    known = {row.title: row.id for row in stands.indicators} if stands else {}
    return MeasureDraft(
        id=stands.id if stands else None,
        initiative=initiatives[text.initiative],
        title=text.title,
        goal=text.goal,
        first_month=text.span.first,
        last_month=text.span.last,
        priority=text.priority,
        milestones=tuple(MilestoneDraft(title, *span) for title, span in text.milestones),
        indicators=tuple(_indicator(row, known.get(row.title)) for row in text.indicators),
    )


def _indicator(text: IndicatorText, pk: int | None) -> IndicatorDraft:
    return IndicatorDraft(
        id=pk,
        title=text.title,
        kind=text.kind,
        direction=text.direction,
        unit=text.unit,
        target=text.target,
        formula=text.formula,
    )
