"""What departments type into a report. A draft requires nothing: it may be saved as it is."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import LinesField, NumberField
from departments.models import Indicator, Measure
from departments.wording import number_text
from workflows.draft import asked_of
from workflows.models import IndicatorReport, MeasureReport, ProgressClass
from workflows.services.drafts import IndicatorEntry, MeasureEntry


class PerCentField(NumberField):
    """A whole number from 0 to 100; a % behind it does no harm."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_value=100, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).strip().removesuffix("%")
        return super().to_python(value)

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        if number is not None and number != int(number):
            raise ValidationError(_("Enter a whole number."))
        return None if number is None else int(number)


NEEDED = _("(needed to submit)")


class EntryForm(forms.Form):
    """A form of the prepare page. `saved` holds, by field, what somebody else saved meanwhile where it differs.

    Where the request had none of its fields, it shows the draft, as if nothing had been sent.
    """

    title: str

    def __init__(self, data: QueryDict | None = None, *, prefix: str, initial: dict[str, Any]) -> None:
        was_sent = data is not None and any(name.startswith(f"{prefix}-") for name in data)
        super().__init__(data if was_sent else None, prefix=prefix, initial=initial)
        self.saved: dict[str, str] = {}

    def say_needed(self, names: Iterable[str], text: str | Promise) -> None:
        """Say beside the labels that these fields, which a draft may leave empty, are needed later."""
        for name in names:
            self.fields[name].need = text

    @property
    def unfit(self) -> dict[str, list[str]]:
        """What is wrong with each field whose text cannot be kept, by its name in the page."""
        return {self.add_prefix(name): list(map(str, errors)) for name, errors in self.errors.items()}

    def display(self, name: str, value: Any) -> str:
        """A field's value as the person would read it."""
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        if isinstance(value, Decimal):
            return number_text(value)
        choices = dict(getattr(self.fields[name], "choices", ()))
        return "" if value in (None, "") else str(choices.get(value, value))

    def unsaved(self) -> Iterable[tuple[str, str]]:
        """Label and text of every field that says something else than the draft, to be shown where it is not saved."""
        for name in self.fields:
            text = self.display(name, self[name].value()).replace("\r\n", "\n")
            if text != self.display(name, self.initial[name]):
                yield f"{self.title} {self[name].label}", text

    def note_saved(self, other: "EntryForm") -> None:
        """Remember what the other form, filled from the database, says differently."""
        for name in self.fields if self.is_bound else ():
            theirs = other.display(name, other[name].value())
            if theirs != self.display(name, self.cleaned_data.get(name)):
                self.saved[name] = theirs


class MeasureForm(EntryForm):
    progress = forms.ChoiceField(label=_("Progress"), required=False)
    percent = PerCentField(label=_("Progress in per cent"), required=False)
    done = LinesField(label=_("What was done"), required=False, max_length=2000)
    issue = LinesField(label=_("Issue"), required=False, max_length=2000)
    next_step = LinesField(label=_("Next step"), required=False, max_length=2000)

    def __init__(
        self, data: QueryDict | None, *, measure: Measure, report: MeasureReport, classes: list[ProgressClass]
    ) -> None:
        initial = {
            "progress": report.progress.code if report.progress else "",
            "percent": "" if report.percent is None else report.percent,
            "done": report.done,
            "issue": report.issue,
            "next_step": report.next_step,
        }
        super().__init__(data, prefix=f"m{measure.pk}", initial=initial)
        self.measure, self.report, self.classes = measure, report, {found.code: found for found in classes}
        self.title = str(measure)
        self.fields["progress"].choices = [("", _("Choose")), *((found.code, str(found)) for found in classes)]
        self.say_needed(["progress", "done"], NEEDED)
        late = pgettext("list", ", ").join(str(found) for found in classes if found.needs_reason)
        self.say_needed(["issue", "next_step"], gettext("(needed for %(classes)s)") % {"classes": late})

    def entry(self) -> MeasureEntry:
        """What was typed; for a field that cannot be kept, what the draft says."""
        typed = dict(self.cleaned_data)
        if "progress" in typed:
            typed["progress"] = self.classes.get(typed["progress"])
        return replace(MeasureEntry.of(self.report), **typed)


ANSWERS = {True: "yes", False: "no", None: ""}


class IndicatorForm(EntryForm):
    """Asks for what the indicator's kind is measured by: two numbers, yes or no, or one number."""

    numerator = NumberField(label=_("Numerator"), required=False)
    denominator = NumberField(label=_("Denominator"), required=False)
    value = NumberField(label=_("Value"), required=False)
    done = forms.TypedChoiceField(
        label=pgettext_lazy("milestone", "Reached?"),
        required=False,
        choices=[("", _("Choose")), ("yes", _("Done")), ("no", _("Not done yet"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
    )
    not_this_quarter = forms.BooleanField(label=_("Not this quarter (no number is kept)"), required=False)
    note = forms.CharField(label=_("Remarks"), required=False, max_length=300)

    def __init__(self, data: QueryDict | None, *, indicator: Indicator, report: IndicatorReport) -> None:
        initial = {
            "numerator": _number(report.numerator),
            "denominator": _number(report.denominator),
            "value": _number(report.value),
            "done": ANSWERS[report.done],
            "not_this_quarter": report.not_this_quarter,
            "note": report.note,
        }
        super().__init__(data, prefix=f"i{indicator.pk}", initial=initial)
        self.indicator, self.report, self.title = indicator, report, str(indicator)
        if indicator.unit == "%":
            self.fields["value"] = NumberField(label=_("Value"), required=False, max_value=100)
        for name in {"numerator", "denominator", "value", "done"} - set(asked_of(indicator)):
            del self.fields[name]
        self.say_needed(asked_of(indicator), NEEDED)

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
        """What was typed. Numbers belong together: where one cannot be kept, all are as the draft has them."""
        if set(self.errors) - {"note"}:
            note = self.cleaned_data.get("note", self.report.note)
            return replace(IndicatorEntry.of(self.report), note=note)
        return replace(IndicatorEntry(note=self.report.note), **self.cleaned_data)


def _number(number: Decimal | None) -> str:
    return "" if number is None else number_text(number)
