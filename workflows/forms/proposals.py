"""What people type when they ask for a change of a plan and draft it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import LinesField
from departments.forms.plan import SummaryForm

WHAT_A_REASON_SAYS = _("Say what has changed since the plan was approved, and what that means for targets and dates.")


class ChangeRequestForm(forms.Form):
    reason = LinesField(label=_("Reason for the change"), max_length=2000, help_text=WHAT_A_REASON_SAYS)


class ProposalForm(SummaryForm):
    """On top of the page on which a change is drafted; `task` is the one that the page was made for."""

    field_order = ["task", "version", "reason"]
    task = forms.IntegerField(widget=forms.HiddenInput)
    reason = LinesField(label=_("Reason for the change"), max_length=2000, required=False, help_text=WHAT_A_REASON_SAYS)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].need = _("(needed to submit)")
