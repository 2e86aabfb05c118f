"""What is still missing before a department may submit, listed all at once; and whether it says anything new."""

import json

from django.utils.translation import gettext as _

from departments.content import Problem, draft_problems, plan_problems
from departments.drafts import draft_of
from departments.models import ActionPlan, Indicator, Measure
from workflows.content import changes, review_content
from workflows.draft import Draft, asked_of
from workflows.models import IndicatorReport, MeasureReport, Proposal, Review
from workflows.removals import reported_but_removed


def problems(review: Review, draft: Draft) -> list[Problem]:
    """All that keeps the review from being submitted, in the order of the page; anchors are ids of its fields."""
    if review.checkpoint.is_plan:
        return plan_problems(review.plan)
    if draft.proposal is not None:
        return proposal_problems(review.plan, draft.proposal)
    found = []
    for measure, report in draft.measures:
        found += measure_problems(measure, report) + _of_indicators(draft, measure.pk)
    return found + _of_indicators(draft, None)


def _of_indicators(draft: Draft, measure_id: int | None) -> list[Problem]:
    own = [(indicator, report) for indicator, report in draft.indicators if indicator.measure_id == measure_id]
    return [problem for indicator, report in own for problem in indicator_problems(indicator, report)]


def proposal_problems(plan: ActionPlan, proposal: Proposal) -> list[Problem]:
    """What a change of the plan still lacks; anchors are ids of its edit page."""
    wanted = proposal.draft
    found = []
    if not proposal.reason.strip():
        found.append(Problem("id_reason", _("Write the reason for the change.")))
    if wanted == draft_of(plan):
        found.append(Problem("measures", _("Nothing has been changed in the plan yet.")))
    if proposal.plan_version != plan.version:
        found.append(Problem("measures", _("The plan has changed meanwhile. Read the change again and save it.")))
    found += [Problem("measures", sentence) for sentence in reported_but_removed(plan, wanted)]
    return found + draft_problems(wanted)


def repeats_last_round(review: Review, draft: Draft) -> bool:
    """Whether a review that came back would be submitted again exactly as it was."""
    last = review.submissions.filter(round=review.round).first() if review.is_returned else None
    return last is not None and not changes(json.loads(last.content), review_content(review, draft))


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
