"""Which mails the list of the outbox shows: by whom, what, why, when and how they ended, all of it in the address."""

import unicodedata
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.folding import fold
from departments.forms.fields import DayField
from departments.models import Department, User
from notifications.models import Audience, MailItem, MailKind, MailQuerySet, Outcome
from notifications.moments import last_moment, midnight
from workflows.models import EventKind

ALL = ("", _("All"))
WIDE = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in map(chr, range(0x21, 0x7F))}
# Rules by when they remind: value → label and condition on an item.
PHASES = {
    "before": (_("Before a due day"), Q(days__lt=0)),
    "on": (_("On a due day"), Q(days=0)),
    "after": (_("After a due day"), Q(days__gt=0)),
}
TELLING = [kind for kind in EventKind if kind.value in MailKind.values]


class MailFilter(forms.Form):
    """What is asked for; what nobody can mean is said, and narrows nothing."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, help_text=_("Person, address or subject"))
    department = forms.ChoiceField(label=_("Division or department"), required=False)
    kind = forms.ChoiceField(label=_("Kind of mail"), required=False, choices=[ALL, *MailKind.choices])
    why = forms.ChoiceField(
        label=_("Why it was written"),
        required=False,
        choices=[
            ALL,
            (_("Something that happened"), [(f"event:{kind.value}", kind.label) for kind in TELLING]),
            (_("Reminder rules, by whom they tell"), [(f"to:{one.value}", one.label) for one in Audience]),
            (_("Reminder rules, by day"), [(f"day:{name}", label) for name, (label, _q) in PHASES.items()]),
        ],
    )
    outcome = forms.ChoiceField(
        label=pgettext_lazy("of a mail", "Status"), required=False, choices=[ALL, *Outcome.choices]
    )
    first = DayField(label=pgettext_lazy("of a mail", "From day"), required=False)
    last = DayField(label=pgettext_lazy("of a mail", "Until day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.departments = list(Department.objects.with_tree_fields())
        named = [(each.pk, "　" * each.tree_depth + str(each)) for each in self.departments]
        self.fields["department"].choices = [ALL, *named]
        self.is_valid()  # each value counts for itself

    @property
    def is_asking(self) -> bool:
        return any(self.cleaned_data.values())

    def narrow(self, rows: MailQuerySet) -> MailQuerySet:
        """Those of the mails that were asked for."""
        asked = self.cleaned_data
        if asked.get("outcome"):
            rows = rows.filter(status__in=Outcome(asked["outcome"]).statuses)
        if asked.get("kind"):
            rows = rows.filter(kind=asked["kind"])
        if asked.get("first"):
            rows = rows.filter(created_at__gte=midnight(asked["first"]))
        if asked.get("last"):
            rows = rows.filter(created_at__lte=last_moment(asked["last"]))
        told = self._told()
        if told:
            rows = rows.filter(Exists(MailItem.objects.filter(told, mail=OuterRef("pk"))))
        return rows.filter(*map(_names, asked.get("q", "").split()))

    def _told(self) -> Q:
        """What is asked of one of the items of a mail."""
        told = Q()
        if self.cleaned_data.get("department"):
            told &= Q(review__department__in=self._below(int(self.cleaned_data["department"])))
        match self.cleaned_data.get("why", "").split(":"):
            case ["event", kind]:
                told &= Q(event__kind=kind, audience="")
            case ["to", audience]:
                told &= Q(audience=audience)
            case ["day", phase]:
                told &= PHASES[phase][1]
        return told

    def _below(self, pk: int) -> list[int]:
        """The department and those below it."""
        return [each.pk for each in self.departments if pk in each.tree_path]


def _names(word: str) -> Q:
    """The word stands in the person's name (however spelt), user name or address, or in the subject (however wide)."""
    people, there = Q(folded__contains=fold(word)), Q()
    for spelling in _spellings(word):
        people |= Q(username__icontains=spelling) | Q(email__icontains=spelling)
        there |= Q(subject__icontains=spelling)
        there |= Q(address__icontains=spelling) if spelling.isascii() else Q()
    return there | Q(recipient__in=User.objects.filter(people).values("pk"))


def _spellings(word: str) -> set[str]:
    """As typed, in the usual widths, and all in full width."""
    usual = unicodedata.normalize("NFKC", word)
    return {word, usual, usual.translate(WIDE)}
