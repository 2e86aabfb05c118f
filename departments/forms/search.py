"""What is looked for."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from departments.folding import folded_words
from departments.search import Kind

MOST_WORDS = 10
KANJI = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff々]")


class SearchForm(forms.Form):
    """Words, of which all have to occur. One sign alone is found everywhere, unless it is a kanji."""

    q = forms.CharField(
        label=_("Words to look for"),
        required=False,
        max_length=100,
        help_text=_("Several words, with blanks between them: what has all of them is found."),
    )
    past = forms.BooleanField(label=_("Past fiscal years too"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs |= {"type": "search", "autocomplete": "off", "enterkeyhint": "search"}

    def clean_q(self) -> str:
        query = self.cleaned_data["q"]
        words = folded_words(query)
        if query and not any(len(word) > 1 or KANJI.match(word) for word in words):
            raise ValidationError(_("Enter at least two letters; of kanji, one will do."))
        if len(words) > MOST_WORDS:
            raise ValidationError(_("Enter no more than %(n)d words.") % {"n": MOST_WORDS})
        return query


def asked_kind(text: str | None) -> Kind | None:
    """The kind of things in the address, of which all are shown; None for all kinds."""
    return Kind(text) if text in Kind.values else None
