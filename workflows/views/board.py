"""進捗ボード: departments × checkpoints."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.fiscal import fiscal_year_of
from workflows.access import board_departments
from workflows.board import build_board
from workflows.years import shown_year, year_tabs


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of `?year=`, perhaps of one 部 (`?division=`) or of late rows only (`?late=1`).

    A phone shows the running checkpoints only, unless `?all=1`.
    """
    on = timezone.localdate()
    if not board_departments(request.user, on):
        raise Http404
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    division, late_only = request.GET.get("division", ""), bool(request.GET.get("late"))
    built = build_board(request.user, year, on, division=division, late_only=late_only)
    context = {
        "board": built,
        "year": year,
        "years": year_tabs(year, on),
        "division": division,
        "late_only": late_only,
        "all_shown": bool(request.GET.get("all")),
        "on": on,
    }
    return render(request, "workflows/board.html", context)
