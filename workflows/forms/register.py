"""Narrowing the approval register: by what is known of an entry, all of it in the address."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import DayField
from departments.models import Department
from departments.models.plans import PlanKind
from departments.wording import day_text
from departments.years import year_label
from workflows.models import Checkpoint, CheckpointKind, Event
from workflows.wording import HAPPENINGS

ALL = ("", _("All"))


class RegisterFilter(forms.Form):
    """Which entries to list, of what a reader of these departments may see.

    A value that nobody can mean is said on the page, and narrows nothing.
    """

    year = forms.ChoiceField(label=_("Fiscal year"), required=False)
    checkpoint = forms.ChoiceField(label=_("Checkpoint"), required=False, choices=[ALL, *CheckpointKind.choices])
    department = forms.ChoiceField(label=_("Division or department"), required=False)
    kind = forms.ChoiceField(label=_("Kind of entry"), required=False, choices=[ALL, *HAPPENINGS.items()])
    first = DayField(label=_("From day"), required=False)
    last = DayField(label=_("Until day"), required=False)
    q = forms.CharField(label=_("Name of department or plan"), required=False, max_length=100)
    person = forms.CharField(label=_("Person (who did it, or in whose place)"), required=False, max_length=100)
    deputies = forms.BooleanField(label=_("Only what deputies did"), required=False)

    def __init__(self, *args: Any, departments: frozenset[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.years = Checkpoint.objects.years()
        self.members = _members(departments)
        self.fields["year"].choices = [ALL, *((year, year_label(year)) for year in self.years)]
        self.fields["department"].choices = [ALL, *self._department_choices()]
        self.is_valid()  # each value counts for itself

    def _department_choices(self) -> Iterator[tuple[int, str]]:
        for division, departments in self.members.items():
            yield division.pk, str(division)
            for department in departments:
                yield department.pk, f"　{department}"

    def narrow(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """Those of the events that were asked for."""
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        for name, value in asked.items():
            events = events.filter(self._condition(name, value))
        return events

    def _condition(self, name: str, value: Any) -> Q:
        plain = {"year": "plan__fiscal_year", "checkpoint": "review__checkpoint__kind", "kind": "kind"}
        plain |= {"first": "at__date__gte", "last": "at__date__lte"}
        if name in plain:
            return Q(**{plain[name]: value})
        if name == "department":
            return Q(review__department__in=self._below(int(value)))
        if name == "person":
            return _named("by", value) | _named("on_behalf_of", value)
        if name == "q":
            return Q(*map(self._called, value.split()))
        return Q(on_behalf_of__isnull=False)

    def _below(self, pk: int) -> list[int]:
        """A department with those of its members that the reader sees."""
        below = [member.pk for division, members in self.members.items() if division.pk == pk for member in members]
        return [pk, *below]

    def _called(self, word: str) -> Q:
        """The word stands in the name of the department or its division, or in the plan's title."""
        kinds = [kind for kind in PlanKind if word in kind.label]
        years = [year for year in self.years if word in year_label(year)]
        return (
            Q(review__department__name__icontains=word)
            | Q(review__department__parent__name__icontains=word)
            | Q(plan__kind__in=kinds)
            | Q(plan__fiscal_year__in=years)
        )

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """What narrows the list, label and value, for whoever has it on paper."""
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return [(str(self.fields[name].label), self._said(name, value)) for name, value in asked.items()]

    def _said(self, name: str, value: Any) -> str:
        if isinstance(value, date):
            return day_text(value)
        if isinstance(value, bool):
            return str(_("yes"))
        choices = getattr(self.fields[name], "choices", ())
        return str({str(key): label for key, label in choices}.get(value, value)).strip()


def _members(departments: Iterable[int]) -> dict[Department, list[Department]]:
    """部 → those of its 課 that are read; a department right below the city stands for itself."""
    found: dict[Department, list[Department]] = {}
    rows = Department.objects.filter(pk__in=departments).select_related("parent")
    for department in rows.order_by("parent__position", "position", "code"):
        if department.division is None:
            found.setdefault(department, [])
        else:
            found.setdefault(department.division, []).append(department)
    return found


def _named(column: str, text: str) -> Q:
    """All words of the text stand in the person's name; or it is the user name."""
    words = [Q(**{f"{column}__name__icontains": word}) for word in text.split()]
    return Q(*words) | Q(**{f"{column}__username": text})
