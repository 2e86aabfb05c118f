"""What the frame of every page shows: main navigation, version, where the source is."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.access import rights
from departments.models import User
from departments.models.organisation import Permission
from notifications.models import Bounce
from workflows.access import waiting_for

VERSION = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# url name, label, the permission it needs somewhere (None: everybody)
ITEMS = (
    ("home", _("My work"), None),
    ("board", _("Board"), Permission.READ_BOARD),
    ("rates", _("Achievement rates"), Permission.READ_APPROVED),
    ("plans", _("Plans"), Permission.READ_APPROVED),
    ("register", _("Approval register"), Permission.READ_SUBMISSIONS),
    ("strategy", _("Strategy"), None),
    ("checkpoints", _("Checkpoints"), None),
    ("departments", _("Departments"), Permission.ADMINISTER),
    ("people", _("People"), Permission.ADMINISTER),
    ("mail", pgettext_lazy("menu", "Mail"), Permission.ADMINISTER),
    ("reminders", _("Reminders"), Permission.ADMINISTER),
)


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the main menu; `current` is '' or a value of aria-current, `count` how much waits there."""

    url: str
    label: str
    current: str = ""
    count: int | None = None


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `navigation`, `gets_no_mail`, `meguru_version`, `source_url`."""
    user = getattr(request, "user", None)
    items = list(_items(request)) if user is not None and user.is_authenticated else []
    return {
        "navigation": items,
        "gets_no_mail": lambda: _gets_no_mail(user),  # looked up only where a page shows it
        "meguru_version": VERSION,
        "source_url": settings.SOURCE_URL,
    }


def _gets_no_mail(user: User | AnonymousUser | None) -> bool:
    """Whether nothing is sent to the address of who is logged in, because mails came back from it."""
    return isinstance(user, User) and bool(user.email and Bounce.objects.dead([user.email]))


def _items(request: HttpRequest) -> Iterator[NavigationItem]:
    today = timezone.localdate()
    held = rights(request.user, on=today)
    for name, label, permission in ITEMS:
        if permission is not None and not held.anywhere(permission):
            continue
        url = reverse(name)
        count = waiting_for(request.user, on=today).count() if name == "home" else None
        yield NavigationItem(url=url, label=label, current=_current(url, request.path), count=count)


def _current(url: str, path: str) -> str:
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""
