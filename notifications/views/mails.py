"""The outbox for administrators: every mail, whether it went out and why it was written."""

from datetime import timedelta

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from notifications.access import get_mail, visible_mails
from notifications.bounces.addresses import dead_count
from notifications.forms.mails import MailFilter
from notifications.health import health
from notifications.letters import message
from notifications.models import BounceBox, MailQuerySet, OutgoingMail, Status
from notifications.wording import why_text
from workflows.access import visible_reviews

PAGE_SIZE = 50
MOST = 5000  # mails that one list leads to; who looks for an older one asks for its day
RECENT = timedelta(days=30)
HEADERS = ("From", "To", "Date", "Message-ID", "Auto-Submitted")

# Status → tone and glyph of its chip.
CHIPS = {
    Status.PENDING: ("gray", "…"),
    Status.SENDING: ("blue", "→"),
    Status.SENT: ("green", "✓"),
    Status.RETRY: ("yellow", "↻"),
    Status.UNCERTAIN: ("yellow", "?"),
    Status.CANCELLED: ("gray", "－"),
    Status.EXPIRED: ("red", "×"),
    Status.FAILED: ("red", "×"),
    Status.BOUNCED: ("red", "↩"),
}


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """送信メール"""
    mails = visible_mails(request.user, timezone.localdate())
    form = MailFilter(request.GET)
    page = _page_of(form.narrow(mails), request.GET.get("page"))
    for each in page:
        each.chip = CHIPS[Status(each.status)]
    context = {
        "form": form,
        "page_obj": page,
        "has_more": page.paginator.count == MOST,
        "ended": mails.ended(since=timezone.now() - RECENT),
        "health": health(timezone.now()),
        "dead": dead_count(),
        "bounce_box": BounceBox.objects.first() if settings.BOUNCE_URL else None,
    }
    return render(request, "notifications/mail_list.html", context)


def _page_of(rows: MailQuerySet, number: str | None) -> Page[OutgoingMail]:
    """A page of the newest of the mails. Their ids are read once, and no further than the list leads: no count of a
    million is waited for."""
    page = Paginator(list(rows.values_list("pk", flat=True)[:MOST]), PAGE_SIZE).get_page(number)
    found = rows.in_bulk(list(page))
    page.object_list = [found[pk] for pk in page]
    return page


@require_safe
def mail_message(request: HttpRequest, pk: int) -> HttpResponse:
    """送信メールの内容: what it says, how its delivery went and why it was written."""
    on = timezone.localdate()
    found = get_mail(request.user, pk, on)
    items = list(found.items.with_names().select_related("task"))
    for item in items:
        item.why = why_text(item)
    readable = visible_reviews(request.user, on).filter(pk__in=[item.review_id for item in items])
    letter = message.parse(bytes(found.raw)) if found.raw else None
    context = {
        "mail": found,
        "chip": CHIPS[Status(found.status)],
        "headers": [(name, message.header(letter, name)) for name in HEADERS] if letter else [],
        "body": message.body(letter) if letter else "",
        "items": items,
        "readable": set(readable.values_list("pk", flat=True)),
    }
    return render(request, "notifications/mail_message.html", context)
