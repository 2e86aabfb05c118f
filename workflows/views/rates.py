"""達成率: the indicators that the system computes itself, line by line."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from departments.wording import target_text
from workflows.rates import achieving_classes, computed_indicators
from workflows.views.dashboard import frame, shown_of
from workflows.wording import judgement_status


@require_safe
def rates(request: HttpRequest) -> HttpResponse:
    """The rates of `?year=`, as of its latest checkpoint or the one of `?kind=`."""
    shown = shown_of(request)
    computed = computed_indicators(request.user, shown.checkpoint, shown.on) if shown.checkpoint else []
    context = {
        **frame(shown),
        "achieving": achieving_classes(),
        "computed": [
            {
                "indicator": found.indicator,
                "target": target_text(found.indicator),
                "lines": [(line, judgement_status(line.judgement)) for line in found.lines],
            }
            for found in computed
        ],
    }
    return render(request, "workflows/rates.html", context)
