"""達成率: the indicators that the system computes itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.access import rights
from departments.fiscal import fiscal_year_of
from departments.models.organisation import Permission
from departments.wording import target_text
from workflows.rates import achieving_classes, checkpoints_with_reports, computed_indicators
from workflows.wording import judgement_status
from workflows.years import shown_year, year_tabs


@require_safe
def rates(request: HttpRequest) -> HttpResponse:
    """The rates of `?year=`, as of its latest checkpoint or the one of `?kind=`."""
    on = timezone.localdate()
    if not rights(request.user, on).anywhere(Permission.READ_APPROVED):
        raise Http404
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    checkpoints = checkpoints_with_reports(year)
    kind = request.GET.get("kind")
    shown = [checkpoint for checkpoint in checkpoints if kind in (None, checkpoint.kind)]
    if kind and not shown:
        raise Http404
    checkpoint = shown[-1] if shown else None
    computed = computed_indicators(request.user, checkpoint, on) if checkpoint else []
    context = {
        "year": year,
        "years": year_tabs(year, on),
        "checkpoints": checkpoints,
        "checkpoint": checkpoint,
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
