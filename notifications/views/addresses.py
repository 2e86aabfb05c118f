"""Addresses that mails came back from, for administrators: who misses what, and the word that it is mended."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from departments.access import require_administrator
from notifications.bounces.addresses import bounced_addresses, with_details
from notifications.services.addresses import settle_address

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def mail_addresses(request: HttpRequest) -> HttpResponse:
    """届かない宛先: dead ones first. A POST names the `address` that mails are to be sent to again."""
    require_administrator(request.user, timezone.localdate())
    if request.method == "POST":
        _settle(request, request.POST.get("address", ""))
        return redirect("mail_addresses")
    page = Paginator(bounced_addresses(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "addresses": with_details(page)}
    return render(request, "notifications/mail_addresses.html", context)


def _settle(request: HttpRequest, address: str) -> None:
    if "\0" not in address and settle_address(by=request.user, address=address, now=timezone.now()):
        said = _("Mails are sent to %(address)s again. What waited for it goes out within minutes.")
        messages.success(request, said % {"address": address})
    else:
        messages.info(request, _("Nothing had to be done: no mail that came back from there is open any more."))
