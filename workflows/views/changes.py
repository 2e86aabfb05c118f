"""Asking for a change of an approved plan, and drafting it (計画変更)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from departments.access import get_plan_to_edit
from departments.drafts import draft_of
from departments.forms.plan import PlanEditor, fields_of, has_room, with_change
from departments.models import ActionPlan, User
from departments.wording import moment_text
from workflows.access import Action, allowed, get_review
from workflows.errors import NotAllowed, Overtaken, ReviewError, Stale
from workflows.forms.proposals import ChangeRequestForm, ProposalForm
from workflows.models import Review
from workflows.proposals import obstacle_to_change
from workflows.removals import why_indicator_stays, why_measure_stays
from workflows.services import changes, reviews
from workflows.views.refusals import not_allowed, sent_number
from workflows.wording import status_of, told


@require_http_methods(["GET", "HEAD", "POST"])
def change_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a change of a plan, with the reason; its draft is opened at once."""
    on = timezone.localdate()
    plan = get_plan_to_edit(request.user, pk, on)
    if request.method != "POST":
        if obstacle := obstacle_to_change(plan, on):
            messages.error(request, obstacle)
            return redirect("plan", pk)
        return _request_page(request, plan, ChangeRequestForm())
    form = ChangeRequestForm(request.POST)
    if not form.is_valid():
        return _request_page(request, plan, form)
    try:
        started = changes.request_change(
            plan_id=pk, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
        )
    except NotAllowed as refusal:
        return not_allowed(request, refusal)
    except ReviewError as refusal:
        form.add_error(None, str(refusal))
        return _request_page(request, plan, form)
    messages.success(request, _("The change has been started. Change the plan below, then check and submit it."))
    return redirect("proposal", started.pk)


def _request_page(request: HttpRequest, plan: ActionPlan, form: ChangeRequestForm) -> HttpResponse:
    return render(request, "workflows/change_add.html", {"plan": plan, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the plan as it should be, and why. Nothing is stored before «save», and only if nobody else saved since."""
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    if not found.checkpoint.is_change:
        raise Http404
    if request.method != "POST":
        if Action.SAVE not in allowed(request.user, found, on):
            return redirect("review", pk)
        return _page(request, found, _editor(found))
    try:
        if sent_number(request, "task") == found.task_id:
            reviews.require(Action.SAVE, found, request.user, timezone.now())
        return _save(request, found)
    except NotAllowed as refusal:
        return not_allowed(request, refusal)


def _editor(found: Review) -> PlanEditor:
    head = {"task": found.task_id, "version": found.version, "reason": found.proposal.reason}
    return PlanEditor(found.plan, {**head, **fields_of(found.proposal.draft)}, check=False, head=ProposalForm)


def _save(request: HttpRequest, found: Review) -> HttpResponse:
    if change := request.POST.get("change", ""):
        return _with_other_rows(request, found, change)
    task_id, version = sent_number(request, "task"), sent_number(request, "version")
    editor = PlanEditor(found.plan, request.POST.dict(), check=True, head=ProposalForm)
    if not editor.is_valid():
        return _page(request, found, editor)
    try:
        changes.save_proposal(
            review_id=found.pk,
            task_id=task_id,
            version=version,
            reason=editor.summary.cleaned_data["reason"],
            content=editor.to_draft(),
            by=request.user,
            now=timezone.now(),
        )
    except NotAllowed:
        raise
    except ReviewError as refusal:
        context = {"refusal": _sentence(refusal, request.user), "is_stale": isinstance(refusal, Stale)}
        return _page(request, found, editor, status=409, **context)
    messages.success(request, _("The draft has been saved."))
    return redirect("prepare", found.pk)


def _sentence(refusal: ReviewError, reader: User) -> str:
    """Who was first and when, where somebody was."""
    if isinstance(refusal, Overtaken) and refusal.review.saved_by and refusal.review.saved_at:
        facts = {"who": refusal.review.saved_by, "at": moment_text(refusal.review.saved_at)}
        return _("%(who)s saved this draft meanwhile, %(at)s") % facts
    if isinstance(refusal, Stale) and refusal.event is not None:
        return told(refusal.event, reader)
    return str(refusal)


def _with_other_rows(request: HttpRequest, found: Review, change: str) -> HttpResponse:
    typed, focus = request.POST.dict(), ""
    if obstacle := _obstacle_to_removing(found, typed, change):
        editor = PlanEditor(found.plan, typed, check=False, head=ProposalForm)
        return _page(request, found, editor, refusal=obstacle)
    full = change.startswith("add") and not has_room(request.POST)
    if not full:
        typed, focus = with_change(typed, change)
    editor = PlanEditor(found.plan, typed, check=False, head=ProposalForm)
    editor.focus_on(focus)
    return _page(request, found, editor, unsaved=not full, full=full)


def _obstacle_to_removing(found: Review, typed: dict[str, str], change: str) -> str:
    """Why the row that the button removes has to stay, if it has to."""
    verb, _space, key = change.partition(" ")
    row_id = typed.get(f"{key}-id", "") if verb == "remove" else ""
    if not row_id:
        return ""
    return why_indicator_stays(found.plan, row_id) if "-" in key else why_measure_stays(found.plan, row_id)


def _page(request: HttpRequest, found: Review, editor: PlanEditor, *, status: int = 200, **more: Any) -> HttpResponse:
    editor.tell_before(draft_of(found.plan))
    context = {"review": found, "status": status_of(found), "editor": editor, **more}
    return render(request, "workflows/proposal.html", context, status=status)
