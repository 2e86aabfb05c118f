"""マイワーク: the first page after logging in."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from departments.access import may_administer, rights
from departments.models import CalendarDay
from departments.models.organisation import Permission
from workflows.access import waiting_for
from workflows.inbox import followed_items, followed_reviews, shelves, stage_counts, waiting_items
from workflows.models import Stage
from workflows.news import SINCE, news_of, since_of
from workflows.running import next_checkpoint, running_checkpoints
from workflows.situation import vacancies
from workflows.standing import unread_events

ON_A_PAGE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me, most urgent first, where stands what my departments handed in, and what is new."""
    on, now = timezone.localdate(), timezone.now()
    known, administers = rights(request.user, on), may_administer(request.user, on)
    context = _waiting(request, on) | {
        "unread": unread_events(request.user, on).count(),
        "vacancies": vacancies(on) if administers else [],
        "administers": administers,
        "sees_board": known.anywhere(Permission.READ_BOARD),
        "reads_approved": known.anywhere(Permission.READ_APPROVED),
        "reads_register": known.anywhere(Permission.READ_SUBMISSIONS),
    }
    if context["reads_approved"]:
        context["news"] = news_of(request.user, since_of(request.session.get(SINCE), now), on)
    if not context["total"] and not context["followed"]:
        context["running"] = running_checkpoints(request.user, on)
        context["coming"] = None if context["running"] else next_checkpoint(on)
    return render(request, "workflows/home.html", context)


def _waiting(request: HttpRequest, on: date) -> dict[str, Any]:
    """The stages in which something waits, one page of it, and what was handed in."""
    waiting = waiting_for(request.user, on)
    counts = stage_counts(waiting, on)
    shown = [count for count in counts if count.stage == request.GET.get("stage")] or counts
    if len(shown) < len(counts):
        waiting = waiting.filter(stage=shown[0].stage)
    paginator = Paginator(waiting.with_names().select_related("saved_by", "plan__saved_by"), ON_A_PAGE)
    paginator.count = sum(count.number for count in shown)  # counted already
    page = paginator.get_page(request.GET.get("page"))
    calendar = CalendarDay.objects.calendar()
    items = waiting_items(page.object_list, request.user, on, calendar)
    deciding = [item for item in items if item.review.stage != Stage.PREPARE]
    followed = followed_reviews(request.user, on).with_names()[:ON_A_PAGE]
    return {
        "counts": counts,
        "stage": shown[0].stage if len(shown) < len(counts) else "",
        "total": sum(count.number for count in counts),
        "late": sum(count.late for count in counts),
        "page": page,
        "shelves": shelves(items, request.user, on),
        "groups": [
            {"stage": stage, "items": found}
            for stage in (Stage.REVIEW, Stage.APPROVE)
            if (found := [item for item in deciding if item.review.stage == stage])
        ],
        "next_case": deciding[0] if deciding else None,
        "decidable": sum(count.number for count in counts if count.stage != Stage.PREPARE),
        "followed": followed_items(followed, on, calendar),
    }


@require_POST
def news_read(request: HttpRequest) -> HttpResponse:
    """既読にする: from now on, only what is done later is new; kept until the person logs out."""
    request.session[SINCE] = timezone.now().isoformat()
    messages.success(request, _("What you have read is no longer shown as new."))
    return redirect("home")
