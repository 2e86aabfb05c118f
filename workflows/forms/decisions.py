"""What the office types when it decides."""

from django import forms
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import LinesField


class DecisionForm(forms.Form):
    """The office's word on what was submitted; which outcome is said by the button that was pressed."""

    comment = LinesField(
        label=_("Comment to the department"),
        required=False,
        max_length=2000,
        help_text=_("Needed when you return it: say what to mend. Otherwise optional. The department reads it."),
    )
