"""How strong the colours are, as somebody chose it for the screen at which they sit (表示のコントラスト)."""

from django.db.models import TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

CONTRAST_COOKIE = "meguru_contrast"


class Contrast(TextChoices):
    """表示のコントラスト"""

    AUTO = "auto", _("As this device is set")
    MORE = "more", _("High contrast")
    STANDARD = "standard", _("Standard colours")


def contrast_of(request: HttpRequest) -> Contrast:
    """What the browser's cookie says; whatever else it says, the device's own setting counts."""
    chosen = request.COOKIES.get(CONTRAST_COOKIE, "")
    return Contrast(chosen) if chosen in Contrast.values else Contrast.AUTO
