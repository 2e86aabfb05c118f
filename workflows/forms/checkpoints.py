"""What administrators type about checkpoints."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from departments.fiscal import BusinessCalendar
from departments.forms.fields import DayField
from departments.wording import day_text
from departments.years import year_label
from workflows.days import DUE_OF, IN_ORDER, season
from workflows.models import ROUNDS, Checkpoint
from workflows.next_year import Proposed
from workflows.schedule import Days


class ChosenCheckpointForm(forms.Form):
    """Which checkpoint to add; the days are proposed for it."""

    year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind.value, kind.label) for kind in ROUNDS])

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, year_label(year)) for year in years]


class DaysForm(forms.Form):
    """The days of a checkpoint of a fiscal year, in order, with due days on business days.

    A due day that the city has closed since, and that its rule leaves there, may stay.
    """

    as_of = DayField(label=_("As of"), help_text=_("The day as of which departments report."))
    opens_on = DayField(label=_("Opening day"))
    submit_due = DayField(label=_("Submission due"), help_text=_("Departments submit by this day."))
    review_due = DayField(label=_("Review due"), help_text=_("The office reviews by this day."))
    approve_due = DayField(label=_("Approval due"), help_text=_("The head of the office approves by this day."))
    closes_on = DayField(label=_("Closing day"))

    def __init__(self, *args: Any, fiscal_year: int, calendar: BusinessCalendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.last = season(fiscal_year)
        self.calendar = calendar

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            day = self.cleaned_data.get(name)
            fault = day and self._fault(name, day)
            if fault:
                self.add_error(name, fault)
        days = [(name, self.cleaned_data.get(name)) for name in IN_ORDER]
        for (before, earlier), (name, day) in pairwise(days):
            if earlier and day and day < earlier:
                self.add_error(name, _("This must not lie before «%(before)s».") % {"before": self[before].label})
        return self.cleaned_data

    def _fault(self, name: str, day: date) -> str | None:
        if not self.first <= day <= self.last:
            span = {"first": day_text(self.first), "last": day_text(self.last)}
            return gettext("Choose a day from %(first)s to %(last)s.") % span
        if name in DUE_OF.values() and day != self.initial.get(name) and not self.calendar.is_business_day(day):
            following = day_text(self.calendar.on_or_after(day))
            return gettext("The city is closed on that day. The next business day is %(day)s.") % {"day": following}
        return None

    def days(self) -> Days:
        return Days(**self.cleaned_data)


class ProposedDaysForm(DaysForm):
    """The days proposed for one checkpoint of a year; each says on what day it is, and the last year's day."""

    def __init__(self, *args: Any, proposed: Proposed, **kwargs: Any) -> None:
        super().__init__(*args, prefix=proposed.kind.value, initial=asdict(proposed.days), **kwargs)
        self.kind, self.title = proposed.kind, proposed.kind.label
        for name, field in self.fields.items():
            field.help_text = "\n".join(self._hints(name, proposed.last))

    def _hints(self, name: str, last: Checkpoint | None) -> Iterator[str]:
        day = self._day(name)
        if day is not None:
            is_open = name == "as_of" or self.calendar.is_business_day(day)
            yield day_text(day) + ("" if is_open else gettext(" (closed)"))
        if last is not None:
            yield gettext("Last time %(day)s") % {"day": day_text(getattr(last, name))}

    def _day(self, name: str) -> date | None:
        """The day in the field as it is shown, where it is one that can be said."""
        shown = self.data.get(self.add_prefix(name)) if self.is_bound else self.initial[name]
        try:
            return self.fields[name].clean(shown)
        except ValidationError:
            return None


class ClosingForm(forms.Form):
    """A tick that says that closing is meant."""

    sure = forms.BooleanField(
        label=_("Close it. I know that this cannot be undone."),
        error_messages={"required": _("Tick this box if you want to close the checkpoint.")},
    )
