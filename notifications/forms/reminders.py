"""What administrators type about the rules of reminding."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.forms.fields import LinesField
from notifications.models import Audience, Occasion, ReminderRule
from notifications.models.rules import FARTHEST
from notifications.wording import DUE_DAYS, calendar_month_text
from workflows.models import Stage


class Side(models.TextChoices):
    BEFORE = "before", pgettext_lazy("business days", "before")
    AFTER = "after", pgettext_lazy("business days", "after")


class RuleForm(forms.Form):
    """A rule in the words of who keeps it: 提出期限の 5 営業日 前 に 所属長 へ."""

    occasion = forms.ChoiceField(
        label=_("What it is about"),
        choices=[
            *((stage.value, label) for stage, label in DUE_DAYS.items()),
            (Occasion.ALL_IN, Occasion.ALL_IN.label),
        ],
    )
    days = forms.IntegerField(
        label=_("Business days (0: the day itself)"),
        initial=0,
        min_value=0,
        max_value=FARTHEST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4}),
    )
    side = forms.ChoiceField(label=_("Before or after"), choices=Side.choices, initial=Side.BEFORE)
    repeats = forms.IntegerField(
        label=_("Again every so many business days"),
        required=False,
        min_value=1,
        max_value=FARTHEST,
        help_text=_("As long as it is overdue. Leave it empty to remind once."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 4}),
    )
    audience = forms.ChoiceField(label=_("To whom"), choices=[("", _("Choose")), *Audience.choices])
    text = LinesField(
        label=_("Added text"),
        required=False,
        max_length=500,
        help_text=_("The mail always says what is due, by when, and where to go."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("occasion") == Occasion.ALL_IN:
            if cleaned.get("days"):
                self.add_error("days", _("Choose 0: the day is the one on which the last plan comes in."))
            if cleaned.get("repeats"):
                self.add_error("repeats", _("Leave this empty: the last plan comes in only once."))
        elif cleaned.get("repeats") and cleaned.get("days") and cleaned.get("side") == Side.BEFORE:
            self.add_error("repeats", _("Only what is due or overdue is repeated."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the form says, by the names of the rule's columns."""
        typed = self.cleaned_data
        common = {"audience": typed["audience"], "text": typed["text"]}
        if typed["occasion"] == Occasion.ALL_IN:
            return {"occasion": Occasion.ALL_IN, "step": Stage.PREPARE, "days": 0, "repeats": None, **common}
        days = -typed["days"] if typed["side"] == Side.BEFORE else typed["days"]
        return {
            "occasion": Occasion.DUE,
            "step": typed["occasion"],
            "days": days,
            "repeats": typed["repeats"],
            **common,
        }

    @staticmethod
    def initial_of(rule: ReminderRule) -> dict[str, Any]:
        """What to show of a rule that is there."""
        is_due = rule.occasion == Occasion.DUE
        return {
            "occasion": rule.step if is_due else Occasion.ALL_IN,
            "days": abs(rule.days),
            "side": Side.AFTER if rule.days > 0 else Side.BEFORE,
            "repeats": rule.repeats,
            "audience": rule.audience,
            "text": rule.text,
        }


class PreviewFilter(forms.Form):
    """Which mails of the preview to list. What nobody can mean is said, and all are listed."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, help_text=_("Person or department"))
    month = forms.TypedChoiceField(
        label=_("Month"), required=False, coerce=lambda text: date.fromisoformat(f"{text}-01"), empty_value=None
    )

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{month:%Y-%m}", calendar_month_text(month)) for month in months]
        self.fields["month"].choices = [("", _("All")), *choices]
