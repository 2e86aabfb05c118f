"""チェックポイント: the year's calendar for everybody, and its upkeep by administrators."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from departments.access import may_administer, require_administrator
from departments.errors import Refused
from departments.fiscal import fiscal_year_of
from departments.models import CalendarDay
from departments.wording import moment_text
from departments.years import year_label
from workflows.access import get_checkpoint
from workflows.errors import Closed
from workflows.forms.checkpoints import ChosenCheckpointForm, ClosingForm, DaysForm
from workflows.models import ROUNDS, Checkpoint, CheckpointKind
from workflows.schedule import Days, proposed_days
from workflows.services.checkpoints import (
    add_checkpoint,
    change_days,
    close_checkpoint,
    foreseen_opening,
    open_checkpoint,
)
from workflows.years import YearTab, checkpoints_of, first_missing, plannable_years, shown_year, year_tabs


@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    """The checkpoints of `?year=` with their days."""
    on = timezone.localdate()
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    found = checkpoints_of(year)
    lacking = year if len(found) < len(ROUNDS) else year + 1
    context = {
        "year": year,
        "years": year_tabs(year, on),
        "checkpoints": found,
        "administers": may_administer(request.user, on),
        "proposable": YearTab(lacking, year_label(lacking), False) if lacking in plannable_years(on) else None,
        "on": on,
    }
    return render(request, "workflows/checkpoints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def checkpoint_add(request: HttpRequest) -> HttpResponse:
    """Add a checkpoint: `?year=` and `?kind=` choose it, and sensible days for it are filled in."""
    on = timezone.localdate()
    require_administrator(request.user, on)
    years = plannable_years(on)
    year = shown_year(request.GET.get("year"), fiscal_year_of(on))
    kind = request.GET.get("kind")
    if not kind:
        year, kind = first_missing(year)
    chosen = ChosenCheckpointForm({"year": year, "kind": kind}, years=years)
    if not chosen.is_valid():
        return render(request, "workflows/checkpoint_add.html", {"chosen": chosen})
    kind = CheckpointKind(chosen.cleaned_data["kind"])
    calendar = CalendarDay.objects.calendar()
    form = DaysForm(
        request.POST or None, fiscal_year=year, calendar=calendar, initial=asdict(proposed_days(year, kind, calendar))
    )
    if request.method == "POST" and form.is_valid():
        try:
            added = add_checkpoint(fiscal_year=year, kind=kind, days=form.days(), by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("%(checkpoint)s has been added. It still has to be opened.") % {"checkpoint": added}
            )
            return redirect(_year_url(year))
    context = {"chosen": chosen, "form": form, "year": year, "year_label": year_label(year), "kind": kind}
    return render(request, "workflows/checkpoint_add.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def checkpoint_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the days of a checkpoint that is not closed."""
    on = timezone.localdate()
    checkpoint = get_checkpoint(request.user, pk, on)
    if checkpoint.closed_at is not None:
        return _closed(request, checkpoint)
    form = DaysForm(
        request.POST or None,
        fiscal_year=checkpoint.fiscal_year,
        calendar=CalendarDay.objects.calendar(),
        initial={name: getattr(checkpoint, name) for name in Days.__dataclass_fields__},
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_days(checkpoint=checkpoint, days=form.days(), by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Closed:
            return _closed(request, get_checkpoint(request.user, pk, on))
        else:
            messages.success(request, _("%(checkpoint)s: the days have been changed.") % {"checkpoint": checkpoint})
            return redirect(_year_url(checkpoint.fiscal_year))
    return render(request, "workflows/checkpoint_edit.html", {"checkpoint": checkpoint, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def checkpoint_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then open a review for every plan that the checkpoint takes."""
    on = timezone.localdate()
    checkpoint = get_checkpoint(request.user, pk, on)
    if checkpoint.closed_at is not None:
        return _closed(request, checkpoint)
    if request.method != "POST":
        is_early = checkpoint.opened_at is None and on < checkpoint.opens_on
        context = {"checkpoint": checkpoint, "foreseen": foreseen_opening(checkpoint), "is_early": is_early}
        return render(request, "workflows/checkpoint_open.html", context)
    try:
        opening = open_checkpoint(checkpoint=checkpoint, by=request.user, now=timezone.now())
    except Closed:
        return _closed(request, get_checkpoint(request.user, pk, on))
    facts = {"checkpoint": checkpoint, "n": opening.opened, "already": opening.already}
    messages.success(
        request,
        ngettext(
            "%(checkpoint)s is open: %(n)d review opened, %(already)d were open before.",
            "%(checkpoint)s is open: %(n)d reviews opened, %(already)d were open before.",
            opening.opened,
        )
        % facts,
    )
    return redirect(_year_url(checkpoint.fiscal_year))


@require_http_methods(["GET", "HEAD", "POST"])
def checkpoint_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask twice, then close the checkpoint for good."""
    checkpoint = get_checkpoint(request.user, pk, timezone.localdate())
    if not checkpoint.is_running:
        return _closed(request, checkpoint)
    form = ClosingForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"checkpoint": checkpoint, "form": form, "unfinished": checkpoint.reviews.open().count()}
        return render(request, "workflows/checkpoint_close.html", context)
    try:
        unfinished = close_checkpoint(checkpoint=checkpoint, by=request.user, now=timezone.now())
    except Closed:
        return _closed(request, get_checkpoint(request.user, pk, timezone.localdate()))
    facts = {"checkpoint": checkpoint, "n": unfinished}
    messages.success(
        request,
        ngettext(
            "%(checkpoint)s is closed. %(n)d review ended unfinished.",
            "%(checkpoint)s is closed. %(n)d reviews ended unfinished.",
            unfinished,
        )
        % facts,
    )
    return redirect(_year_url(checkpoint.fiscal_year))


def _closed(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """409: the checkpoint is closed already, or was never opened."""
    facts = {"checkpoint": checkpoint}
    if checkpoint.closed_at is None:
        explanation = _("%(checkpoint)s has not been opened yet.") % facts
    else:
        explanation = _("%(checkpoint)s was closed on %(at)s.") % {**facts, "at": moment_text(checkpoint.closed_at)}
    context = {
        "headline": _("This checkpoint is not open"),
        "explanation": explanation,
        "back_url": _year_url(checkpoint.fiscal_year),
        "back_label": _("To the checkpoints"),
    }
    return render(request, "409.html", context, status=409)


def _year_url(year: int) -> str:
    return f"{reverse('checkpoints')}?year={year}"
