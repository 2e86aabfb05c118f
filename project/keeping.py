"""What somebody typed while their session had ended: carried along through the log-in and sent once more.

It travels in the pages themselves, signed, and is kept nowhere: no row, no session, no cookie. Of a request that
another site may have made nothing is kept, so that nobody can lay a form of theirs before somebody else to be sent.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from project.forms import LoginForm

# Characters of what is carried, signed; Django takes no form of more than 2.5 million bytes.
MOST = 2_000_000
MAX_AGE = timedelta(hours=12)
SALT = "project.keeping"
FIELD = "kept"
# Their forms are not to be sent again: whom they concern is somebody else after the log-in.
EXCLUDED_ROUTES = frozenset({"login", "logout", "language", "contrast"})
SECRET = ("csrfmiddlewaretoken", "password")


@dataclass(frozen=True)
class Kept:
    """A form that was sent to `address`, a path of this site: name → values, and the names of the files chosen."""

    address: str
    fields: dict[str, list[str]]
    files: list[str]

    @property
    def texts(self) -> list[str]:
        """What can be read as words."""
        return [value for values in self.fields.values() for value in values if is_prose(value)]

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """Name and value of every control, one by one."""
        return [(name, value) for name, values in self.fields.items() for value in values]

    @cached_property
    def token(self) -> str:
        """The whole in one signed text; it can be read, but not altered."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def is_prose(text: str) -> bool:
    """Words that somebody typed, and not a number, a choice or a token."""
    return len(text.split()) > 1 or not text.isascii()


def kept_of(request: HttpRequest) -> Kept | None:
    """What the refused form held; None where there is nothing, too much of it, or no certainty whose form it was."""
    route = request.resolver_match
    if request.method != "POST" or not is_from_here(request) or route is None:
        return None
    if route.url_name == "login":
        return carried(request)
    if route.url_name in EXCLUDED_ROUTES or "admin" in route.app_names:
        return None
    fields = {name: values for name, values in request.POST.lists() if not any(word in name for word in SECRET)}
    files = [file.name for _name, chosen in request.FILES.lists() for file in chosen]
    kept = Kept(request.get_full_path(), fields, files)
    return kept if fields and len(kept.token) <= MOST else None


def carried(request: HttpRequest) -> Kept | None:
    """What a log-in page carried along, if it is ours and not old."""
    try:
        found = signing.loads(request.POST.get(FIELD, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return Kept(**found)


def is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form. Who says nothing is not believed."""
    own = [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    if "Origin" in request.headers:
        return request.headers["Origin"] in own
    return any(request.headers.get("Referer", "").startswith(f"{each}/") for each in own)


def ask_to_log_in(request: HttpRequest, kept: Kept, status: int) -> HttpResponse:
    """The log-in page, with what was typed."""
    context = {"form": LoginForm(request), "next": kept.address, "kept": kept}
    return render(request, "registration/login.html", context, status=status)


def ask_to_send(request: HttpRequest, kept: Kept, status: int = 200, **context: Any) -> HttpResponse:
    """The page that shows what is about to be sent to where, with one button that sends it as the person logged in."""
    return render(request, "kept.html", {"kept": kept, **context}, status=status)
