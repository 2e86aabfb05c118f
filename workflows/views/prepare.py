"""The page on which a department writes and submits its report, or submits its plan."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from departments.access import each_once, holders
from departments.models import CalendarDay
from departments.models.organisation import Permission
from workflows.access import Action, Sight, allowed, get_review, sight
from workflows.completeness import problems
from workflows.dossier import open_dossier
from workflows.draft import read_draft
from workflows.errors import Incomplete, NotAllowed, Overtaken, Stale
from workflows.models import Review
from workflows.services import drafts, reviews
from workflows.sheet import Sheet, copied
from workflows.views.refusals import came_second, not_allowed, sent_number
from workflows.wording import due_text, status_of


@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the sheet; saves it, submits it, or fills empty texts from last time."""
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    if request.method != "POST":
        if Action.SAVE not in allowed(request.user, found, on):
            return redirect("review", pk)
        reports = found.checkpoint.reports_progress
        return _page(request, found, on, Sheet(found)) if reports else _plan_page(request, found, on)
    act = _act if found.checkpoint.reports_progress else _act_on_plan
    try:
        return act(request, found, on)
    except NotAllowed as refusal:
        return not_allowed(request, refusal)


def _act(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    action, task_id, version = request.POST.get("action"), sent_number(request, "task"), sent_number(request, "version")
    sheet = Sheet(found, request.POST)
    if task_id != found.task_id:
        # What of their words is not in the draft would tell readers who may not see it what is.
        kept = sheet.unsaved() if sight(request.user, found, on) == Sight.DRAFT else ()
        return came_second(request, found, Stale(reviews.last_event(found)), kept)
    reviews.require(Action.SUBMIT if action == "submit" else Action.SAVE, found, request.user, timezone.now())
    if action not in ("save", "submit"):
        return _copy(request, found, on, sheet)
    if not sheet.is_valid():
        return _page(request, found, on, sheet, version=version)
    try:
        found = drafts.save_draft(
            review_id=found.pk,
            task_id=task_id,
            version=version,
            measures=sheet.measure_entries(),
            indicators=sheet.indicator_entries(),
            by=request.user,
            now=timezone.now(),
        )
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    if action == "submit":
        return _submit(request, found, on, sheet)
    messages.success(request, _("The draft has been saved."))
    return redirect("prepare", found.pk)


def _submit(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    try:
        reviews.submit(
            review_id=found.pk, task_id=found.task_id, version=found.version, by=request.user, now=timezone.now()
        )
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Incomplete as refusal:
        sheet.note_missing(refusal.problems)
        return _page(request, found, on, sheet, missing=refusal.problems)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    return _submitted(request, found)


def _overtaken(request: HttpRequest, current: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show what was typed, and beside it what somebody else saved meanwhile."""
    sheet.note_saved(Sheet(current))
    return _page(request, current, on, sheet, overtaken=True)


def _submitted(request: HttpRequest, found: Review) -> HttpResponse:
    messages.success(request, _("Submitted. The office has been told and will review it."))
    return redirect("review", found.pk)


def _copy(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show the sheet with one measure's empty texts filled from last time; nothing is saved yet."""
    word, _dash, number = request.POST.get("action", "").partition("-")
    if word != "copy" or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise BadRequest("unknown action")
    filled = Sheet(found, copied(sheet, request.POST, int(number)))
    filled.is_valid()
    return _page(request, found, on, filled, version=sent_number(request, "version"), is_copy=True)


def _act_on_plan(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    if request.POST.get("action") != "submit":
        raise BadRequest("unknown action")
    try:
        reviews.submit(
            review_id=found.pk,
            task_id=sent_number(request, "task"),
            version=sent_number(request, "version"),
            by=request.user,
            now=timezone.now(),
        )
    except Overtaken as refusal:
        return _plan_page(request, refusal.review, on, overtaken=True)
    except Incomplete as refusal:
        return _plan_page(request, found, on, lacking=refusal.problems, refused=True)
    except Stale as refusal:
        return came_second(request, found, refusal)
    return _submitted(request, found)


def _page(request: HttpRequest, found: Review, on: date, sheet: Sheet, **more: Any) -> HttpResponse:
    lacking = problems(found, sheet.draft)
    context = {
        "sheet": sheet,
        "version": found.version,
        "lacking": lacking,
        "unfinished": sheet.measures_lacking(lacking),
        **more,
    }
    return render(request, "workflows/prepare.html", {**_common(request, found, on), **context})


def _plan_page(request: HttpRequest, found: Review, on: date, **more: Any) -> HttpResponse:
    context = {"dossier": open_dossier(found, request.user, on), "lacking": problems(found, read_draft(found)), **more}
    return render(request, "workflows/prepare_plan.html", {**_common(request, found, on), **context})


def _common(request: HttpRequest, found: Review, on: date) -> dict[str, Any]:
    returned = found.decisions.select_related("decided_by", "submission").order_by("-submission__round", "pk")
    return {
        "review": found,
        "status": status_of(found),
        "due": due_text(found.due_on, on, CalendarDay.objects.calendar()),
        "decisions": [decision for decision in returned if decision.submission.round == found.round],
        "may_submit": Action.SUBMIT in allowed(request.user, found, on),
        "submitters": list(each_once(holders(Permission.SUBMIT, [found.department_id], on)[found.department_id])),
    }
