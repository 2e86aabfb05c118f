"""From reports to the outbox: which mails came back, and which can be tried again."""

import time
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from notifications.bounces import mailbox, report
from notifications.models import Bounce, BounceBox, MailItem, MailKind, OutgoingMail, Status
from notifications.models.mails import WAITING
from notifications.outbox import GIVE_UP_AFTER

log = structlog.get_logger("meguru.mail")

SECONDS = 30  # that one go may take: anybody can send anything there, and mails go out between two goes


def sweep(*, now: datetime) -> int:
    """Read the reports, then queue again what can be sent by now; returns how many mails turn out to have come back."""
    came_back = read_bounces(now=now)
    revive(now=now)
    return came_back


def read_bounces(*, now: datetime) -> int:
    """Read the reports in the bounce mailbox; returns how many mails turn out to have come back.

    Why the mailbox could not be read is kept for the mail page; the next time it is tried again, and what there was no
    time for is read. Reading a report twice, or by two processes at once, is harmless.
    """
    if not settings.BOUNCE_URL:
        return 0
    count, error, stop_at = 0, "", time.monotonic() + SECONDS
    try:
        for raw in mailbox.mails(settings.BOUNCE_URL):
            if time.monotonic() >= stop_at:
                break
            found = report.read(raw)
            count += found is not None and note(found, now=now)
    except mailbox.MailboxError as failure:
        error = str(failure)
        log.error("bounce mailbox cannot be read", error=error)
    BounceBox.objects.update_or_create(pk=BounceBox.ONLY, defaults={"at": now, "error": error})
    return count


@transaction.atomic
def note(found: report.Report, *, now: datetime) -> bool:
    """Write down that a mail came back, if the report says so of one of ours, and never send that mail again.

    It may be on its way once more, or wait for it because nobody knew whether it had left: a report proves that it had.
    """
    rows = OutgoingMail.objects.select_for_update().defer("raw")
    mail = rows.filter(message_id=found.message_id).exclude(status=Status.BOUNCED).first()
    fate = found.failure(mail.address) if mail else None
    if mail is None or fate is None:
        return False
    Bounce.objects.create(
        mail=mail, address=mail.address, status=fate.status, is_hard=fate.is_hard, words=fate.words, at=now
    )
    mail.status, mail.reason, mail.last_error = Status.BOUNCED, "", fate.words
    mail.next_attempt_at = mail.lease_until = None
    mail.sent_at = mail.sent_at or now
    mail.save(update_fields=["status", "reason", "last_error", "next_attempt_at", "lease_until", "sent_at"])
    log.warning("mail came back", mail=mail.pk, status=fate.status)
    return True


@transaction.atomic
def revive(*, now: datetime) -> int:
    """Queue again what could not be sent to people who have an address by now, or one that works; returns how many.

    Only what is still young. Of the mails of the day the newest of a person's says all there is to do, and none goes
    out that is older than another; what else it was to tell waits for the next one.
    """
    missed = OutgoingMail.objects.filter(pk__in=_locked(now))
    since = OutgoingMail.objects.filter(Q(status__in=[*WAITING, Status.SENDING, Status.SENT]) | Q(pk__in=missed))
    newer = since.filter(kind=MailKind.DIGEST, recipient=OuterRef("recipient"), pk__gt=OuterRef("pk"))
    overtaken = list(missed.filter(Exists(newer), kind=MailKind.DIGEST).values_list("pk", flat=True))
    person = OutgoingMail.objects.filter(pk=OuterRef("mail")).values("recipient")
    left = MailItem.objects.filter(mail__in=overtaken, left_out=False).exclude(asks=True, event=None)
    left.update(waits_for=Subquery(person), mail=None)
    return missed.exclude(pk__in=overtaken).update(
        status=Status.PENDING, reason="", next_attempt_at=now, expires_at=now + GIVE_UP_AFTER
    )


def _locked(now: datetime) -> list[int]:
    """The ids of those mails, their rows locked for this transaction: no mail of the day is queued meanwhile."""
    rows = OutgoingMail.objects.missed().filter(created_at__gt=now - GIVE_UP_AFTER, recipient__is_active=True)
    rows = rows.exclude(recipient__email="")
    addresses = set(rows.order_by().values_list("recipient__email", flat=True).distinct())
    again = rows.filter(recipient__email__in=addresses - Bounce.objects.dead(addresses))
    return list(again.held().values_list("pk", flat=True))
