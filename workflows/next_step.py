"""The very next thing that a department does with what it prepares, as one button says it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.headway import Headway
from workflows.models import Event, Review


@dataclass(frozen=True)
class NextStep:
    """`url` leads to the place itself; `hint` says what else has to be known of it, or nothing."""

    label: str
    url: str
    hint: str = ""


def next_step(review: Review, headway: Headway | None, returned: Event | None, *, may_submit: bool) -> NextStep:
    """Of a review that is prepared, for somebody who may write in it.

    `headway`: None of a change of a plan. `returned`: what sent it back, where something did.
    """
    if headway is None:
        return NextStep(_("Edit the change"), draft_url(review))
    sheet = reverse("prepare", args=[review.pk])
    if returned is not None and not _is_saved_since(review, returned):
        return NextStep(_("Mend it"), draft_url(review))
    if headway.problems:
        return _write(review, headway)
    if not may_submit:
        return NextStep(_("Look at it once more"), sheet, _("All is entered. The department lead submits it."))
    return NextStep(_("Check and submit"), sheet, _("All is entered."))


def _is_saved_since(review: Review, event: Event) -> bool:
    saved_at = review.plan.saved_at if review.checkpoint.is_plan else review.saved_at
    return saved_at is not None and saved_at > event.at


def _write(review: Review, headway: Headway) -> NextStep:
    """To the first place where something is missing."""
    if review.checkpoint.is_plan:
        label = _("Edit the plan")
    elif headway.percent == 0 and review.saved_at is None:
        return NextStep(_("Enter"), draft_url(review))
    else:
        label = _("Go on writing")
    return NextStep(label, f"{draft_url(review)}#{headway.problems[0].anchor}")


def draft_url(review: Review) -> str:
    """The page on which it is written: of the change, the plan, or the report on it."""
    if review.checkpoint.is_change:
        return reverse("proposal", args=[review.pk])
    if review.checkpoint.is_plan:
        return reverse("plan_edit", args=[review.plan_id])
    return reverse("prepare", args=[review.pk])
