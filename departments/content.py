"""A plan as plain data: what is frozen at submission and compared between rounds, and what it still lacks."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from departments.drafts import indicator_order
from departments.models import ActionPlan, Indicator, Measure, Milestone
from departments.wording import months_text


def plan_content(plan: ActionPlan) -> dict[str, Any]:
    """The plan as JSON-able data in a fixed order, equal exactly when the content is equal.

    A measure's `id` says which measure it is in every round; no other database id is in it. Months are fiscal
    (1 is April), targets are strings with two decimals. Nothing in it depends on the reader's language.
    """
    measures = plan.measures.select_related("initiative").prefetch_related("milestones", "indicators")
    return {
        "fiscal_year": plan.fiscal_year,
        "kind": plan.kind,
        "summary": plan.summary,
        "measures": [_measure_content(measure) for measure in measures.order_by("number")],
    }


def _measure_content(measure: Measure) -> dict[str, Any]:
    return {
        "id": measure.pk,
        "number": measure.number,
        "title": measure.title,
        "goal": measure.goal,
        "initiative": measure.initiative.number,
        "first_month": measure.first_month,
        "last_month": measure.last_month,
        "priority": measure.priority,
        "milestones": [
            {"title": row.title, "first_month": row.first_month, "last_month": row.last_month}
            for row in sorted(measure.milestones.all(), key=_milestone_order)
        ],
        "indicators": [
            _indicator_content(row)
            for row in sorted(measure.indicators.all(), key=lambda row: indicator_order(row.code))
        ],
    }


def _milestone_order(row: Milestone) -> tuple[int, int, int]:
    return row.first_month, row.last_month, row.pk


def _indicator_content(row: Indicator) -> dict[str, Any]:
    return {
        "code": row.code,
        "title": row.title,
        "kind": row.kind,
        "direction": row.direction,
        "unit": row.unit,
        "target": None if row.target is None else f"{row.target:.2f}",
        "formula": row.formula,
    }


class Problem(NamedTuple):
    """Something that a plan lacks. `anchor` is the id of the place on the plan's pages where it is mended."""

    anchor: str
    message: str


def plan_problems(plan: ActionPlan) -> list[Problem]:
    """Everything that keeps the plan from being submitted, in the order of its measures."""
    measures = list(plan.measures.prefetch_related("milestones").order_by("number"))
    if not measures:
        return [Problem("measures", _("The plan has no measures yet."))]
    titles = [measure.title for measure in measures]
    problems = []
    for at, measure in enumerate(measures):
        problems += [Problem(f"measure-{measure.number}", text) for text in _measure_problems(measure)]
        if measure.title in titles[:at]:
            text = _("Measure %(number)d: another measure already has this title.") % {"number": measure.number}
            problems.append(Problem(f"measure-{measure.number}", text))
    return problems


def _measure_problems(measure: Measure) -> list[str]:
    problems = []
    if not measure.goal.strip():
        problems.append(_("Measure %(number)d: the goal for the year is missing.") % {"number": measure.number})
    for row in sorted(measure.milestones.all(), key=_milestone_order):
        if row.first_month < measure.first_month or row.last_month > measure.last_month:
            problems.append(
                _("Measure %(number)d: the milestone “%(title)s” lies outside the measure's months, %(months)s.")
                % {
                    "number": measure.number,
                    "title": row.title,
                    "months": months_text(measure.first_month, measure.last_month),
                }
            )
    return problems
