"""The health page of the mails, for whatever watches the machine."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from notifications.health import health


@login_not_required
@require_safe
def mail_health(request: HttpRequest) -> JsonResponse:
    """Counts and ages only: 200, or 503 and the reasons. Apart from /readyz: pages work while mails wait."""
    try:
        figures = health(timezone.now()).figures
    except DatabaseError:
        figures = {"healthy": False, "reasons": ["database"]}
    return JsonResponse(figures, status=200 if figures["healthy"] else 503)
