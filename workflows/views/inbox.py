"""マイワーク: the first page after logging in."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.access import may_administer, rights
from departments.models.organisation import Permission
from workflows.access import waiting_for
from workflows.inbox import followed_items, followed_reviews, waiting_items
from workflows.models import Stage
from workflows.situation import vacancies
from workflows.standing import unread_events

ON_A_PAGE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me, most urgent first, and where stands what my departments handed in."""
    on = timezone.localdate()
    waiting = waiting_for(request.user, on)
    page = Paginator(waiting.with_names(), ON_A_PAGE).get_page(request.GET.get("page"))
    items = waiting_items(page.object_list, request.user, on)
    context = {
        "page": page,
        "groups": [
            {"stage": stage, "items": [item for item in items if item.review.stage == stage]}
            for stage in (Stage.PREPARE, Stage.REVIEW, Stage.APPROVE)
        ],
        "unread": unread_events(request.user, on).count(),
        "bulk": sum(item.review.stage != Stage.PREPARE for item in items) > 1,
        "late": waiting.filter(due_on__lt=on).count(),
        "followed": followed_items(followed_reviews(request.user, on).with_names()[:ON_A_PAGE], on),
        "vacancies": vacancies(on) if may_administer(request.user, on) else [],
        "sees_board": rights(request.user, on).anywhere(Permission.READ_BOARD),
        "administers": may_administer(request.user, on),
    }
    return render(request, "workflows/home.html", context)
