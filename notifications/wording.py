"""Rules of reminding, and what mails are written for, in words."""

from datetime import date

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy

from departments.fiscal import era_year
from notifications.models import MailItem, Occasion, ReminderRule
from workflows.models import EventKind, Stage

DUE_DAYS = {
    Stage.PREPARE: pgettext_lazy("of a review", "submission due"),
    Stage.REVIEW: pgettext_lazy("of a review", "review due"),
    Stage.APPROVE: pgettext_lazy("of a review", "approval due"),
}


def rule_text(rule: ReminderRule) -> str:
    """提出期限の3営業日後、以後3営業日ごと → 担当者."""
    return f"{occasion_text(rule)} → {rule.get_audience_display()}"


def occasion_text(rule: ReminderRule) -> str:
    """When the rule reminds, repeats included."""
    if rule.occasion == Occasion.ALL_IN:
        return str(Occasion.ALL_IN.label)
    when = when_text(rule.step, rule.days)
    if rule.repeats is None:
        return when
    text = ngettext("%(when)s, then every business day", "%(when)s, then every %(count)d business days", rule.repeats)
    return text % {"when": when, "count": rule.repeats}


def when_text(step: str, days: int) -> str:
    """提出期限の5営業日前. `days`: business days after the step's due day, negative before it."""
    facts = {"days": abs(days), "due_day": DUE_DAYS[Stage(step)]}
    if days == 0:
        return gettext("On the day: %(due_day)s") % facts
    if days < 0:
        text = ngettext("%(days)d business day before %(due_day)s", "%(days)d business days before %(due_day)s", -days)
    else:
        text = ngettext("%(days)d business day after %(due_day)s", "%(days)d business days after %(due_day)s", days)
    return text % facts


def why_text(item: MailItem) -> str:
    """What made the item: the event, or the rule with whom it tells (提出期限の5営業日前、所属長へ)."""
    if item.event is None:
        # The constraint mail_item_of_event_or_due_day says that it has a task.
        when = when_text(item.task.flow_task.name, item.days or 0)  # type: ignore[union-attr]
    else:
        when = str(Occasion.ALL_IN.label if item.audience else EventKind(item.event.kind).label)
    if not item.audience:
        return when
    return gettext("%(when)s, to: %(audience)s") % {"when": when, "audience": item.get_audience_display()}


def calendar_month_text(day: date) -> str:
    """令和8年10月, or Oct 2026."""
    if get_language() != "ja":
        return format_date(day, "M Y")
    name, year = era_year(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月"
