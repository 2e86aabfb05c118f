"""What people type on the pages of reviews and checkpoints. A draft requires nothing: it may be saved as it is."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from departments.fiscal import BusinessCalendar
from departments.forms.fields import DayField, LinesField, NumberField
from departments.models import Indicator, Measure
from departments.wording import day_text, number_text
from departments.years import year_label
from workflows.draft import asked_of
from workflows.models import ROUNDS, IndicatorReport, MeasureReport, ProgressClass
from workflows.schedule import Days
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
    """A form of the prepare page. `saved` holds, by field, what somebody else saved meanwhile where it differs."""

    title: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved: dict[str, str] = {}

    def say_needed(self, names: Iterable[str], text: str | Promise) -> None:
        """Say beside the labels that these fields, which a draft may leave empty, are needed later."""
        for name in names:
            self.fields[name].need = text

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

    def unsaved(self) -> Iterable[tuple[str, str]]:
        """Label and text of every field that says something else than the draft, to be shown where it is not saved."""
        for name in self.fields:
            text = self.display(name, self[name].value()).replace("\r\n", "\n")
            if text != self.display(name, self.initial[name]):
                yield f"{self.title} {self[name].label}", text

    def note_saved(self, other: "EntryForm") -> None:
        """Remember what the other form, filled from the database, says differently."""
        for name in self.fields:
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
        self.say_needed(["progress", "done"], NEEDED)
        late = pgettext("list", ", ").join(str(found) for found in classes if found.needs_reason)
        self.say_needed(["issue", "next_step"], gettext("(needed for %(classes)s)") % {"classes": late})

    def entry(self) -> MeasureEntry:
        data = self.cleaned_data
        return MeasureEntry(
            progress=self.classes.get(data["progress"]),
            percent=data["percent"],
            done=data["done"],
            issue=data["issue"],
            next_step=data["next_step"],
        )


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
        return IndicatorEntry(**self.cleaned_data)


def _number(number: Decimal | None) -> str:
    return "" if number is None else number_text(number)


class DecisionForm(forms.Form):
    """The office's word on what was submitted; which outcome is said by the button that was pressed."""

    comment = LinesField(
        label=_("Comment to the department"),
        required=False,
        max_length=2000,
        help_text=_("Needed when you return it: say what to mend. Otherwise optional. The department reads it."),
    )


class ChosenCheckpointForm(forms.Form):
    """Which checkpoint to add; the days are proposed for it."""

    year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind.value, kind.label) for kind in ROUNDS])

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, year_label(year)) for year in years]


class DaysForm(forms.Form):
    """The days of a checkpoint of a fiscal year, in order, with due days on business days."""

    as_of = DayField(label=_("As of"), help_text=_("The day as of which departments report."))
    opens_on = DayField(label=_("Opening day"))
    submit_due = DayField(label=_("Submission due"), help_text=_("Departments submit by this day."))
    review_due = DayField(label=_("Review due"), help_text=_("The office reviews by this day."))
    approve_due = DayField(label=_("Approval due"), help_text=_("The head of the office approves by this day."))
    closes_on = DayField(label=_("Closing day"))

    IN_ORDER = ("opens_on", "submit_due", "review_due", "approve_due", "closes_on")
    ON_BUSINESS_DAYS = ("submit_due", "review_due", "approve_due")

    def __init__(self, *args: Any, fiscal_year: int, calendar: BusinessCalendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.last = date(fiscal_year, 4, 1), date(fiscal_year + 1, 6, 30)
        self.calendar = calendar

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            day = self.cleaned_data.get(name)
            fault = day and self._fault(name, day)
            if fault:
                self.add_error(name, fault)
        days = [(name, self.cleaned_data.get(name)) for name in self.IN_ORDER]
        for (before, earlier), (name, day) in pairwise(days):
            if earlier and day and day < earlier:
                self.add_error(name, _("This must not lie before «%(before)s».") % {"before": self[before].label})
        return self.cleaned_data

    def _fault(self, name: str, day: date) -> str | None:
        if not self.first <= day <= self.last:
            span = {"first": day_text(self.first), "last": day_text(self.last)}
            return gettext("Choose a day from %(first)s to %(last)s.") % span
        if name in self.ON_BUSINESS_DAYS and not self.calendar.is_business_day(day):
            following = day_text(self.calendar.on_or_after(day))
            return gettext("The city is closed on that day. The next business day is %(day)s.") % {"day": following}
        return None

    def days(self) -> Days:
        return Days(**self.cleaned_data)


class ClosingForm(forms.Form):
    """A tick that says that closing is meant."""

    sure = forms.BooleanField(
        label=_("Close it. I know that this cannot be undone."),
        error_messages={"required": _("Tick this box if you want to close the checkpoint.")},
    )
