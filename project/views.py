"""The pages of the frame itself: log in and out, language, account, health, and what to say when something fails."""

from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from departments.models import Appointment
from departments.models.people import Language
from project.contrast import CONTRAST_COOKIE, Contrast
from project.forms import LoginForm, PasswordForm
from project.keeping import ask_to_log_in, ask_to_send, carried, kept_of
from workflows.news import SINCE, since_before

METHODS = ["get", "head", "post", "options"]


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):
    """ログイン"""

    http_method_names = METHODS
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:
        """Where the person wanted to go; this page itself would lead round in a circle."""
        target = super().get_redirect_url()
        return "" if target == self.request.path else target

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever loads the page after the log-in once more gets it again."""
        kept = carried(request) if request.user.is_authenticated else None
        return ask_to_send(request, kept) if kept else super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """My work tells what happened since the person was here before."""
        before = form.get_user().last_login
        onwards, kept = super().form_valid(form), carried(self.request)
        if before is not None:
            self.request.session[SINCE] = since_before(before, timezone.now())
        return ask_to_send(self.request, kept) if kept else onwards

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(kept=carried(self.request), **kwargs)


@method_decorator(login_not_required, name="dispatch")
class Logout(LogoutView):
    """Only a POST logs out; who types the address is asked."""

    http_method_names = METHODS

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "registration/logout.html")


class Account(PasswordChangeView):
    """アカウント: who I am here, my language, a new password."""

    http_method_names = METHODS
    template_name = "account.html"
    form_class = PasswordForm
    success_url = reverse_lazy("account")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        appointments = Appointment.objects.in_force(timezone.localdate()).filter(user=self.request.user)
        return super().get_context_data(
            languages=Language.choices,
            contrasts=Contrast.choices,
            appointments=appointments.select_related("department"),
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in the cookie and, if known, with the person; then go back to `next`."""
    chosen = request.POST.get("language", "")
    response = _back(request)
    if chosen in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, chosen)
        if request.user.is_authenticated:
            request.user.language = chosen
            request.user.save(update_fields=["language"])
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def contrast(request: HttpRequest) -> HttpResponse:
    """Keep the chosen contrast in the browser's cookie, since it is about this screen; then go back to `next`."""
    chosen = request.POST.get("contrast", "")
    response = _back(request)
    if chosen in Contrast.values:
        _remember(response, CONTRAST_COOKIE, chosen)
    return response


def _back(request: HttpRequest) -> HttpResponse:
    """To the page of ours that the form names, else to my work."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = resolve_url("home")
    return HttpResponseRedirect(target)


def _remember(response: HttpResponse, cookie: str, value: str) -> None:
    year = 365 * 24 * 60 * 60
    response.set_cookie(cookie, value, max_age=year, secure=settings.SECURE, httponly=True, samesite="Lax")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """アクセシビリティ方針"""
    return render(request, "accessibility.html")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: 200, or 503 and what is missing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ready": True, "database": "ok"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: mostly somebody logged in again in another window. One button sends it once more."""
    if request.htmx:
        return HttpResponse(status=403 if request.user.is_authenticated else 401)
    kept = kept_of(request)
    if kept is None:
        return render(request, "403_csrf.html", status=403)
    if request.user.is_authenticated:
        return ask_to_send(request, kept, 403, is_stale=True)
    return ask_to_log_in(request, kept, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say so without touching the database, which may be what failed; the number finds the log lines."""
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    return HttpResponse(render_to_string("500.html", {"number": number}), status=500)
