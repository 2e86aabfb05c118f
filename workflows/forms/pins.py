"""What people type about the places of a submission: comments and answers to them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from departments.forms.fields import LinesField
from workflows.forms.decisions import DecisionForm
from workflows.places import WHOLE, CardKey, Place
from workflows.remarks import Remark
from workflows.services.pins import LONGEST

Choices = list[tuple[str, Any]]


class SaidForm(forms.Form):
    """A text about the place `title`, which the summary of errors names.

    Many of them stand on one page: what was typed into the others stays in them, and is not looked at.
    """

    title: str
    text: forms.Field

    def __init__(self, data: QueryDict | None, *, name: str, is_sent: bool = True) -> None:
        typed = {field: data.get(f"{name}-{field}", "") for field in self.base_fields} if data is not None else {}
        super().__init__(data if is_sent else None, prefix=name, initial={} if is_sent else typed, auto_id="id_%s")

    def kept(self) -> Iterator[tuple[str, str]]:
        """Label and text of what was typed, for a page that cannot show the form again."""
        text = _cleaned(self["text"].value() or "")
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

    def __init__(
        self, data: QueryDict | None = None, *, places: Iterable[Place], key: CardKey, is_sent: bool = True
    ) -> None:
        super().__init__(data, name=f"pin-{key or 'whole'}", is_sent=is_sent)
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

    def __init__(
        self, data: QueryDict | None = None, *, remark: Remark, in_sheet: bool = False, is_sent: bool = True
    ) -> None:
        self.remark, self.title = remark, str(remark.place)
        super().__init__(data, name=f"answer-{remark.pk}", is_sent=is_sent)
        self.fields["text"].required = not in_sheet


class ResolutionForm(AnswerForm):
    """For those who may answer a comment or resolve it; resolving needs no words."""

    def __init__(self, data: QueryDict | None = None, *, remark: Remark, is_sent: bool = True) -> None:
        super().__init__(data, remark=remark, is_sent=is_sent)
        self.fields["text"].required = False
        self.fields["text"].need = _("(needed to answer)")


# The fields of a review's page into which people type, each by its name, with what it is called.
TYPED = {
    re.compile("comment"): DecisionForm.base_fields["comment"].label,
    re.compile(r"pin-.+-text"): PinForm.base_fields["text"].label,
    re.compile(r"answer-.+-text"): AnswerForm.base_fields["text"].label,
}


def typed_texts(data: QueryDict, but: str = "") -> list[tuple[str, str]]:
    """Label and text of all that was typed on a review's page, but for what was typed into the field `but`."""
    return [
        (str(label), text)
        for name in data
        for pattern, label in TYPED.items()
        if name != but and pattern.fullmatch(name) and (text := _cleaned(data[name]))
    ]


def _cleaned(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
