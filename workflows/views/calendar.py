"""閉庁日: the year's days as they count, the city's own table, and what becomes of due days on closed days."""

from collections.abc import Sequence
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from departments.access import require_administrator
from departments.errors import Refused
from departments.fiscal import fiscal_year_of
from departments.models import CalendarRule
from departments.services.calendar import set_closed_day_rule
from workflows.calendar_year import calendar_tabs, calendar_year
from workflows.forms.calendar import CalendarDayForm, CalendarLinesForm, ClosedDaysForm
from workflows.services.calendar import OwnDay, Unforeseen, change_calendar
from workflows.shifts import Shifts
from workflows.years import shown_year


class CalendarView(View):
    """A year's days, and forms to add one day or many, to take one away, and to choose the rule.

    What would move due days is shown first, on a page that sends the same form again with the `key` of what it showed.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        if "remove" in request.POST:
            return self._remove(request)
        if "closed_days" in request.POST:
            return self._choose_rule(request)
        name, kind = ("many", CalendarLinesForm) if "lines" in request.POST else ("one", CalendarDayForm)
        return self._add(request, name, kind(request.POST))

    def _add(self, request: HttpRequest, name: str, form: CalendarDayForm | CalendarLinesForm) -> HttpResponse:
        if form.is_valid():
            days = form.own_days()
            try:
                shifts = change_calendar(add=days, **self._confirmed(request))
            except Unforeseen as error:
                return self._ask(request, error.shifts, added=days)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                text = ngettext("The day has been added.", "%(n)d days have been added.", len(days)) % {"n": len(days)}
                messages.success(request, " ".join([text, *_moved(shifts)]))
                return redirect(f"{reverse('calendar')}?year={fiscal_year_of(min(own.day for own in days))}")
        return self._page(request, **{name: form})

    def _remove(self, request: HttpRequest) -> HttpResponse:
        try:
            day = parse_date(request.POST["remove"])
        except ValueError:
            day = None
        if day is None:
            return redirect(request.get_full_path())
        try:
            shifts = change_calendar(remove=[day], **self._confirmed(request))
        except Unforeseen as error:
            return self._ask(request, error.shifts, removed=day)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            told = _moved(shifts) or [_("Due days stay where they are.")]
            messages.success(request, " ".join([_("The day has been removed."), *told]))
        return redirect(request.get_full_path())

    def _choose_rule(self, request: HttpRequest) -> HttpResponse:
        form = ClosedDaysForm(request.POST)
        if not form.is_valid():
            return self._page(request, rule=form)
        set_closed_day_rule(by=request.user, **form.cleaned_data)
        messages.success(request, _("The rule has been saved. It holds for days that you close from now on."))
        return redirect(request.get_full_path())

    @staticmethod
    def _confirmed(request: HttpRequest) -> dict:
        return {"foreseen": request.POST.get("foreseen", ""), "by": request.user, "now": timezone.now()}

    @staticmethod
    def _ask(
        request: HttpRequest, shifts: Shifts, *, added: Sequence[OwnDay] = (), removed: date | None = None
    ) -> HttpResponse:
        """Show what would move by days that are added or one that is removed, and ask.

        Where that was asked already, it has become something else meanwhile.
        """
        hidden = ("csrfmiddlewaretoken", "foreseen")
        sent = [(name, value) for name, value in request.POST.items() if name not in hidden]
        days = {"added": added, "removed": removed}
        context = {"shifts": shifts, "sent": sent, "again": "foreseen" in request.POST, **days}
        return render(request, "workflows/calendar_confirm.html", context)

    @staticmethod
    def _page(request: HttpRequest, **sent: forms.BaseForm) -> HttpResponse:
        on = timezone.localdate()
        year = shown_year(request.GET.get("year"), fiscal_year_of(on))
        rule = ClosedDaysForm(initial={"closed_days": CalendarRule.objects.closed_days()})
        kept = {"one": CalendarDayForm(), "many": CalendarLinesForm(), "rule": rule, **sent}
        context = {**kept, "forms": list(kept.values()), "shown": calendar_year(year), "years": calendar_tabs(year, on)}
        return render(request, "workflows/calendar.html", context)


def _moved(shifts: Shifts) -> list[str]:
    """How many due days moved, in a sentence, if any did."""
    n = shifts.reviews
    return [ngettext("%(n)d due day has moved.", "%(n)d due days have moved.", n) % {"n": n}] if n else []
