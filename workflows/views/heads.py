"""The head that all pages of one review share: whose plan, which checkpoint, how it stands, by when."""

from datetime import date
from typing import Any

from django.http import HttpRequest

from departments.access import reads_plan, rights
from departments.models import CalendarDay
from workflows.models import Review
from workflows.wording import due_text, status_of


def head_of(request: HttpRequest, review: Review, on: date) -> dict[str, Any]:
    """What `workflows/_lede.html` and the chip beside the heading show; one query, where the review is open."""
    calendar = CalendarDay.objects.calendar() if review.is_open else None
    return {
        "review": review,
        "status": status_of(review),
        "calendar": calendar,
        "due": due_text(review.due_on, on, calendar) if calendar else None,
        "reads_plan": reads_plan(rights(request.user, on), review.plan),
    }
