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
from project.contrast import contrast_of
from workflows.next_case import count_waiting

VERSION = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# url name, label, the permission it needs somewhere (None: everybody)
ITEMS = (
    ("home", _("My work"), None),
    ("board", _("Board"), Permission.READ_BOARD),
    ("dashboard", _("Dashboard"), Permission.READ_APPROVED),
    ("plans", _("Plans"), Permission.READ_APPROVED),
    ("strategy", _("Strategy"), None),
    ("checkpoints", _("Checkpoints"), None),
    ("register", _("Approval register"), Permission.READ_SUBMISSIONS),
)
# What few people see and nobody needs every day stands together at the end.
ADMINISTRATION = (
    ("departments", _("Departments")),
    ("people", _("People")),
    ("calendar", _("Closed days")),
    ("reminders", _("Reminders")),
    ("mail", pgettext_lazy("menu", "Mail")),
)


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the main menu, or, without `url`, the name of several.

    `current` is '' or a value of aria-current; `count`, how much waits there.
    """

    url: str
    label: str
    current: str = ""
    count: int | None = None
    items: tuple["NavigationItem", ...] = ()


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `navigation`, `contrast`, `gets_no_mail`, `meguru_version`, `source_url`."""
    user = getattr(request, "user", None)
    items = list(_items(request)) if user is not None and user.is_authenticated else []
    return {
        "navigation": items,
        "contrast": contrast_of(request),
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
        if permission is None or held.anywhere(permission):
            count = count_waiting(request.user, on=today) if name == "home" else None
            yield _item(name, label, request.path, count)
    names = list(ADMINISTRATION) if held.anywhere(Permission.ADMINISTER) else []
    names += [("styleguide", _("Style guide"))] if request.user.is_staff else []
    if names:
        items = tuple(_item(name, label, request.path) for name, label in names)
        current = "true" if any(item.current for item in items) else ""
        yield NavigationItem(url="", label=_("Administration"), current=current, items=items)


def _item(name: str, label: str, path: str, count: int | None = None) -> NavigationItem:
    url = reverse(name)
    return NavigationItem(url=url, label=label, current=_current(url, path), count=count)


def _current(url: str, path: str) -> str:
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""
