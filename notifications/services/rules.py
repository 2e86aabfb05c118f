"""Keeping the rules of reminding."""

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.models import User
from departments.services.rows import save_or_refuse
from notifications.models import ReminderRule

log = structlog.get_logger("meguru.mail")

FIELDS = ("occasion", "step", "days", "repeats", "audience", "text")


@transaction.atomic
def add_rule(
    *, by: User | None, occasion: str, step: str, days: int, repeats: int | None, audience: str, text: str
) -> ReminderRule:
    """Add a rule (リマインドの規則), which counts from the next run on. Raises Refused."""
    rule = ReminderRule(occasion=occasion, step=step, days=days, repeats=repeats, audience=audience, text=text)
    save_or_refuse(rule)
    log.info("reminder rule added", rule=rule.pk, says=str(rule), by=by and by.pk)
    return rule


@transaction.atomic
def change_rule(
    *,
    by: User | None,
    rule: ReminderRule,
    occasion: str,
    step: str,
    days: int,
    repeats: int | None,
    audience: str,
    text: str,
) -> ReminderRule:
    """Let a rule say something else from the next run on. Raises Refused, also when it has been removed meanwhile."""
    current = ReminderRule.objects.select_for_update().filter(pk=rule.pk).first()
    if current is None:
        raise Refused(_("This rule has been removed meanwhile."))
    before = str(current)
    current.occasion, current.step, current.days = occasion, step, days
    current.repeats, current.audience, current.text = repeats, audience, text
    save_or_refuse(current, update_fields=FIELDS)
    log.info("reminder rule changed", rule=current.pk, was=before, says=str(current), by=by and by.pk)
    return current


@transaction.atomic
def remove_rule(*, by: User | None, rule: ReminderRule) -> None:
    """Let a rule remind nobody any more; nothing happens where it is gone already."""
    ReminderRule.objects.filter(pk=rule.pk).delete()
    log.info("reminder rule removed", rule=rule.pk, says=str(rule), by=by and by.pk)
