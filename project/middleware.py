"""What happens around every request: its log line, its language, its cache header."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from project.keeping import ask_to_log_in, kept_of

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
    """Asks whoever is not logged in to do so; what they had typed meanwhile is carried along, not thrown away."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponse]) -> HttpResponse:
        if request.htmx:
            return HttpResponse(status=401)  # a part of a page: the log-in page has no place in it
        kept = kept_of(request)
        return ask_to_log_in(request, kept, 403) if kept else super().handle_no_permission(request, view_func)


class NoStoreMiddleware:
    """Pages hold the city's internal matters: no cache may keep them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class CompressedPagesMiddleware(GZipMiddleware):
    """Pages travel compressed; what is handed out piece by piece, as files are, goes as it is."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response if response.streaming else super().process_response(request, response)
