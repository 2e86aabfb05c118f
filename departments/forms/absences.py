"""Forms of the pages on absences and deputies."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from departments.directory import find_people, posts_of
from departments.forms.fields import DayField
from departments.models import Appointment, User


class PostChoice(forms.ModelChoiceField):
    """One of the person's own posts."""

    def label_from_instance(self, appointment: Appointment) -> str:
        return f"{appointment.department} {appointment.get_role_display()}"


class AbsenceForm(forms.Form):
    """Who stands in for a person in which of their posts, and on which days."""

    post = PostChoice(None, label=_("For which post"), widget=forms.RadioSelect, empty_label=None)
    deputy = forms.TypedChoiceField(
        label=_("Deputy"), help_text=_("Acts in place of the absent person, and the record names both.")
    )
    first_day = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"))

    def __init__(self, *args: Any, absent: User, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = posts_of(absent, on)
        self.fields["post"].queryset = posts  # type: ignore[attr-defined]
        self.fields["post"].initial = posts[0] if len(posts) == 1 else None
        people = {str(person.pk): person for person in find_people("", on) if person.is_active and person != absent}
        self.fields["deputy"].choices = _by_department(people)  # type: ignore[attr-defined]
        self.fields["deputy"].coerce = people.__getitem__  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", ValidationError(_("The last day must not lie before the first.")))
        return cleaned


def _by_department(people: dict[str, Any]) -> list[tuple[Any, Any]]:
    """The choices grouped by the department of each person's first post; `current` holds the posts of each."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for pk, person in sorted(people.items(), key=lambda item: _place(item[1])):
        name = str(person.current[0].department) if person.current else _("No post today")
        roles = ", ".join(dict.fromkeys(post.get_role_display() for post in person.current))
        groups.setdefault(name, []).append((pk, f"{person} ({roles})" if roles else str(person)))
    return [("", _("Choose")), *groups.items()]


def _place(person: Any) -> tuple[bool, int, str, str]:
    """Sorts people by department; whoever has no post comes last."""
    if not person.current:
        return True, 0, "", person.username
    department = person.current[0].department
    return False, department.position, department.code, person.username


class EndAbsenceForm(forms.Form):
    last_day = DayField(label=_("Last day"), help_text=_("On this day the deputy still acts."))
