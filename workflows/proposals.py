"""Changes of a plan (計画変更) as its page tells of them: those there have been, and whether one can be asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from departments.access import rights
from departments.models import ActionPlan, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState
from departments.wording import day_text
from workflows.access import Sight, sight
from workflows.content import Content
from workflows.models import Event, EventKind, Review
from workflows.reading import ChangeRow, read_amendment
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
    """One change of a plan. `asked`: who asked for it when; `reason` is empty where the reader may not read it yet.

    `rows`: what differs between the plan before and after, as it was last submitted.
    """

    review: Review
    status: Status
    reason: str
    asked: Event
    rows: list[ChangeRow]


@dataclass(frozen=True)
class PlanChanges:
    """`may_ask`: the reader can ask for a change now. `lines`: newest first."""

    lines: list[ChangeLine]
    may_ask: bool


def readable_changes(reviews: Iterable[Review], user: User, on: date) -> list[Review]:
    """Of a plan's reviews the changes that the person may read, newest first."""
    found = [review for review in reviews if review.change_number and sight(user, review, on) > Sight.NOTHING]
    return sorted(found, key=lambda review: review.change_number, reverse=True)


def changes_of(
    plan: ActionPlan, reviews: Iterable[Review], contents: dict[int, Content], user: User, on: date
) -> PlanChanges:
    """The `readable_changes` of the plan with what was submitted of them, by review id; two queries at most."""
    reviews = list(reviews)
    asked = {event.review_id: event for event in _openings(reviews)}
    drafts_here = rights(user, on).has(Permission.DRAFT, plan.department_id)
    return PlanChanges(
        lines=[_line(review, contents.get(review.pk), asked[review.pk], user, on) for review in reviews],
        may_ask=drafts_here and obstacle_to_change(plan, on) == "",
    )


def _line(review: Review, content: Content | None, asked: Event, user: User, on: date) -> ChangeLine:
    amendment = read_amendment(content)
    submitted = amendment.reason if amendment else ""
    return ChangeLine(
        review=review,
        status=status_of(review),
        reason=review.proposal.reason if sight(user, review, on) == Sight.DRAFT else submitted,
        asked=asked,
        rows=amendment.rows if amendment else [],
    )


def _openings(reviews: list[Review]) -> list[Event]:
    if not reviews:
        return []
    return list(Event.objects.filter(review__in=reviews, kind=EventKind.OPENED).select_related("by", "on_behalf_of"))
