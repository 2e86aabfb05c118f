"""What the pages that nudge, extend, cancel or revoke say will happen, in plain words."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from departments.access import rights
from departments.models import User
from departments.models.organisation import Permission
from departments.wording import day_text
from workflows.models import Review
from workflows.services.cases import obstacle_to_revoking
from workflows.services.nudges import obstacle_to_nudging


@dataclass(frozen=True)
class CaseText:
    """Title and buttons, what will happen, and that it cannot be done after all and why, if so."""

    title: str
    button: str
    back: str
    effects: list[str]
    ends: bool = False
    obstacle_title: str = ""
    obstacle: str = ""


def nudging(review: Review, by: User, on: date) -> CaseText:
    return CaseText(
        title=_("Nudge whoever has it"),
        button=_("Send the nudge"),
        back=_("Go back"),
        effects=[
            _("Whoever has it gets a mail with your message."),
            _("They are nudged once a day at most, whoever nudges."),
            _("The nudge stays in the history."),
        ],
        obstacle_title=_("Nobody can be nudged now"),
        obstacle=obstacle_to_nudging(review, by, on),
    )


def extending(review: Review, by: User, on: date) -> CaseText:
    closing = {"day": day_text(review.checkpoint.closes_on)}
    return CaseText(
        title=_("Extend the due day of this department"),
        button=_("Extend it"),
        back=_("Leave it as it is"),
        effects=[
            _("Only this department gets more time to submit. All others keep their due days."),
            _("Its review and approval become due accordingly later, on %(day)s at the latest.") % closing,
            _("The people concerned are told by mail, with the reason."),
        ],
    )


def cancelling(review: Review, by: User, on: date) -> CaseText:
    if not review.change_number:
        return _cancelling_review(review)
    drops_own = rights(by, on).has(Permission.SUBMIT, review.department_id)
    return CaseText(
        title=_("Drop your request for a change of the plan") if drops_own else _("Cancel this change of the plan"),
        button=_("Drop the request") if drops_own else _("Cancel the change"),
        back=_("Go on with it"),
        effects=[
            _("The plan stays as it was approved; nothing of the change takes effect."),
            _("You can ask for another change at any time.")
            if drops_own
            else _("The department can ask for another change at any time."),
            _("This cannot be undone. What was submitted and decided stays in the history."),
            _("The people concerned are told by mail, with the reason."),
        ],
        ends=True,
    )


def _cancelling_review(review: Review) -> CaseText:
    if review.checkpoint.is_plan:
        consequence = _("The plan is not approved, so none of its progress checks will begin.")
    else:
        consequence = _("For this plan nothing more is reported at this checkpoint, and nothing counts in rates.")
    return CaseText(
        title=_("Cancel this review"),
        button=_("Cancel it"),
        back=_("Go on with it"),
        effects=[
            _("The review ends here without approval. The department can no longer submit anything to it."),
            consequence,
            _("This cannot be undone. What was submitted and decided stays in the history."),
            _("The people concerned are told by mail, with the reason."),
        ],
        ends=True,
    )


def revoking(review: Review, by: User, on: date) -> CaseText:
    if review.checkpoint.is_plan:
        meanwhile = _("The plan can be edited again, and is not approved until it is approved anew.")
    else:
        meanwhile = _("Until it is approved anew, it counts in no rate.")
    return CaseText(
        title=_("Revoke the approval"),
        button=_("Revoke it"),
        back=_("Leave it approved"),
        effects=[
            _("It goes back to the department, which mends it and submits it again, straight for approval."),
            meanwhile,
            _("Approval and revocation both stay in the history."),
            _("The people concerned are told by mail, with the reason."),
        ],
        obstacle_title=_("This approval can no longer be revoked"),
        obstacle=obstacle_to_revoking(review),
    )
