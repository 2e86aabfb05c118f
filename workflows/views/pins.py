"""Comments pinned to a place of what was submitted: made, answered, resolved. The forms are on the review's page."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from workflows.access import Action, get_pin, get_review
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.forms.pins import AnswerForm, ResolutionForm, SaidForm, typed_texts
from workflows.models import Pin, PinEntry, Review
from workflows.pinboard import pin_form
from workflows.places import WHOLE
from workflows.remarks import places_submitted, remark_on
from workflows.services import pins
from workflows.services.reviews import last_event, require
from workflows.standing import absent_for
from workflows.views.refusals import came_second, not_allowed, sent_number
from workflows.views.review import review_page
from workflows.wording import done_text

DONE = {
    Action.PIN: _("The comment has been added."),
    Action.ANSWER: _("The answer has been sent."),
    Action.RESOLVE: _("The comment is resolved."),
}


@require_http_methods(["GET", "HEAD", "POST"])
def pin_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Pin a comment to a place (指摘)."""
    found = get_review(request.user, pk, timezone.localdate())
    if request.method != "POST":
        return redirect("review", pk)
    known, card = places_submitted(found), request.POST.get("card", "")
    key = next((place.card for place in known.values() if str(place.card) == card), WHOLE)
    form = pin_form(known, key, request.POST)
    return _say(request, found, Action.PIN, form, partial(pins.pin, review_id=pk))


@require_http_methods(["GET", "HEAD", "POST"])
def pin_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a comment."""
    return _follow(request, pk, Action.ANSWER, AnswerForm, pins.answer)


@require_http_methods(["GET", "HEAD", "POST"])
def pin_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that what a comment asked for is done."""
    return _follow(request, pk, Action.RESOLVE, ResolutionForm, pins.resolve)


def _follow(
    request: HttpRequest, pk: int, action: Action, form: type[AnswerForm], service: Callable[..., PinEntry]
) -> HttpResponse:
    found = get_pin(request.user, pk, timezone.localdate())
    if request.method != "POST":
        return redirect(_place(request, found))
    remark = remark_on(found)
    sent = form(request.POST, remark=remark)
    if not remark.is_open:
        kept = [*sent.kept(), *typed_texts(request.POST, but=sent["text"].html_name)]
        return came_second(request, found.review, Stale(pins.resolution_of(found)), kept)
    return _say(request, found.review, action, sent, partial(service, pin_id=pk))


def _say(
    request: HttpRequest, found: Review, action: Action, form: SaidForm, service: Callable[..., Pin | PinEntry]
) -> HttpResponse:
    """Carry it out and go back to the place; a refusal shows the page again with what was typed.

    So does the page where more was typed than what was sent: the comment to the decision, or about other places.
    """
    task_id, now = sent_number(request, "task"), timezone.now()
    unsent = typed_texts(request.POST, but=form["text"].html_name)
    kept = [*form.kept(), *unsent]
    if task_id != found.task_id:
        return came_second(request, found, Stale(last_event(found)), kept)
    try:
        require(action, found, request.user, now)
        absent = absent_for(action, request.user, found, timezone.localdate(now))
        if form.is_valid():
            said = service(task_id=task_id, **form.cleaned_data, by=request.user, now=now)
            messages.success(request, done_text(str(DONE[action]), absent))
            if unsent:
                return review_page(request, found, timezone.localdate(now), data=_without(request.POST, form))
            return redirect(_place(request, said if isinstance(said, Pin) else said.pin))
    except Stale as refusal:
        return came_second(request, found, refusal, kept)
    except NotAllowed as refusal:
        return not_allowed(request, refusal, kept)
    except ReviewError as refusal:
        form.add_error("text", str(refusal))
    return review_page(request, found, timezone.localdate(now), data=request.POST, said=form)


def _without(data: QueryDict, form: SaidForm) -> QueryDict:
    """What was sent, without what has been carried out."""
    rest = data.copy()
    for field in form:
        rest.pop(field.html_name, None)
    return rest


def _place(request: HttpRequest, pin: Pin) -> str:
    """Where the comment stands, on the page from which it was sent."""
    page = "prepare" if request.POST.get("back") == "prepare" else "review"
    return f"{reverse(page, args=[pin.review_id])}#pin-{pin.pk}"
