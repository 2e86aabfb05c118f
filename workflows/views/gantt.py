"""The schedule of a fiscal year's whole strategy."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.strategy_tree import known_measures, known_years, strategy_of
from workflows.forms.gantt import GanttFilter
from workflows.strategy_gantt import strategy_gantt


@require_safe
def gantt(request: HttpRequest, year: int) -> HttpResponse:
    """What all of the city may know of the year's measures, narrowed by `?part=` and `?department=`."""
    on = timezone.localdate()
    strategy = strategy_of(year)
    if strategy is None:
        raise Http404
    measures = known_measures(strategy, request.user, on)
    form = GanttFilter(request.GET, strategy=strategy, measures=measures)
    context = {
        "strategy": strategy,
        "form": form,
        "chart": strategy_gantt(strategy, form.narrow(measures), request.user, on, request.GET.get("page")),
        "years": known_years(),
        "year": year,
        "on": on,
    }
    return render(request, "workflows/strategy_gantt.html", context)
