"""Outside the way of the steps: nudging, extending a due day, cancelling, revoking an approval. Each asks first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from departments.models import User
from departments.wording import day_text
from workflows.access import Action, allowed, get_review
from workflows.case_wording import CaseText, cancelling, extending, nudging, revoking
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.forms.cases import CancelForm, CaseForm, ExtendForm, NudgeOneForm, RevokeForm
from workflows.models import Review, Stage
from workflows.services import cases, nudges
from workflows.services.reviews import last_event, require
from workflows.standing import absent_for
from workflows.views.heads import head_of
from workflows.views.refusals import came_second, not_allowed, sent_number
from workflows.wording import done_text


@dataclass(frozen=True)
class Case:
    """One of the four, for one page.

    `seen`: the hidden fields, which say for which state of the review the page was made; the first is a number.
    `field`: where the page shows what the service refuses, None for above the form.
    """

    action: Action
    form: type[CaseForm]
    text: Callable[[Review, User, date], CaseText]
    seen: Callable[[Review], dict[str, Any]]
    carry_out: Callable[[Review, dict[str, Any], User, datetime], Review]
    done: Promise
    field: str | None = None


NUDGE = Case(
    action=Action.NUDGE,
    form=NudgeOneForm,
    text=nudging,
    seen=lambda review: {"task": review.task_id},
    carry_out=lambda review, said, by, now: (
        nudges.nudge(review_id=review.pk, task_id=review.task_id or 0, **said, by=by, now=now).review
    ),
    done=_("%(review)s: nudged whoever has it."),
)
EXTENSION = Case(
    action=Action.EXTEND,
    form=ExtendForm,
    text=extending,
    seen=lambda review: {"task": review.task_id, "due": review.due_on and review.due_on.isoformat()},
    carry_out=lambda review, said, by, now: cases.extend(
        review_id=review.pk, task_id=review.task_id or 0, **said, by=by, now=now
    ),
    done=_("%(review)s: now due on %(day)s."),
    field="to",
)
CANCELLATION = Case(
    action=Action.CANCEL,
    form=CancelForm,
    text=cancelling,
    seen=lambda review: {"task": review.task_id},
    carry_out=lambda review, said, by, now: cases.cancel(
        review_id=review.pk, task_id=review.task_id or 0, **said, by=by, now=now
    ),
    done=_("%(review)s: cancelled."),
)
REVOCATION = Case(
    action=Action.REVOKE,
    form=RevokeForm,
    text=revoking,
    seen=lambda review: {"round": review.round if review.stage == Stage.APPROVED else None},
    carry_out=lambda review, said, by, now: cases.revoke(
        review_id=review.pk, round_number=review.round, **said, by=by, now=now
    ),
    done=_("%(review)s: the approval is revoked. It is due again on %(day)s."),
)


@require_http_methods(["GET", "HEAD", "POST"])
def nudge(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a message, then ask whoever has the review to go on with it (催促)."""
    return _case(request, pk, NUDGE)


@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the new day and the reason, then extend the department's due day (期限延長)."""
    return _case(request, pk, EXTENSION)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then end the review without approval (取下げ)."""
    return _case(request, pk, CANCELLATION)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then take the approval back (承認取消)."""
    return _case(request, pk, REVOCATION)


def _case(request: HttpRequest, pk: int, case: Case) -> HttpResponse:
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    if request.method == "POST":
        return _answer(request, found, case, case.form(request.POST, review=found, on=on))
    if case.action not in allowed(request.user, found, on):
        return redirect("review", pk)
    return _page(request, found, case, case.form(review=found, on=on))


def _answer(request: HttpRequest, found: Review, case: Case, form: CaseForm) -> HttpResponse:
    kept, now = list(form.kept()), timezone.now()
    if not _is_current(request, case.seen(found)):
        return came_second(request, found, Stale(last_event(found)), kept)
    try:
        if not form.is_valid():
            require(case.action, found, request.user, now)
            return _page(request, found, case, form)
        changed = case.carry_out(found, form.cleaned_data, request.user, now)
    except Stale as refusal:
        return came_second(request, found, refusal, kept)
    except NotAllowed as refusal:
        return not_allowed(request, refusal, kept)
    except ReviewError as refusal:
        form.add_error(case.field, str(refusal))
        return _page(request, found, case, form)
    due = day_text(changed.due_on) if changed.due_on else ""
    absent = absent_for(case.action, request.user, found, form.on)
    messages.success(request, done_text(case.done % {"review": found, "day": due}, absent))
    return redirect("review", found.pk)


def _is_current(request: HttpRequest, seen: dict[str, Any]) -> bool:
    """Whether the page was made for the review as it stands; without its number, the request is broken."""
    sent_number(request, next(iter(seen)))
    return all(request.POST.get(name) == str(value) for name, value in seen.items())


def _page(request: HttpRequest, found: Review, case: Case, form: CaseForm) -> HttpResponse:
    context = {
        **head_of(request, found, form.on),
        "form": form,
        "text": case.text(found, request.user, form.on),
        "seen": case.seen(found),
        "absent": absent_for(case.action, request.user, found, form.on),
    }
    return render(request, "workflows/case.html", context)
