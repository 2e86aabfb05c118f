"""Narrowing the schedule of a strategy: a theme or an initiative, and a department, all of it in the address."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from departments.models import Department, Measure, Strategy

ALL = ("", gettext_lazy("All"))
FIELDS = {"theme": "initiative__theme__number", "initiative": "initiative__number"}


class GanttFilter(forms.Form):
    """Which measures to draw. A value that nobody can mean is said on the page, and narrows nothing."""

    part = forms.ChoiceField(label=gettext_lazy("Theme or initiative"), required=False)
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)

    def __init__(self, *args: Any, strategy: Strategy, measures: QuerySet[Measure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(pk__in=measures.order_by().values("plan__department"))
        names = departments.order_by("parent__position", "parent__code", "position", "code").values_list("pk", "name")
        self.fields["part"].choices = [ALL, *_parts(strategy)]
        self.fields["department"].choices = [ALL, *names]
        self.is_valid()  # each value counts for itself

    @property
    def narrows(self) -> bool:
        return any(self.cleaned_data.values())

    def narrow(self, measures: QuerySet[Measure]) -> QuerySet[Measure]:
        """Those of the measures that were asked for."""
        what, _dash, number = self.cleaned_data.get("part", "").partition("-")
        if what:
            measures = measures.filter(**{FIELDS[what]: int(number)})
        if department := self.cleaned_data.get("department"):
            measures = measures.filter(plan__department=int(department))
        return measures


def _parts(strategy: Strategy) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each theme as a group of choices: the whole of it, then its initiatives."""
    for theme in strategy.themes.order_by("number").prefetch_related("initiatives"):
        name = _("Theme %(number)d %(title)s") % {"number": theme.number, "title": theme.title}
        whole = (f"theme-{theme.number}", _("All of theme %(number)d") % {"number": theme.number})
        initiatives = sorted(theme.initiatives.all(), key=lambda found: found.number)
        yield name, [whole, *((f"initiative-{found.number}", str(found)) for found in initiatives)]
