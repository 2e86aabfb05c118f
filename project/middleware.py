"""What happens around every request: its log line, its language, its cache header."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers

log = structlog.get_logger("meguru.request")

Handler = Callable[[HttpRequest], HttpResponse]


class RequestLogMiddleware:
    """One line a request, with an id that every log line of that request carries."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        started = time.perf_counter()
        response = self.get_response(request)
        user = getattr(request, "user", None)
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            user=user.pk if user is not None and user.is_authenticated else None,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response


class ChosenLanguageMiddleware:
    """The person's own choice, else the browser's cookie, else Japanese, whatever the browser asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.user.is_authenticated:
            chosen = request.user.language
        if chosen not in dict(settings.LANGUAGES):
            chosen = settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


class KeptLoginRequiredMiddleware(LoginRequiredMiddleware):
    """Sends whoever is not logged in to the log-in page; texts they had typed meanwhile are shown, not thrown away."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponse]) -> HttpResponse:
        to_login = super().handle_no_permission(request, view_func)
        kept = [text for texts in request.POST.lists() for text in texts[1] if is_prose(text)]
        if not kept:
            return to_login
        return render(request, "logged_out.html", {"kept": kept, "login_url": to_login["Location"]}, status=403)


def is_prose(text: str) -> bool:
    """Words that somebody typed, and not a number, a choice or a token."""
    return len(text.split()) > 1 or not text.isascii()


class NoStoreMiddleware:
    """Pages hold the city's internal matters: no cache may keep them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
