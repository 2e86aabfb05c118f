"""The strategy as a tree, one page a fiscal year."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.strategy_tree import known_years, strategy_of, strategy_tree, year_to_show


@require_safe
def strategy(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """The year's strategy; without a year this fiscal year's, else the newest."""
    on = timezone.localdate()
    years = known_years()
    shown = year_to_show(years, on) if year is None else year
    found = None if shown is None else strategy_of(shown)
    if found is None and year is not None:
        raise Http404
    context = {
        "strategy": found,
        "themes": strategy_tree(found, request.user, on) if found else [],
        "years": years,
        "year": shown,
    }
    return render(request, "departments/strategy.html", context)
