"""What the office says when it nudges, extends a due day, cancels a review or revokes an approval."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from departments.fiscal import BusinessCalendar
from departments.forms.fields import DayField, LinesField
from departments.models import CalendarDay
from departments.wording import day_text
from workflows.models import Review

# Business days that an extension usually gives.
USUAL_EXTENSIONS = (3, 5, 10)


class CaseForm(forms.Form):
    """What is said about one review on a day."""

    def __init__(self, *args: Any, review: Review, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.review, self.on = review, on

    def kept(self) -> Iterator[tuple[str, str]]:
        """Label and text of what was typed, for a page that cannot show the form again."""
        for field in self:
            text = self.data.get(field.html_name, "").replace("\r\n", "\n").strip()
            if text:
                yield str(field.label), text


class ReasonForm(CaseForm):
    """A reason, without which it is not done. `missing` says so."""

    reason = LinesField(
        label=_("Reason"),
        max_length=2000,
        help_text=_("The department reads it, and it stays in the history."),
    )
    missing: str | Promise

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].error_messages["required"] = self.missing


class CancelForm(ReasonForm):
    missing = _("Say why it is cancelled.")


class RevokeForm(ReasonForm):
    missing = _("Say why the approval is revoked.")


class ExtendForm(ReasonForm):
    to = DayField(label=_("New due day"))
    field_order = ["to", "reason"]
    missing = _("Say why the due day is extended.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        closing = self.review.checkpoint.closes_on
        self.fields["to"].help_text = self._hint(CalendarDay.objects.calendar(), closing)
        self.fields["to"].widget.attrs |= {"max": closing.isoformat()}

    def _hint(self, calendar: BusinessCalendar, closing: date) -> str:
        """The days that are usual, as far as they lie before the closing, and the closing day."""
        start = max(self.review.due_on or self.on, self.on)
        days = [(count, calendar.add(start, count)) for count in USUAL_EXTENSIONS]
        usual = [
            gettext("%(day)s (%(n)d business days on)") % {"day": day_text(day), "n": count}
            for count, day in days
            if day <= closing
        ]
        last = gettext("A business day up to %(day)s, on which the checkpoint closes.") % {"day": day_text(closing)}
        if not usual:
            return last
        return gettext("For example: %(days)s.") % {"days": pgettext("list", ", ").join(usual)} + " " + last


class NudgeForm(forms.Form):
    """What goes along with a nudge, if anything."""

    note = LinesField(
        label=_("Message"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It goes along in the mail, and stays in the history."),
    )


class NudgeOneForm(NudgeForm, CaseForm):
    """The same about one review."""
