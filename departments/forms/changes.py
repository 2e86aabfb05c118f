"""Carrying out what a form asks for."""

from collections.abc import Callable
from typing import TypeVar

from django import forms

from departments.errors import Refused

Row = TypeVar("Row")


def carry_out(form: forms.BaseForm, change: Callable[[], Row]) -> Row | None:
    """What the change returns; a refusal becomes one of the form's errors, and None is returned."""
    try:
        return change()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
