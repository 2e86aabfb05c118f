"""The dashboard (ダッシュボード) and the measures behind its numbers."""

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.access import rights
from departments.fiscal import fiscal_year_of
from departments.models.organisation import Permission
from workflows.approved import scope_of
from workflows.dashboard import build_dashboard
from workflows.distribution import in_order
from workflows.kpis import initiatives_of
from workflows.models import Checkpoint
from workflows.movements import chosen, listed, measure_rows
from workflows.rates import checkpoints_with_reports, progress_classes
from workflows.years import shown_year, year_tabs

MEASURES_OF_A_PAGE = 50


@dataclass(frozen=True)
class Shown:
    """What an address asks for: a checkpoint of a year, None where the year has none with reports yet."""

    on: date
    year: int
    checkpoints: list[Checkpoint]
    checkpoint: Checkpoint | None


def shown_of(request: HttpRequest) -> Shown:
    """The latest checkpoint of `?year=`, or the one of `?kind=`; Http404 for what is none and who reads none."""
    on = timezone.localdate()
    if not rights(request.user, on).anywhere(Permission.READ_APPROVED):
        raise Http404
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    checkpoints = checkpoints_with_reports(year)
    kind = request.GET.get("kind")
    found = [checkpoint for checkpoint in checkpoints if kind in (None, checkpoint.kind)]
    if kind and not found:
        raise Http404
    return Shown(on, year, checkpoints, found[-1] if found else None)


def frame(shown: Shown) -> dict[str, object]:
    """What the choice of year and checkpoint needs on the page."""
    return {
        "year": shown.year,
        "years": year_tabs(shown.year, shown.on),
        "checkpoints": shown.checkpoints,
        "checkpoint": shown.checkpoint,
    }


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """What matters at the checkpoint; `?division=` looks into a 部."""
    shown, query = shown_of(request), request.GET
    if shown.checkpoint is None:
        return render(request, "workflows/dashboard.html", frame(shown))
    found = build_dashboard(
        request.user,
        shown.checkpoint,
        shown.checkpoints,
        shown.on,
        division=query.get("division", ""),
        page=query.get("page"),
    )
    if found is None:
        raise Http404
    behind = f"{reverse('dashboard_measures')}?year={shown.year}&kind={shown.checkpoint.kind}"
    context = {
        **frame(shown),
        "found": found,
        "achieving": found.achieving,
        "division": query.get("division", ""),
        "behind": behind,  # where the measures behind the numbers are listed
    }
    return render(request, "workflows/dashboard.html", context)


@require_safe
def dashboard_measures(request: HttpRequest) -> HttpResponse:
    """The measures behind a number of the dashboard, by the same address and what was chosen."""
    shown = shown_of(request)
    if shown.checkpoint is None:
        raise Http404
    scope = scope_of(request.user, shown.checkpoint, shown.checkpoints, shown.on)
    classes, initiatives = in_order(progress_classes()), initiatives_of(shown.year)
    asked = chosen(scope, request.GET, classes, initiatives)
    if asked is None:
        raise Http404
    page = Paginator(listed(asked.reports), MEASURES_OF_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **frame(shown),
        "words": asked.words,
        "change": request.GET.get("change", ""),
        "page": page,
        "rows": measure_rows(page.object_list, classes),
    }
    return render(request, "workflows/dashboard_measures.html", context)
