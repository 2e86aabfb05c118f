"""年間日程: the checkpoints of a year proposed from the last one, all on one page."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from departments.access import require_administrator
from departments.errors import Refused
from departments.fiscal import fiscal_year_of
from departments.years import year_label
from workflows.forms.checkpoints import ProposedDaysForm
from workflows.models import ROUNDS, Checkpoint
from workflows.next_year import YearProposal, proposed_year
from workflows.services.year import add_year
from workflows.years import plannable_years, shown_year


@dataclass(frozen=True)
class Column:
    """A checkpoint of the year: as it is already, or the form for it."""

    existing: Checkpoint | None = None
    form: ProposedDaysForm | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def year_propose(request: HttpRequest) -> HttpResponse:
    """The days of every checkpoint that `?year=` lacks, to be looked over and added together."""
    on = timezone.localdate()
    require_administrator(request.user, on)
    year = shown_year(request.GET.get("year"), fiscal_year_of(on) + 1)
    if year not in plannable_years(on):
        raise Http404
    proposal = proposed_year(year)
    sent = request.POST if request.method == "POST" else None
    forms = [
        ProposedDaysForm(sent, proposed=each, fiscal_year=year, calendar=proposal.calendar)
        for each in proposal.proposed
    ]
    refusal = ""
    if sent is not None:
        if not forms or sent.getlist("kind") != [form.kind.value for form in forms]:
            refusal = _("Checkpoints of this year have been added or have changed meanwhile. Look at the page again.")
        elif all(form.is_valid() for form in forms):
            try:
                days = {form.kind: form.days() for form in forms}
                added = add_year(fiscal_year=year, days=days, by=request.user)
            except Refused as error:
                refusal = str(error)
            else:
                return _added(request, year, len(added))
    return _page(request, proposal, forms, refusal)


def _added(request: HttpRequest, year: int, n: int) -> HttpResponse:
    text = ngettext(
        "%(n)d checkpoint of %(year)s has been added. It still has to be opened.",
        "%(n)d checkpoints of %(year)s have been added. They still have to be opened.",
        n,
    )
    messages.success(request, text % {"n": n, "year": year_label(year)})
    return redirect(f"{reverse('checkpoints')}?year={year}")


def _page(
    request: HttpRequest, proposal: YearProposal, forms: list[ProposedDaysForm], refusal: str = ""
) -> HttpResponse:
    columns = {each.kind: Column(existing=each) for each in proposal.existing}
    columns |= {form.kind: Column(form=form) for form in forms}
    context = {
        "year": proposal.fiscal_year,
        "year_label": year_label(proposal.fiscal_year),
        "columns": [columns[kind] for kind in ROUNDS],
        "forms": forms,
        "refusal": refusal,
    }
    return render(request, "workflows/year_propose.html", context)
