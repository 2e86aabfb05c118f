"""What an approval brings about beyond the review itself."""

import json
from datetime import datetime

from django.utils.translation import gettext as _

from departments.content import draft_content
from departments.errors import Refused
from departments.models import User
from departments.models.plans import PlanState
from departments.services import plans
from workflows.errors import ReviewError
from workflows.models import Review
from workflows.removals import reported_but_removed


def take_effect(review: Review, *, by: User, now: datetime) -> None:
    """An approved plan stands approved; an approved change (計画変更) is written into the plan's own rows.

    The caller has the locks and the transaction. Raises ReviewError, with a sentence for the office, where the change
    cannot be written any more; then nothing may be kept of the approval.
    """
    if review.checkpoint.is_plan:
        plans.mark(review.plan_id, PlanState.APPROVED)
    elif review.checkpoint.is_change:
        _change_plan(review, by, now)


def _change_plan(review: Review, by: User, now: datetime) -> None:
    wanted = review.proposal.draft
    submitted = json.loads(review.submissions.get(round=review.round).content)
    if submitted["plan"] != draft_content(review.plan, wanted):
        raise ReviewError(_("What was proposed is not what was submitted. Return it, so that it is submitted again."))
    if obstacles := reported_but_removed(review.plan, wanted):
        raise ReviewError(" ".join([*obstacles, _("Return it to the department for that.")]))
    try:
        plans.change_plan(by=by, plan_id=review.plan_id, version=review.proposal.plan_version, content=wanted, now=now)
    except Refused as refusal:
        raise ReviewError(str(refusal)) from refusal
