"""進捗ボード: departments × checkpoints, and nudging (催促) from there."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from departments.access import rights
from departments.fiscal import fiscal_year_of
from workflows.access import board_departments, nudges_anybody, visible_reviews
from workflows.board import build_board
from workflows.errors import Stale
from workflows.forms.cases import NudgeForm
from workflows.models import Review
from workflows.services.each import Asked, Result
from workflows.services.nudges import nudge_many
from workflows.views.refusals import sent_numbers
from workflows.wording import told
from workflows.years import shown_year, year_tabs

# So many refusals are told one by one.
TOLD_EACH = 10
# No board shows so many late ones, and the database takes no more of them in one query.
MOST_AT_ONCE = 10_000


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of `?year=`, perhaps of one 部 (`?division=`) or of late rows only (`?late=1`).

    A phone shows the running checkpoints only, unless `?all=1`.
    """
    if not board_departments(request.user, timezone.localdate()):
        raise Http404
    return _page(request, NudgeForm())


def _page(request: HttpRequest, form: NudgeForm) -> HttpResponse:
    on = timezone.localdate()
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    division, late_only = request.GET.get("division", ""), bool(request.GET.get("late"))
    built = build_board(request.user, year, on, division=division, late_only=late_only)
    context = {
        "board": built,
        "year": year,
        "years": year_tabs(year, on),
        "division": division,
        "late_only": late_only,
        "all_shown": bool(request.GET.get("all")),
        "on": on,
        "form": form,
    }
    return render(request, "workflows/board.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def board_nudge(request: HttpRequest) -> HttpResponse:
    """Nudge one, or all late ones that the board showed, and lead back to it as it was filtered.

    The log-in page leads here by a GET, when the session had ended. Where any is refused, the message stays typed.
    """
    if not nudges_anybody(rights(request.user, timezone.localdate())):
        raise Http404
    board_url = f"{reverse('board')}?{request.GET.urlencode()}"
    if request.method != "POST":
        return redirect(board_url)
    asked, form = _asked(request), NudgeForm(request.POST)
    reviews = visible_reviews(request.user, timezone.localdate()).with_names()
    seen = reviews.in_bulk([each.review_id for each in asked])
    if not seen:
        raise Http404
    if not form.is_valid():
        return _page(request, form)
    within = [each for each in asked if each.review_id in seen]
    results = nudge_many(asked=within, note=form.cleaned_data["note"], by=request.user, now=timezone.now())
    _tell(request, results, seen)
    if any(result.refusal for result in results):
        return _page(request, form)
    if len(within) == 1:  # back to the row whose button it was
        board_url += f"#plan-{seen[within[0].review_id].plan_id}"
    return redirect(board_url)


def _asked(request: HttpRequest) -> list[Asked]:
    """Of the button that was pressed: one review, or all late ones, each once."""
    pressed = request.POST.get("nudge", "")
    keys = request.POST.get("late_ones", "").split(",") if pressed == "late" else [pressed]
    if len(keys) > MOST_AT_ONCE:
        raise BadRequest("more than a board shows")
    asked = [Asked(*sent_numbers(key, 2)) for key in keys]
    return list({each.review_id: each for each in asked}.values())


def _tell(request: HttpRequest, results: Sequence[Result], reviews: Mapping[int, Review]) -> None:
    """Say how many were asked, and which were not and why."""
    refused = [result for result in results if result.refusal is not None]
    if done := len(results) - len(refused):
        sentence = ngettext("Nudged about %(n)d review.", "Nudged about %(n)d reviews.", done)
        messages.success(request, sentence % {"n": done})
    for result in refused[:TOLD_EACH]:
        event = result.refusal.event if isinstance(result.refusal, Stale) else None
        why = told(event, request.user) if event else str(result.refusal)
        messages.warning(request, _("%(review)s: %(why)s") % {"review": reviews[result.review_id], "why": why})
    more = len(refused) - TOLD_EACH
    if more > 0:
        messages.warning(request, ngettext("And %(n)d more.", "And %(n)d more.", more) % {"n": more})
