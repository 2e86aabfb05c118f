"""What cannot be removed from a plan any more, because a report speaks of it."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from departments.drafts import PlanDraft
from departments.models import ActionPlan, Indicator, Measure
from workflows.models import ProgressClass

STOPPED = "stopped"


def reported_but_removed(plan: ActionPlan, wanted: PlanDraft) -> list[str]:
    """A sentence for each row of the plan that the draft leaves out although a report speaks of it."""
    kept = {measure.id for measure in wanted.measures}
    kept_indicators = {found.id for measure in wanted.measures for found in measure.indicators}
    measures = [measure for measure in _reported_measures(plan) if measure.pk not in kept]
    indicators = [found for found in _reported_indicators(plan) if found.measure_id in kept]
    return _why_measures_stay(measures) + [
        _why_indicator_stays(found) for found in indicators if found.pk not in kept_indicators
    ]


def why_measure_stays(plan: ActionPlan, measure_id: str) -> str:
    """Why the measure with that id cannot be removed from the plan, as a sentence; empty where it can."""
    found = {str(measure.pk): measure for measure in _reported_measures(plan)}
    return _why_measures_stay([found[measure_id]])[0] if measure_id in found else ""


def why_indicator_stays(plan: ActionPlan, indicator_id: str) -> str:
    """The same of one of the measures' own indicators."""
    found = {str(indicator.pk): indicator for indicator in _reported_indicators(plan)}
    return _why_indicator_stays(found[indicator_id]) if indicator_id in found else ""


def _reported_measures(plan: ActionPlan) -> QuerySet[Measure]:
    reported = Q(reports__isnull=False) | Q(indicators__reports__isnull=False)
    return plan.measures.filter(reported).order_by("number").distinct()


def _reported_indicators(plan: ActionPlan) -> QuerySet[Indicator]:
    return Indicator.objects.filter(measure__plan=plan, reports__isnull=False).order_by("pk").distinct()


def _why_measures_stay(measures: Sequence[Measure]) -> list[str]:
    """A sentence for each; a query only where there is one to say."""
    if not measures:
        return []
    stopped = ProgressClass.objects.get(code=STOPPED)
    sentence = _(
        "Measure %(measure)s has been reported on and cannot be removed. Keep it and report it as “%(stopped)s”."
    )
    return [sentence % {"measure": measure, "stopped": stopped} for measure in measures]


def _why_indicator_stays(indicator: Indicator) -> str:
    return _(
        "Indicator %(indicator)s has been reported on and cannot be removed. Keep it and report «not this quarter»."
    ) % {"indicator": indicator}
