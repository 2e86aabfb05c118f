"""リマインドの規則: the rules of reminding, their upkeep, and what they will bring. For administrators alone."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from departments.access import require_administrator
from departments.fiscal import fiscal_year_of
from departments.forms.changes import carry_out
from notifications import foresight
from notifications.access import get_rule, visible_rules
from notifications.all_in import to_tell
from notifications.due import by_step
from notifications.forms.reminders import PreviewFilter, RuleForm
from notifications.models import Occasion, ReminderRule
from notifications.preview import preview
from notifications.services import rules as services
from notifications.wording import DUE_DAYS, occasion_text, rule_text


@require_safe
def reminders(request: HttpRequest) -> HttpResponse:
    """The rules, step by step."""
    rules = list(visible_rules(request.user, timezone.localdate()))
    for rule in rules:
        rule.when = occasion_text(rule)
    due = by_step(rule for rule in rules if rule.occasion == Occasion.DUE)
    groups = [(label, due.get(stage, [])) for stage, label in DUE_DAYS.items()]
    groups.append((Occasion.ALL_IN.label, [rule for rule in rules if rule.occasion == Occasion.ALL_IN]))
    return render(request, "notifications/reminders.html", {"groups": [group for group in groups if group[1]]})


@require_safe
def reminders_preview(request: HttpRequest) -> HttpResponse:
    """Who would get which mail on which day of the rest of the year, page by page of whole days."""
    on = timezone.localdate()
    mails = preview(visible_rules(request.user, on).filter(occasion=Occasion.DUE), on)
    names = foresight.Names(mails)
    form = PreviewFilter(request.GET, months=_months(on))
    asked = form.cleaned_data if form.is_valid() else {}
    mails = foresight.narrowed(mails, names, asked.get("q", ""), asked.get("month"))
    page = Paginator(foresight.pages(mails), 1).get_page(request.GET.get("page"))
    days = foresight.shown(mails, page.object_list[0], names) if page.object_list else []
    totals = {"days": len(mails), "mails": sum(map(len, mails.values()))}
    context = {"form": form, "page_obj": page, "days": days, "totals": totals}
    return render(request, "notifications/reminders_preview.html", context)


def _months(on: date) -> list[date]:
    """The first days of this month and the ones after it in the fiscal year."""
    last = (fiscal_year_of(on) + 1) * 12 + 2
    return [date(count // 12, count % 12 + 1, 1) for count in range(on.year * 12 + on.month - 1, last + 1)]


class RuleAddView(View):
    """Add a rule; or only see what it would bring."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        return _page(request, RuleForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        form = RuleForm(request.POST)
        if not form.is_valid() or "preview" in request.POST:
            return _page(request, form)
        rule = carry_out(form, lambda: services.add_rule(by=request.user, **form.values()))
        if rule is None:
            return _page(request, form)
        messages.success(request, _("The rule has been added: %(rule)s") % {"rule": rule_text(rule)})
        return redirect("reminders")


class RuleEditView(View):
    """Change a rule, remove it, or only see what it would bring."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule = get_rule(request.user, pk, timezone.localdate())
        return _page(request, RuleForm(initial=RuleForm.initial_of(rule)), rule)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule = get_rule(request.user, pk, timezone.localdate())
        if "remove" in request.POST:
            services.remove_rule(by=request.user, rule=rule)
            messages.success(request, _("The rule has been removed: %(rule)s") % {"rule": rule_text(rule)})
            return redirect("reminders")
        form = RuleForm(request.POST)
        if not form.is_valid() or "preview" in request.POST:
            return _page(request, form, rule)
        changed = carry_out(form, lambda: services.change_rule(by=request.user, rule=rule, **form.values()))
        if changed is None:
            return _page(request, form, rule)
        messages.success(request, _("The rule has been changed: %(rule)s") % {"rule": rule_text(changed)})
        return redirect("reminders")


def _page(request: HttpRequest, form: RuleForm, rule: ReminderRule | None = None) -> HttpResponse:
    """The form; below it what the rule would bring, where that was asked for."""
    context: dict[str, Any] = {"form": form, "rule": rule, "rule_text": rule_text(rule) if rule else ""}
    if form.is_bound and form.is_valid() and "preview" in request.POST:
        context |= _foreseen(ReminderRule(**form.values()), timezone.localdate())
    return render(request, "notifications/reminder_edit.html", context)


def _foreseen(rule: ReminderRule, on: date) -> dict[str, Any]:
    """Whom the rule alone would write to: by day, or for who knows which day."""
    if rule.occasion == Occasion.ALL_IN:
        return {"foreseen": rule_text(rule), "told": to_tell(rule, on)}
    mails = preview([rule], on)
    return {"foreseen": rule_text(rule), "days": foresight.days_of_rule(mails, foresight.Names(mails))}
