"""Who may read the outbox: those who keep the system running, and nobody else."""

from datetime import date

from django.http import Http404

from departments.access import require_administrator
from departments.models import User
from notifications.models import MailQuerySet, OutgoingMail


def visible_mails(user: User, on: date) -> MailQuerySet:
    """All mails, newest first, without their bytes; Http404 for everybody but administrators."""
    require_administrator(user, on)
    return OutgoingMail.objects.select_related("recipient").defer("raw")


def get_mail(user: User, pk: int, on: date) -> OutgoingMail:
    """One mail with its bytes, or Http404."""
    found = visible_mails(user, on).defer(None).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
