"""What a field's text must keep, whatever form or file it came from."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

BREAKS = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


def one_line(text: str) -> None:
    """Names and titles stand in the lines of mails, where a break of their own would forge another line."""
    if any(unicodedata.category(sign) in BREAKS for sign in text):
        raise ValidationError(_("Write this on one line, without control characters."), code="one_line")
