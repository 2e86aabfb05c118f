"""Who may read the outbox and keep the rules: those who keep the system running, and nobody else."""

from datetime import date

from django.db.models import QuerySet
from django.http import Http404

from departments.access import require_administrator
from departments.models import User
from notifications.models import MailQuerySet, OutgoingMail, ReminderRule


def visible_mails(user: User, on: date) -> MailQuerySet:
    """All mails, newest first, without their bytes; Http404 for everybody but administrators."""
    require_administrator(user, on)
    return OutgoingMail.objects.select_related("recipient").defer("raw")


def get_mail(user: User, pk: int, on: date) -> OutgoingMail:
    """One mail with its bytes and its bounce, or Http404."""
    found = visible_mails(user, on).select_related("bounce").defer(None).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def visible_rules(user: User, on: date) -> QuerySet[ReminderRule]:
    """The rules of reminding; Http404 for everybody but administrators."""
    require_administrator(user, on)
    return ReminderRule.objects.all()


def get_rule(user: User, pk: int, on: date) -> ReminderRule:
    """One of them, or Http404."""
    found = visible_rules(user, on).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
