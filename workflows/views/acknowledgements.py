"""不在中に代決されたもの: what was done in my place, to be read and ticked."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from workflows.access import done_in_place_of
from workflows.services.acknowledgements import acknowledge
from workflows.standing import unread_events, unread_items
from workflows.views.refusals import is_number

ON_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def decided_for_me(request: HttpRequest) -> HttpResponse:
    """The list, newest first; a POST ticks one event or all that the page showed."""
    on = timezone.localdate()
    if request.method == "POST":
        return _tick(request)
    unread = unread_events(request.user, on)
    page = Paginator(unread.select_related(*SHOWN), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "workflows/decided_for_me.html", {"page": page, "items": unread_items(page.object_list)})


SHOWN = ("by", "on_behalf_of", "review__department", "review__plan", "review__checkpoint")


def _tick(request: HttpRequest) -> HttpResponse:
    """What was ticked meanwhile, in another window, is no error; what is not theirs to tick is not there."""
    asked = request.POST.getlist("event") or request.POST.getlist("shown")
    if not all(map(is_number, asked)):
        raise BadRequest("not the number of an event")
    now = timezone.now()
    found = done_in_place_of(request.user, timezone.localdate(now)).filter(pk__in=asked)
    ids = found.order_by("pk").values_list("pk", flat=True)
    if "event" in request.POST and not ids:
        raise Http404
    done = sum(acknowledge(event_id=pk, by=request.user, now=now) for pk in ids)
    if done:
        text = ngettext("Read: %(n)d item.", "Read: %(n)d items.", done) % {"n": done}
        messages.success(request, text)
    return redirect("decided_for_me")
