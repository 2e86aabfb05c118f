"""The outbox for administrators: every mail, whether it went out and why it was written."""

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from notifications.access import get_mail, visible_mails
from notifications.letters import message
from notifications.models import MailQuerySet, Outcome, Status
from workflows.access import visible_reviews

PAGE_SIZE = 50
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
}


class MailFilter(forms.Form):
    """Which mails to list. What nobody can mean is said, and all mails are listed."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, help_text=_("Person, address or subject"))
    outcome = forms.ChoiceField(
        label=pgettext_lazy("of a mail", "Status"), required=False, choices=[("", _("All")), *Outcome.choices]
    )

    def narrow(self, rows: MailQuerySet) -> MailQuerySet:
        """Those of the mails that were asked for; all of them when the question makes no sense."""
        if not self.is_valid():
            return rows
        if self.cleaned_data["outcome"]:
            rows = rows.filter(status__in=Outcome(self.cleaned_data["outcome"]).statuses)
        for word in self.cleaned_data["q"].split():
            rows = rows.filter(
                Q(recipient__name__icontains=word)
                | Q(recipient__email__icontains=word)
                | Q(address__icontains=word)
                | Q(subject__icontains=word)
            )
        return rows


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """送信メール"""
    mails = visible_mails(request.user, timezone.localdate())
    form = MailFilter(request.GET)
    page = Paginator(form.narrow(mails), PAGE_SIZE).get_page(request.GET.get("page"))
    for each in page:
        each.chip = CHIPS[Status(each.status)]
    context = {"form": form, "page_obj": page, "totals": mails.totals()}
    return render(request, "notifications/mail_list.html", context)


@require_safe
def mail_message(request: HttpRequest, pk: int) -> HttpResponse:
    """送信メールの内容: what it says, how its delivery went and why it was written."""
    on = timezone.localdate()
    found = get_mail(request.user, pk, on)
    items = list(found.items.with_names())
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
