"""The page on which a department writes and submits its report, or submits its plan."""

from collections.abc import Iterable
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
from departments.content import Problem
from departments.models import CalendarDay
from departments.models.indicators import Step
from departments.models.organisation import Permission
from workflows.access import Action, Sight, allowed, get_review, sight
from workflows.completeness import problems, repeats_last_round
from workflows.dossier import open_draft, verdicts_on_return
from workflows.draft import read_draft
from workflows.errors import Incomplete, NotAllowed, Overtaken, Stale
from workflows.forms.attachments import FileForm
from workflows.forward import Carrying, carried, carrying_of, may_copy, may_say_same
from workflows.models import Event, Review
from workflows.outline import judged_of, parts_of
from workflows.pinboard import pin_board
from workflows.reading import ReportReading
from workflows.services import pins, reviews
from workflows.sheet import Sheet
from workflows.standing import absent_for
from workflows.views.autosave import save_entries
from workflows.views.files import asks_for_files, change_files
from workflows.views.refusals import came_second, not_allowed, sent_number
from workflows.wording import done_text, due_text, status_of

# What the buttons say that lead to a submission: to the page that shows what would be submitted, and from it.
CHECK, SUBMIT = "check", "submit"
SUBMITTING = (CHECK, SUBMIT)


@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the sheet; saves it, fills what is empty from last time, shows what would be submitted, or submits it."""
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
    reviews.require(Action.SUBMIT if action in SUBMITTING else Action.SAVE, found, request.user, timezone.now())
    if asked := carrying_of(action):
        sheet = Sheet(found, carried(sheet, request.POST, asked), request.FILES)
        return _save(request, found, on, sheet, asked)
    known = action in ("save", *SUBMITTING) or asks_for_files(action) or sheet.pins.ask_for(action)
    if not known:
        raise BadRequest("unknown action")
    return _save(request, found, on, sheet)


def _save(request: HttpRequest, found: Review, on: date, sheet: Sheet, asked: Carrying | None = None) -> HttpResponse:
    """Save the draft, then do what the button says beyond that."""
    if not sheet.is_valid():
        return _page(request, found, on, sheet, version=sent_number(request, "version"))
    try:
        found = save_entries(request, found, sheet)
        found, sheet.files = change_files(request, found)
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    if asked is not None and not sheet.files.errors and not sheet.pins.typed():
        return redirect(f"{reverse('prepare', args=[found.pk])}?filled={asked.name}#{asked.anchor}")
    return _go_on(request, found, on, sheet)


def _go_on(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    action = request.POST["action"]
    if sheet.files.errors:
        return _page(request, found, on, _again(found, sheet))
    if action in SUBMITTING:
        go_on = _check if action == CHECK else _submit
        return go_on(request, found, on, _again(found, sheet) if request.FILES else sheet)
    if sheet.pins.asked is not None:
        return _answer(request, found, on, sheet)
    messages.success(request, _("The draft has been saved."))
    if sheet.pins.typed():
        return _page(request, found, on, _again(found, sheet), unsent=True)
    return redirect(reverse("prepare", args=[found.pk]) + ("#attachments" if asks_for_files(action) else ""))


def _again(found: Review, sheet: Sheet) -> Sheet:
    """What was typed, on the draft as it has been saved since."""
    again = Sheet(found, sheet.data)
    again.is_valid()
    again.files = sheet.files
    return again


def _check(request: HttpRequest, found: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show what would be submitted, and ask; the answers that were typed travel along."""
    if missing := problems(found, sheet.as_draft()):
        return _incomplete(request, found, on, sheet, missing)
    dossier = open_draft(found, request.user, on)
    report = dossier.report or ReportReading([], [])
    context = {
        "dossier": dossier,
        "indicators": [*(inner for found in report.measures for inner in found.indicators), *report.indicators],
        "pins": sheet.pins,
        "answers": [(sheet.pins.answers[pk]["text"].html_name, text) for pk, text in sheet.pins.typed().items()],
        "unchanged": repeats_last_round(found, read_draft(found)),
    }
    return render(request, "workflows/check.html", {**_common(request, found, on, dossier.events), **context})


def _incomplete(
    request: HttpRequest, found: Review, on: date, sheet: Sheet, missing: Iterable[Problem]
) -> HttpResponse:
    missing = list(missing)
    sheet.note_missing(missing)
    return _page(request, found, on, sheet, missing=missing)


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
        return _check(request, found, on, sheet)
    try:
        pins.answer_and_submit(
            review_id=found.pk,
            task_id=found.task_id,
            # Of a form that shows the draft and has no fields, the draft that it showed.
            version=found.version if any(form.is_bound for form in sheet.forms) else sent_number(request, "version"),
            answers=sheet.pins.typed(),
            by=request.user,
            now=timezone.now(),
        )
    except Overtaken as refusal:
        return _overtaken(request, refusal.review, on, sheet)
    except Incomplete as refusal:
        return _incomplete(request, found, on, sheet, refusal.problems)
    except Stale as refusal:
        return came_second(request, found, refusal, sheet.unsaved())
    return _submitted(request, found, on)


def _asks_first(request: HttpRequest, found: Review) -> bool:
    """Whether the person should be asked once more: what came back would go out again word for word."""
    return "unchanged" not in request.POST and repeats_last_round(found, read_draft(found))


def _overtaken(request: HttpRequest, current: Review, on: date, sheet: Sheet) -> HttpResponse:
    """Show what was typed, and beside it what somebody else saved meanwhile."""
    sheet = Sheet(current, sheet.data, request.FILES)
    sheet.is_valid()
    sheet.note_saved(Sheet(current))
    return _page(request, current, on, sheet, overtaken=True)


def _submitted(request: HttpRequest, found: Review, on: date) -> HttpResponse:
    """`found` is the review as it was before."""
    absent = absent_for(Action.SUBMIT, request.user, found, on)
    messages.success(request, done_text(_("Submitted. The office has been told and will review it."), absent))
    return redirect("review", found.pk)


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
    parts, forms = parts_of(sheet.draft, lacking), [*sheet.forms, sheet.files, *sheet.pins.answers.values()]
    blocks = sheet.measures if sheet.previous_name else []
    sheet.files.note_unkept()
    context = {
        "sheet": sheet,
        "pins": sheet.pins,
        "files": sheet.files,
        "forms": forms,
        "version": found.version,
        "lacking": lacking,
        "parts": parts,
        "sheet_blocks": list(zip(sheet.measures, parts, strict=False)),
        "judged": judged_of(sheet.draft, Step(found.checkpoint.kind)),
        "may_copy": may_copy(blocks),
        "may_say_same": may_say_same(blocks),
        "filled": carrying_of(request.GET.get("filled", "")),
        # Of what is missing the draft is saved all the same.
        "is_unsaved": "missing" not in more and any(form.errors for form in forms),
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
        "verdicts": verdicts_on_return(events),
        "absent": absent_for(Action.SUBMIT, request.user, found, on),
        "may_submit": Action.SUBMIT in allowed(request.user, found, on),
        "submitters": list(each_once(holders(Permission.SUBMIT, [found.department_id], on)[found.department_id])),
    }
