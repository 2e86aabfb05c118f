"""承認記録: what was decided by whom on which content, as a page, as CSV and as JSON."""

from collections.abc import Callable, Iterable, Iterator

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from workflows.access import register_departments
from workflows.forms.register import RegisterFilter
from workflows.models import Event
from workflows.register import audits, entry_of, last_seals, register_events
from workflows.register_export import csv_lines, json_lines
from workflows.views.streams import streamed

PAGE_SIZE = 50
AT_ONCE = 1000


def _asked_for(request: HttpRequest) -> tuple[RegisterFilter, QuerySet[Event]]:
    """The filter in the address and the events that it leaves; Http404 for who reads no submissions."""
    departments = register_departments(request.user, timezone.localdate())
    if not departments:
        raise Http404
    form = RegisterFilter(request.GET, departments=departments)
    return form, form.narrow(register_events(departments))


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """A page of the register; auditors also see the last seals."""
    form, events = _asked_for(request)
    on = timezone.localdate()
    page = Paginator(events, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "entries": [entry_of(event) for event in page],
        "seals": last_seals() if audits(request.user, on) else [],
        "audits": audits(request.user, on),
        "on": on,
    }
    return render(request, "workflows/register.html", context)


@require_safe
def register_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same entries, all of them, as CSV."""
    return _streamed(request, csv_lines, "text/csv; charset=utf-8", "register.csv")


@require_safe
def register_json(request: HttpRequest) -> StreamingHttpResponse:
    """The same entries, all of them, as JSON."""
    return _streamed(request, json_lines, "application/json", "register.json")


def _streamed(
    request: HttpRequest, lines: Callable[[Iterable[Event]], Iterator[str | bytes]], media_type: str, name: str
) -> StreamingHttpResponse:
    _form, events = _asked_for(request)
    return streamed(lines(events.iterator(AT_ONCE)), media_type, name)
