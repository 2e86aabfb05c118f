"""One review: reading it, deciding on it, taking it back."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from departments.models import ActionPlan
from workflows.access import Action, Sight, actors, allowed, get_review, is_barred_from_turn, sight
from workflows.dossier import open_dossier, open_draft, steps_of
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.forms.decisions import DecisionForm
from workflows.forms.pins import SaidForm, typed_texts
from workflows.models import Outcome, Review
from workflows.next_case import Line, line_of
from workflows.pinboard import pin_board
from workflows.services import reviews
from workflows.situation import situation_of
from workflows.standing import absent_for
from workflows.views.heads import head_of
from workflows.views.refusals import came_second, not_allowed, sent_number
from workflows.wording import done_text

DECIDED = {
    Outcome.PASSED: gettext_lazy("%(review)s: passed on for approval."),
    Outcome.RETURNED: gettext_lazy("%(review)s: returned to the department."),
    Outcome.APPROVED: gettext_lazy("%(review)s: approved."),
}


@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole review as the reader may see it, with what they can do next."""
    on = timezone.localdate()
    return review_page(request, get_review(request.user, pk, on), on)


@require_safe
def review_round(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What was submitted in one round, and what it changed."""
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    dossier = open_dossier(found, request.user, on, number, _against(request))
    return render(request, "workflows/round.html", {**head_of(request, found, on), "dossier": dossier})


@require_safe
def review_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """What the department is writing, for those who read drafts; not there for others."""
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    dossier = open_draft(found, request.user, on, _against(request))
    if not found.has_draft:
        return redirect("review", pk)
    context = {
        **head_of(request, found, on),
        "dossier": dossier,
        "saved": _saved(found),
        "may_prepare": Action.SAVE in allowed(request.user, found, on),
    }
    return render(request, "workflows/draft.html", context)


def _saved(review: Review) -> ActionPlan | Review:
    """What says by whom and when the draft was saved last: at the plan checkpoint, where it is the draft, the plan."""
    return review.plan if review.checkpoint.is_plan else review


def _against(request: HttpRequest) -> str:
    """Beside which earlier report the page is to show what was submitted; kept by the page's form too."""
    return request.GET.get("against") or request.POST.get("against", "")


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass on, return or approve. A refusal shows the page again with what was typed.

    The log-in page leads back here by a GET, when the session had ended: the form is on the review's page.
    """
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    if request.method != "POST":
        return redirect("review", pk)
    task_id = sent_number(request, "task")
    form = DecisionForm(request.POST)
    if request.POST.get("outcome") not in DECIDED:
        raise BadRequest("unknown outcome")
    outcome = Outcome(request.POST["outcome"])
    if task_id != found.task_id:
        return came_second(request, found, Stale(reviews.last_event(found)), typed_texts(request.POST))
    if typed_texts(request.POST, but="comment"):
        form.add_error(None, _("A comment or an answer that you typed is not sent yet. Send it or clear it first."))
    if not form.is_valid():
        return review_page(request, found, on, data=request.POST, form=form)
    return _decide(request, found, on, outcome, form)


def _decide(request: HttpRequest, found: Review, on: date, outcome: Outcome, form: DecisionForm) -> HttpResponse:
    line, kept = line_of(request.user, found.pk, on), typed_texts(request.POST)
    try:
        reviews.decide(
            review_id=found.pk,
            task_id=sent_number(request, "task"),
            outcome=outcome,
            comment=form.cleaned_data["comment"],
            by=request.user,
            now=timezone.now(),
        )
    except Stale as refusal:
        return came_second(request, found, refusal, kept)
    except NotAllowed as refusal:
        return not_allowed(request, refusal, kept)
    except ReviewError as refusal:
        form.add_error("comment", str(refusal))
        return review_page(request, found, on, data=request.POST, form=form)
    absent = absent_for(reviews.DECISIONS[outcome][0], request.user, found, on)
    messages.success(request, done_text(DECIDED[outcome] % {"review": found}, absent))
    return _go_on(request, line)


def _go_on(request: HttpRequest, line: Line | None) -> HttpResponse:
    """To the next review that waits for a decision, or home where none is left."""
    if line is None or line.after is None:
        return redirect("home")
    messages.info(request, _("This is the next one that waits for you."))
    return redirect("review", line.after)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take back what was submitted (引戻し)."""
    on = timezone.localdate()
    found = get_review(request.user, pk, on)
    absent = absent_for(Action.WITHDRAW, request.user, found, on)
    if request.method != "POST":
        if Action.WITHDRAW not in allowed(request.user, found, on):
            return redirect("review", pk)
        context = {**head_of(request, found, on), "absent": absent}
        return render(request, "workflows/withdraw.html", context)
    try:
        reviews.withdraw(review_id=pk, task_id=sent_number(request, "task"), by=request.user, now=timezone.now())
    except Stale as refusal:
        return came_second(request, found, refusal)
    except NotAllowed as refusal:
        return not_allowed(request, refusal)
    text = _("%(review)s: taken back. You can change it and submit it again.") % {"review": found}
    messages.success(request, done_text(text, absent))
    return redirect("prepare", pk)


def review_page(
    request: HttpRequest,
    found: Review,
    on: date,
    *,
    data: QueryDict | None = None,
    form: DecisionForm | None = None,
    said: SaidForm | None = None,
) -> HttpResponse:
    """The page, with what was typed on it: `data`. Of its forms, `form` (the decision) or `said` (on a place, or an
    answer) was refused and stands there with its errors."""
    may, seen = allowed(request.user, found, on), sight(request.user, found, on)
    dossier = open_dossier(found, request.user, on, against=_against(request))
    people, head = actors([found], on).get(found.pk, []), head_of(request, found, on)
    context: dict[str, Any] = {
        **head,
        "actors": people,
        "steps": steps_of(found, head["calendar"]),
        "dossier": dossier,
        "situation": situation_of(found, may, dossier.history, people, on),
        "form": form or DecisionForm(initial={"comment": data.get("comment", "")} if data else None),
        "forms": [said] if said else [],
        "pins": pin_board(dossier, may, data, said) if seen > Sight.APPROVED else None,
        "reads_draft": seen == Sight.DRAFT and found.has_draft,
        "saved": _saved(found),
        "may_prepare": Action.SAVE in may,
        "may_withdraw": Action.WITHDRAW in may,
        "may_pass": Action.PASS in may,
        "may_return": Action.RETURN in may,
        "may_approve": Action.APPROVE in may,
        "absent": absent_for(Action.RETURN, request.user, found, on),
        "barred": is_barred_from_turn(request.user, found, on),
        "line": line_of(request.user, found.pk, on),
    }
    return render(request, "workflows/review.html", context)
