"""A plan as plain data: what is frozen at submission and compared between rounds, and what it still lacks."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from departments.drafts import IndicatorDraft, MeasureDraft, PlanDraft, draft_from, draft_of, indicator_code
from departments.models import ActionPlan, Initiative, Measure
from departments.wording import months_text


def plan_content(plan: ActionPlan) -> dict[str, Any]:
    """The plan as JSON-able data in a fixed order, equal exactly when the content is equal.

    A measure's `id` says which measure it is in every round; no other database id is in it. Months are fiscal
    (1 is April), targets are strings with two decimals. Nothing in it depends on the reader's language.
    """
    return plan_contents([plan])[plan.pk]


def plan_contents(plans: Iterable[ActionPlan]) -> dict[int, dict[str, Any]]:
    """The same of many plans, by plan id, in three queries."""
    plans = list(plans)
    measures: dict[int, list[Measure]] = {plan.pk: [] for plan in plans}
    rows = Measure.objects.filter(plan__in=measures).select_related("initiative").order_by("number")
    for measure in rows.prefetch_related("milestones", "indicators"):
        measures[measure.plan_id].append(measure)
    return {plan.pk: _standing(plan, measures[plan.pk]) for plan in plans}


def _standing(plan: ActionPlan, measures: list[Measure]) -> dict[str, Any]:
    numbers = {measure.initiative_id: measure.initiative.number for measure in measures}
    return _content(plan, draft_from(plan.summary, measures), numbers)


def draft_content(plan: ActionPlan, draft: PlanDraft) -> dict[str, Any]:
    """The same of the plan as the draft would have it; measures that are new in it have ids such as "new-1"."""
    initiatives = Initiative.objects.filter(strategy__fiscal_year=plan.fiscal_year)
    return _content(plan, draft, dict(initiatives.values_list("pk", "number")))


def _content(plan: ActionPlan, draft: PlanDraft, initiatives: dict[int, int]) -> dict[str, Any]:
    """`initiatives`: numbers by id."""
    return {
        "fiscal_year": plan.fiscal_year,
        "kind": plan.kind,
        "summary": draft.summary,
        "measures": [
            _measure_content(number, measure, initiatives) for number, measure in enumerate(draft.measures, start=1)
        ],
    }


def _measure_content(number: int, measure: MeasureDraft, initiatives: dict[int, int]) -> dict[str, Any]:
    return {
        "id": f"new{measure.id}" if measure.id is not None and measure.id < 0 else measure.id,
        "number": number,
        "title": measure.title,
        "goal": measure.goal,
        "initiative": initiatives[measure.initiative],
        "first_month": measure.first_month,
        "last_month": measure.last_month,
        "priority": measure.priority,
        "milestones": [asdict(row) for row in measure.milestones],
        "indicators": [
            _indicator_content(indicator_code(number, at), row) for at, row in enumerate(measure.indicators, start=1)
        ],
    }


def _indicator_content(code: str, row: IndicatorDraft) -> dict[str, Any]:
    return {
        "code": code,
        "title": row.title,
        "kind": row.kind,
        "direction": row.direction,
        "unit": row.unit,
        "target": None if row.target is None else f"{row.target:.2f}",
        "formula": row.formula,
    }


class Problem(NamedTuple):
    """Something that a plan or a report lacks. `anchor`: the id of the place on the page where it is mended."""

    anchor: str
    message: str


def plan_problems(plan: ActionPlan) -> list[Problem]:
    """Everything that keeps the plan from being submitted, in the order of its measures."""
    return draft_problems(draft_of(plan))


def draft_problems(draft: PlanDraft) -> list[Problem]:
    """The same of a plan as the draft would have it."""
    if not draft.measures:
        return [Problem("measures", _("The plan has no measures yet."))]
    titles = [measure.title for measure in draft.measures]
    problems = []
    for number, measure in enumerate(draft.measures, start=1):
        problems += [Problem(f"measure-{number}", text) for text in _measure_problems(number, measure)]
        if measure.title in titles[: number - 1]:
            text = _("Measure %(number)d: another measure already has this title.") % {"number": number}
            problems.append(Problem(f"measure-{number}", text))
    return problems


def _measure_problems(number: int, measure: MeasureDraft) -> list[str]:
    problems = []
    if not measure.goal.strip():
        problems.append(_("Measure %(number)d: the goal for the year is missing.") % {"number": number})
    for row in measure.milestones:
        if row.first_month < measure.first_month or row.last_month > measure.last_month:
            problems.append(
                _("Measure %(number)d: the milestone “%(title)s” lies outside the measure's months, %(months)s.")
                % {
                    "number": number,
                    "title": row.title,
                    "months": months_text(measure.first_month, measure.last_month),
                }
            )
    return problems
