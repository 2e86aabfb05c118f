"""進捗ボード: departments × checkpoints, as a page that renews itself and as CSV."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from departments.fiscal import fiscal_year_of
from departments.models import CalendarDay
from departments.models.plans import PlanKind
from workflows.access import board_departments
from workflows.board import Board, build_board
from workflows.board_export import board_lines
from workflows.board_facts import State, YearFacts, read_year
from workflows.board_query import Sort, Wanted, chips_of, select, wanted_in
from workflows.board_version import board_version
from workflows.views.streams import csv_response
from workflows.years import shown_year, year_tabs

# What a page that renews itself says which board it shows.
VERSION = "Board-Version"


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board of `?year=`, narrowed and sorted by the rest of the address; 204 where the reader has it already."""
    on = _today(request)
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    version = board_version(request.user, year, on)
    if request.headers.get(VERSION) == version:
        return HttpResponse(status=204)
    facts = read_year(request.user, year, on)
    wanted = wanted_in(request.GET, year, facts.divisions)
    built = build_board(request.user, facts, wanted, on, request.GET.get("page"))
    context = {"board": built, "on": on, "now": timezone.now(), "version": version, "query": _query(request)}
    context |= {"heads": _heads(wanted), "ticked": request.GET.get("tick") == str(built.page.number)}
    if request.headers.get(VERSION):
        return _varying(render(request, "workflows/board_region.html", context))
    context |= {"years": year_tabs(year, on), "chips": list(chips_of(wanted, facts.divisions))}
    return _varying(render(request, "workflows/board.html", context | _choices(request, built, facts)))


@require_safe
def board_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same rows, all of them, as CSV: each at all checkpoints, or at the one in the address."""
    on = _today(request)
    facts = read_year(request.user, shown_year(request.GET.get("year"), fiscal_year_of(on)), on)
    wanted = wanted_in(request.GET, facts.year, facts.divisions)
    chosen = select(facts, wanted)
    columns = [(at, each) for at, each in enumerate(facts.checkpoints) if wanted.checkpoint in (None, each.kind)]
    return csv_response(board_lines(chosen.shown, columns, on, CalendarDay.objects.calendar()), "board.csv")


def _today(request: HttpRequest) -> date:
    """The day; Http404 for whoever has no board."""
    on = timezone.localdate()
    if not board_departments(request.user, on):
        raise Http404
    return on


def _query(request: HttpRequest) -> str:
    """The address' own query, to come back to the board as it is."""
    return f"?{request.GET.urlencode()}" if request.GET else ""


def _varying(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, [VERSION])
    return response


@dataclass(frozen=True)
class Head:
    """A head that sorts: where it leads, and `aria-sort` where the rows are sorted by it."""

    address: str
    aria: str


def _heads(wanted: Wanted) -> dict[str, Head]:
    """By the name of the sorting; pressed again, it sorts the other way."""
    return {sort.value: _head(wanted, sort) for sort in Sort}


def _head(wanted: Wanted, sort: Sort) -> Head:
    if wanted.sort != sort:
        return Head(wanted.but(sort=sort, backwards=False).address(), "")
    turned = wanted.but(backwards=not wanted.backwards).address()
    return Head(turned, "descending" if wanted.is_falling else "ascending")


def _choices(request: HttpRequest, built: Board, facts: YearFacts) -> dict[str, Any]:
    """What the form that narrows offers. At first it means the checkpoint that matters now."""
    focus = built.focus.checkpoint.kind if built.focus and "checkpoint" not in request.GET else ""
    return {
        "kinds": PlanKind,
        "states": State,
        "checkpoints": facts.checkpoints,
        "checkpoint": built.wanted.checkpoint or focus,
    }
