"""Form fields that forgive how Japanese keyboards and browsers write."""

import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from departments.fiscal import ERAS

FIRST_DAY = ERAS[-1][0]


class LinesField(forms.CharField):
    """Text of several lines, with line breaks as one sign each however the browser sends them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        text = super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)
        # A reason of invisible signs alone would be none.
        return text if any(sign.isprintable() and not sign.isspace() for sign in text) else ""


class NumberField(forms.DecimalField):
    """A number from 0 with at most two decimals; full-width digits and thousands separators are understood."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_digits=12, decimal_places=2, min_value=0, widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").strip()
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """A stored 1.00 stands in the field as 1."""
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class DayField(forms.DateField):
    """A day, typed or chosen in the browser's own calendar; none before 昭和, such as the year 8 for 令和8年."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and value < FIRST_DAY:
            raise ValidationError(_("This day lies too far back. Type the year in four digits, such as 2026."))
