"""What people type about the places of a submission: comments and answers to them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from departments.forms.fields import LinesField
from workflows.places import WHOLE, CardKey, Place
from workflows.remarks import Remark
from workflows.services.pins import LONGEST

Choices = list[tuple[str, Any]]


class SaidForm(forms.Form):
    """A text about the place `title`, which the summary of errors names."""

    title: str
    text: forms.Field

    def kept(self) -> Iterator[tuple[str, str]]:
        """Label and text of what was typed, for a page that cannot show the form again."""
        text = (self["text"].value() or "").replace("\r\n", "\n").strip()
        if text:
            yield " ".join(filter(None, [self.title, str(self["text"].label)])), text


class PinForm(SaidForm):
    """A comment on one of the places of the card `key`. Whether there is such a place is for the service to say."""

    target = forms.CharField(label=_("Comment on"), required=False)
    text = LinesField(
        label=pgettext_lazy("pinned comment", "Comment"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what you want to say about this place.")},
    )

    def __init__(self, data: QueryDict | None = None, *, places: Iterable[Place], key: CardKey) -> None:
        super().__init__(data, auto_id=f"id_pin-{key or 'whole'}-%s")
        self.key, self.title = key, ""
        choices = _choices(places)
        self.fields["target"].required = bool(choices)
        self.fields["target"].widget = forms.Select(choices=choices) if choices else forms.HiddenInput()


def _choices(places: Iterable[Place]) -> Choices:
    """What a select offers: each measure and indicator with its fields; nothing for the whole."""
    groups: dict[str, Choices] = {}
    for place in places:
        if place.target != WHOLE:
            groups.setdefault(place.entry, []).append((place.target, place.field or pgettext("place", "All of it")))
    return list(groups.items())


class AnswerForm(SaidForm):
    """An answer to one comment; in a sheet, which has many of them, it may stay empty."""

    text = LinesField(
        label=pgettext_lazy("noun", "Answer"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write your answer.")},
    )

    def __init__(self, data: QueryDict | None = None, *, remark: Remark, in_sheet: bool = False) -> None:
        self.remark, self.title, name = remark, str(remark.place), f"answer-{remark.pk}"
        super().__init__(data, prefix=name if in_sheet else None, auto_id="id_%s" if in_sheet else f"id_{name}-%s")
        self.fields["text"].required = not in_sheet


class ResolutionForm(AnswerForm):
    """For those who may answer a comment or resolve it; resolving needs no words."""

    def __init__(self, data: QueryDict | None = None, *, remark: Remark) -> None:
        super().__init__(data, remark=remark)
        self.fields["text"].required = False
        self.fields["text"].need = _("(needed to answer)")
