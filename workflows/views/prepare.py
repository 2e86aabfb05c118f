"""The page on which a department writes and submits its report, or submits its plan."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from departments.access import each_once, holders
from departments.models import CalendarDay
from departments.models.organisation import Permission
from workflows.access import Action, Sight, allowed, get_review, sight
from workflows.completeness import problems, repeats_last_round
from workflows.dossier import open_draft, verdicts_of
from workflows.draft import read_draft
from workflows.errors import Incomplete, NotAllowed, Overtaken, Stale
from workflows.forms.attachments import FileForm
from workflows.models import Event, Review
from workflows.pinboard import pin_board
from workflows.services import drafts, pins, reviews
from workflows.sheet import Sheet, copied
from workflows.standing import absent_for
from workflows.views.files import asks_for_files, change_files
from workflows.views.refusals import came_second, is_number, not_allowed, sent_number
from workflows.wording import done_text, due_text, status_of


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
    action, sheet = request.POST.get("action", ""), Sheet(found, request.POST, request.FILES)
    if sent_number(request, "task") != found.task_id:
        # What of their words is not in the draft would tell readers who may not see it what is.
        kept = sheet.unsaved() if sight(request.user, found, on) == Sight.DRAFT else ()
        return came_second(request, found, Stale(reviews.last_event(found)), kept)
    reviews.require(Action.SUBMIT if action == "submit" else Action.SAVE, found, request.user, timezone.now())
    if action.startswith("copy-"):
        return _copy(request, found, on, sheet)
    if action not in ("save", "submit") and not asks_for_files(action) and not sheet.pins.ask_for(action):
        raise BadRequest("unknown action")
    return _save(request, found, on, sheet)


def _save(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Save the draft, then do what the button says beyond that."""
    task_id, version = sent_number(request, "task"), sent_number(request, "version")
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
        found, sheet.files = change_files(request, found)
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    return _go_on(request, found, on, sheet)


def _go_on(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    action = request.POST["action"]
    if sheet.files.errors:
        return _page(request, found, on, _again(request, found, sheet))
    if action == "submit":
        return _submit(request, found, on, _again(request, found, sheet) if request.FILES else sheet)
    if sheet.pins.asked is not None:
        return _answer(request, found, on, sheet)
    messages.success(request, _("The draft has been saved."))
    if sheet.pins.typed():
        return _page(request, found, on, _again(request, found, sheet), unsent=True)
    return redirect(reverse("prepare", args=[found.pk]) + ("#attachments" if asks_for_files(action) else ""))


def _again(request: HttpRequest, found: Review, sheet: Sheet) -> Sheet:
    """What was typed, on the draft as it has been saved since."""
    again = Sheet(found, request.POST)
    again.is_valid()
    again.files = sheet.files
    return again


def _answer(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Send the one answer whose button was pressed; others that were typed stay in their fields."""
    pin_id, typed = sheet.pins.asked, sheet.pins.typed()
    try:
        pins.answer(pin_id=pin_id, task_id=found.task_id, text=typed.pop(pin_id), by=request.user, now=timezone.now())
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    messages.success(request, _("The draft has been saved, and the answer has been sent."))
    if typed:
        return _page(request, found, on, Sheet(found, sheet.pins.without_asked(request.POST)), unsent=True)
    return redirect(f"{reverse('prepare', args=[found.pk])}#pin-{pin_id}")


def _submit(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Submit it with all answers that were typed, or neither."""
    if _asks_first(request, found):
        return _page(request, found, on, sheet, unchanged=True)
    try:
        pins.answer_and_submit(
            review_id=found.pk,
            task_id=found.task_id,
            version=found.version,
            answers=sheet.pins.typed(),
            by=request.user,
            now=timezone.now(),
        )
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Incomplete as refusal:
        sheet.note_missing(refusal.problems)
        return _page(request, found, on, sheet, missing=refusal.problems)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    return _submitted(request, found, on)


def _asks_first(request: HttpRequest, found: Review) -> bool:
    """Whether the person should be asked once more: what came back would go out again word for word."""
    return "unchanged" not in request.POST and repeats_last_round(found, read_draft(found))


def _overtaken(request: HttpRequest, current: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show what was typed, and beside it what somebody else saved meanwhile."""
    sheet.note_saved(Sheet(current))
    return _page(request, current, on, sheet, overtaken=True)


def _submitted(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    """`found` is the review as it was before."""
    absent = absent_for(Action.SUBMIT, request.user, found, on)
    messages.success(request, done_text(_("Submitted. The office has been told and will review it."), absent))
    return redirect("review", found.pk)


def _copy(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show the sheet with one measure's empty texts filled from last time; nothing is saved yet."""
    _word, _dash, number = request.POST["action"].partition("-")
    if not is_number(number):
        raise BadRequest("unknown action")
    filled = Sheet(found, copied(sheet, request.POST, int(number)), request.FILES)
    filled.is_valid()
    return _page(request, found, on, filled, version=sent_number(request, "version"), is_copy=True)


def _act_on_plan(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    action = request.POST.get("action", "")
    if asks_for_files(action):
        return _change_files_of_plan(request, found, on)
    if action != "submit":
        raise BadRequest("unknown action")
    seen = sent_number(request, "task"), sent_number(request, "version")
    if seen == (found.task_id, found.draft_version):
        reviews.require(Action.SUBMIT, found, request.user, timezone.now())
        if _asks_first(request, found):
            return _plan_page(request, found, on, unchanged=True)
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
    return _submitted(request, found, on)


def _change_files_of_plan(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    try:
        found, files = change_files(request, found)
    except Stale as refusal:
        return came_second(request, found, refusal)
    if files.errors:
        return _plan_page(request, found, on, files=files)
    messages.success(request, _("The attachments have been saved."))
    return redirect(reverse("prepare", args=[found.pk]) + "#attachments")


def _page(request: HttpRequest, found: Review, on: date, sheet: Sheet, **more: Any) -> HttpResponse:
    lacking = problems(found, sheet.draft)
    sheet.files.note_unkept()
    context = {
        "sheet": sheet,
        "pins": sheet.pins,
        "files": sheet.files,
        "forms": [*sheet.forms, sheet.files, *sheet.pins.answers.values()],
        "version": found.version,
        "lacking": lacking,
        "unfinished": sheet.measures_lacking(lacking),
        **more,
    }
    return render(request, "workflows/prepare.html", {**_common(request, found, on, sheet.events), **context})


def _plan_page(request: HttpRequest, found: Review, on: date, **more: Any) -> HttpResponse:
    dossier, draft = open_draft(found, request.user, on), read_draft(found)
    context = {
        "dossier": dossier,
        "pins": pin_board(dossier, allowed(request.user, found, on)),
        "lacking": problems(found, draft),
        "attachments": draft.attachments,
        "files": FileForm(),
        **more,
    }
    return render(request, "workflows/prepare_plan.html", {**_common(request, found, on, dossier.events), **context})


def _common(request: HttpRequest, found: Review, on: date, events: list[Event]) -> dict[str, Any]:
    return {
        "review": found,
        "status": status_of(found),
        "due": due_text(found.due_on, on, CalendarDay.objects.calendar()),
        "verdicts": verdicts_of(events, {found.round}),
        "absent": absent_for(Action.SUBMIT, request.user, found, on),
        "may_submit": Action.SUBMIT in allowed(request.user, found, on),
        "submitters": list(each_once(holders(Permission.SUBMIT, [found.department_id], on)[found.department_id])),
    }
