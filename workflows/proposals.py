"""Changes of a plan (計画変更) as its page tells of them: those there have been, and whether one can be asked for."""

import json
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from departments.access import rights
from departments.models import ActionPlan, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState
from departments.wording import day_text
from workflows.access import Sight, sight, visible_reviews
from workflows.models import Event, EventKind, Review, Submission
from workflows.schedule import last_day_for_changes
from workflows.wording import Status, status_of


def obstacle_to_change(plan: ActionPlan, on: date) -> str:
    """Why nobody can ask for a change of the plan on the day, as a sentence; empty where they can."""
    if plan.state != PlanState.APPROVED:
        return _("Only a change of an approved plan is asked for. This plan is not approved yet.")
    if on > last_day_for_changes(plan.fiscal_year):
        last = day_text(last_day_for_changes(plan.fiscal_year))
        return _("This plan could be changed until %(day)s. Its year is over.") % {"day": last}
    if Review.objects.open().filter(plan=plan.pk, change_number__gte=1).exists():
        return _("A change of this plan is under way. Another one can be asked for when that is finished.")
    return ""


@dataclass(frozen=True)
class ChangeLine:
    """One change of a plan. `asked`: who asked for it when; `reason` is empty where the reader may not read it yet."""

    review: Review
    status: Status
    reason: str
    asked: Event


@dataclass(frozen=True)
class PlanChanges:
    """`may_ask`: the reader can ask for a change now. `lines`: newest first."""

    lines: list[ChangeLine]
    may_ask: bool


def changes_of(plan: ActionPlan, user: User, on: date) -> PlanChanges:
    """The changes of the plan that the person may read; a handful of queries."""
    found = visible_reviews(user, on).filter(plan=plan.pk, change_number__gte=1).order_by("-change_number")
    reviews = list(found.select_related("checkpoint", "proposal"))
    asked = {event.review_id: event for event in _openings(reviews)}
    submitted = _submitted_reasons(reviews)
    lines = [
        ChangeLine(
            review=review,
            status=status_of(review),
            reason=review.proposal.reason if sight(user, review, on) == Sight.DRAFT else submitted.get(review.pk, ""),
            asked=asked[review.pk],
        )
        for review in reviews
    ]
    drafts_here = rights(user, on).has(Permission.DRAFT, plan.department_id)
    return PlanChanges(lines, may_ask=drafts_here and obstacle_to_change(plan, on) == "")


def _openings(reviews: list[Review]) -> list[Event]:
    if not reviews:
        return []
    return list(Event.objects.filter(review__in=reviews, kind=EventKind.OPENED).select_related("by", "on_behalf_of"))


def _submitted_reasons(reviews: list[Review]) -> dict[int, str]:
    """The reason as it was last submitted, by review id."""
    rounds = Submission.objects.filter(review__in=reviews).order_by("round") if reviews else []
    return {found.review_id: json.loads(found.content)["reason"] for found in rounds}
