"""Answers to what a service refused: what happened, by whom and when, and what the person had typed."""

from collections.abc import Iterable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.errors import ReviewError, Stale
from workflows.models import Review
from workflows.wording import told


def not_allowed(request: HttpRequest, refusal: ReviewError, kept: Iterable[tuple[str, str]] = ()) -> HttpResponse:
    """403 with the sentence that says why, and what the person had typed, to be copied."""
    return render(request, "workflows/refused.html", {"sentence": str(refusal), "kept": list(kept)}, status=403)


def came_second(
    request: HttpRequest, review: Review, refusal: Stale, kept: Iterable[tuple[str, str]] = ()
) -> HttpResponse:
    """409: who did what when, and what the person had typed, to be copied."""
    itself = refusal.event is not None and refusal.event.by_id == request.user.pk
    carried_out = refusal.event.data.get("comment") if itself else None
    context = {
        "headline": _("This was done already") if itself else _("Somebody else was first"),
        "explanation": told(refusal.event, request.user) if refusal.event else str(refusal),
        "kept": [(label, text) for label, text in kept if text != carried_out],
        "back_url": reverse("review", args=[review.pk]),
        "back_label": _("See how it stands now"),
    }
    return render(request, "409.html", context, status=409)


def sent_number(request: HttpRequest, name: str) -> int:
    """A number from a hidden field; a form of ours always sends it, so without it the request is broken."""
    text = request.POST.get(name, "")
    if not is_number(text):
        raise BadRequest(f"{name} is not a number")
    return int(text)


def sent_numbers(key: str, count: int) -> list[int]:
    """The numbers by which a list's page names a row, with hyphens between them."""
    parts = key.split("-")
    if len(parts) != count or not all(map(is_number, parts)):
        raise BadRequest("not a row as the page names it")
    return list(map(int, parts))


def is_number(text: str) -> bool:
    """Whether the text is a number that a row can have: plain digits, as many as the database takes."""
    return text.isascii() and text.isdigit() and len(text) < 19
