"""What is still missing before a department may submit, listed all at once."""

from django.utils.translation import gettext as _

from departments.content import plan_problems
from departments.models import Indicator, Measure
from workflows.draft import Draft, asked_of
from workflows.errors import Problem
from workflows.models import IndicatorReport, MeasureReport, Review


def problems(review: Review, draft: Draft) -> list[Problem]:
    """Everything that keeps the review from being submitted; anchors are the ids of the prepare page's fields."""
    if review.checkpoint.is_plan:
        return [Problem(found.anchor, found.message) for found in plan_problems(review.plan)]
    of_measures = [problem for measure, report in draft.measures for problem in measure_problems(measure, report)]
    of_indicators = [problem for found, report in draft.indicators for problem in indicator_problems(found, report)]
    return of_measures + of_indicators


def measure_problems(measure: Measure, report: MeasureReport) -> list[Problem]:
    """What is missing about one measure; how much is asked depends on its progress class."""
    name = {"measure": measure}
    found = []
    if report.progress is None:
        found.append(Problem(f"id_m{measure.pk}-progress", _("Measure %(measure)s: choose the progress.") % name))
    if not report.done.strip() and (report.progress is None or report.progress.tells_what_was_done):
        found.append(Problem(f"id_m{measure.pk}-done", _("Measure %(measure)s: write what was done.") % name))
    if report.progress is None or not report.progress.needs_reason:
        return found
    if not report.issue.strip():
        found.append(Problem(f"id_m{measure.pk}-issue", _("Measure %(measure)s: write the issue.") % name))
    if not report.next_step.strip():
        found.append(Problem(f"id_m{measure.pk}-next_step", _("Measure %(measure)s: write the next step.") % name))
    return found


def indicator_problems(indicator: Indicator, report: IndicatorReport) -> list[Problem]:
    """What is missing about one indicator: at most one problem, at the first of its fields that is empty."""
    if report.not_this_quarter:
        return []
    missing = [field for field in asked_of(indicator) if getattr(report, field) is None]
    if not missing:
        return []
    message = _("Indicator %(indicator)s: enter the value, or tick «not this quarter».") % {"indicator": indicator}
    return [Problem(f"id_i{indicator.pk}-{missing[0]}", message)]
