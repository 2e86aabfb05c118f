"""検索"""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.forms.search import SearchForm, asked_kind
from departments.search import Search, find

SHORT = 10  # of each kind, where all kinds are shown
PAGE = 50


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What `?q=` occurs in, by kind; all of one kind with `?kind=`, of earlier years too with `?past=on`."""
    form = SearchForm(request.GET)
    context = {"form": form, "kind": asked_kind(request.GET.get("kind"))}
    if form.is_valid() and form.cleaned_data["q"]:
        asked = form.cleaned_data
        context |= _found(request, Search(asked["q"], request.user, timezone.localdate(), asked["past"]))
    return render(request, "departments/search.html", context)


def _found(request: HttpRequest, search: Search) -> dict[str, object]:
    """The counts of all kinds, and the hits to show: the first of each kind, or a page of one."""
    groups = find(search)
    context = {"groups": groups, "total": sum(group.count for group in groups), "past": search.past}
    kind = asked_kind(request.GET.get("kind"))
    if kind is None:
        shown = [{"group": group, "hits": group.hits(0, SHORT)} for group in groups if group.count]
        return {**context, "shown": shown, "short": SHORT}
    (group,) = (group for group in groups if group.kind == kind)
    page = Paginator(range(group.count), PAGE).get_page(request.GET.get("page"))
    hits = group.hits(max(0, page.start_index() - 1), page.end_index())
    return {**context, "shown": [{"group": group, "hits": hits}] if hits else [], "page": page}
