"""What people type on the pages of a review. Nothing here is required: a draft may be saved as it is."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.models import Indicator, Measure
from departments.rules import number_fault
from departments.wording import number_text
from workflows.models import IndicatorReport, MeasureReport, ProgressClass
from workflows.services.drafts import IndicatorEntry, MeasureEntry

PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
MOST_DIGITS = 20


class NumberField(forms.CharField):
    """A number as people type it: full-width digits, thousands commas and a trailing % are all right."""

    def __init__(self, *, most: Decimal | None = None, whole: bool = False, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.most, self.whole = most, whole
        self.widget.attrs |= {"inputmode": "numeric" if whole else "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:
        text = unicodedata.normalize("NFKC", super().to_python(value))
        text = re.sub(r"[,、\s]", "", text).removesuffix("%").replace("−", "-")
        if not text:
            return None
        if not PLAIN_NUMBER.fullmatch(text):
            raise ValidationError(_("Enter a number in digits, for example 1,234.5."))
        if len(text) > MOST_DIGITS:
            raise ValidationError(_("This number is too large."))
        return self._within_limits(Decimal(text))

    def _within_limits(self, number: Decimal) -> Decimal:
        fault = number_fault(number)
        if fault:
            raise ValidationError(fault)
        if self.whole and number != int(number):
            raise ValidationError(_("Enter a whole number."))
        if self.most is not None and number > self.most:
            raise ValidationError(_("Enter at most %(most)s."), params={"most": number_text(self.most)})
        return number

    def run_validators(self, value: Decimal | None) -> None:
        """The text's validators have had their say in `to_python`'s pattern."""


class LongText(forms.CharField):
    """A text of several lines; a line break counts as one character, as it does in the browser."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


class EntryForm(forms.Form):
    """A form of the prepare page. `saved` holds, by field, what somebody else saved meanwhile where it differs."""

    title: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved: dict[str, str] = {}

    @property
    def was_sent(self) -> bool:
        """Whether the request had this form's fields at all; one that lacks them must not empty the draft."""
        return self.is_bound and any(self.add_prefix(name) in self.data for name in self.fields)

    def display(self, name: str, value: Any) -> str:
        """A field's value as the person would read it."""
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        if isinstance(value, Decimal):
            return number_text(value)
        choices = dict(getattr(self.fields[name], "choices", ()))
        return "" if value in (None, "") else str(choices.get(value, value))

    def typed(self) -> Iterable[tuple[str, str]]:
        """Label and text of every field that was filled in, to be shown where it cannot be saved."""
        for name in self.fields:
            text = self.display(name, self[name].value())
            if text and self[name].value() is not False:
                yield f"{self.title}: {self[name].label}", text

    def note_saved(self, other: "EntryForm") -> None:
        """Remember what the other form, filled from the database, says differently."""
        for name in self.fields:
            theirs = other.display(name, other[name].value())
            if theirs != self.display(name, self.cleaned_data.get(name)):
                self.saved[name] = theirs


class MeasureForm(EntryForm):
    progress = forms.ChoiceField(label=_("Progress"), required=False)
    percent = NumberField(label=_("Progress in per cent"), most=Decimal(100), whole=True)
    done = LongText(label=_("What was done"), max_length=2000)
    issue = LongText(label=_("Issue"), max_length=2000)
    next_step = LongText(label=_("Next step"), max_length=2000)

    def __init__(
        self, *args: Any, measure: Measure, report: MeasureReport, classes: list[ProgressClass], **kwargs: Any
    ) -> None:
        initial = {
            "progress": report.progress.code if report.progress else "",
            "percent": "" if report.percent is None else report.percent,
            "done": report.done,
            "issue": report.issue,
            "next_step": report.next_step,
        }
        super().__init__(*args, prefix=f"m{measure.pk}", initial=initial, **kwargs)
        self.measure, self.classes = measure, {found.code: found for found in classes}
        self.title = str(measure)
        self.fields["progress"].choices = [("", _("Choose")), *((found.code, str(found)) for found in classes)]

    def entry(self) -> MeasureEntry:
        data = self.cleaned_data
        return MeasureEntry(
            progress=self.classes.get(data["progress"]),
            percent=None if data["percent"] is None else int(data["percent"]),
            done=data["done"],
            issue=data["issue"],
            next_step=data["next_step"],
        )


ANSWERS = {True: "yes", False: "no", None: ""}


class IndicatorForm(EntryForm):
    """Asks for what the indicator's kind is measured by: two numbers, yes or no, or one number."""

    numerator = NumberField(label=_("Numerator"))
    denominator = NumberField(label=_("Denominator"))
    value = NumberField(label=_("Value"))
    done = forms.TypedChoiceField(
        label=pgettext_lazy("milestone", "Reached?"),
        required=False,
        choices=[("", _("Choose")), ("yes", _("Done")), ("no", _("Not done yet"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
    )
    not_this_quarter = forms.BooleanField(label=_("Not this quarter (no number is kept)"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, indicator: Indicator, report: IndicatorReport, **kwargs: Any) -> None:
        initial = {
            "numerator": _number(report.numerator),
            "denominator": _number(report.denominator),
            "value": _number(report.value),
            "done": ANSWERS[report.done],
            "not_this_quarter": report.not_this_quarter,
            "note": report.note,
        }
        super().__init__(*args, prefix=f"i{indicator.pk}", initial=initial, **kwargs)
        self.indicator, self.title = indicator, str(indicator)
        for name in {"numerator", "denominator", "value", "done"} - set(asked_of(indicator)):
            del self.fields[name]
        if "value" in self.fields and indicator.unit == "%":
            self.fields["value"].most = Decimal(100)

    def display(self, name: str, value: Any) -> str:
        return super().display(name, ANSWERS.get(value, value) if name == "done" else value)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        numerator, denominator = data.get("numerator"), data.get("denominator")
        if denominator == 0:
            self.add_error(
                "denominator", _("The denominator must be more than 0. If there is none, tick «not this quarter».")
            )
        elif numerator is not None and denominator is not None and numerator > denominator:
            self.add_error("numerator", _("The numerator must not be larger than the denominator."))
        return data

    def entry(self) -> IndicatorEntry:
        return IndicatorEntry(**self.cleaned_data)


def asked_of(indicator: Indicator) -> tuple[str, ...]:
    """The fields that measure an indicator of this kind."""
    if indicator.is_milestone:
        return ("done",)
    return ("numerator", "denominator") if indicator.is_share else ("value",)


def _number(number: Decimal | None) -> str:
    return "" if number is None else number_text(number)


class DecisionForm(forms.Form):
    """The office's word on what was submitted; which outcome is said by the button that was pressed."""

    comment = LongText(
        label=_("Comment to the department"),
        max_length=2000,
        rows=4,
        help_text=_("Needed when you return it: say what to mend. Otherwise optional. The department reads it."),
    )
