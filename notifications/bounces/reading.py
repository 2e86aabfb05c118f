"""From reports to the outbox: which mails came back, and which can be tried again."""

from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from notifications.bounces import mailbox, report
from notifications.models import Bounce, BounceBox, MailKind, MailQuerySet, OutgoingMail, Reason, Status
from notifications.outbox import GIVE_UP_AFTER

log = structlog.get_logger("meguru.mail")

COULD_NOT = (Reason.NO_ADDRESS, Reason.DEAD_ADDRESS)


def sweep(*, now: datetime) -> int:
    """Read the reports, then queue again what can be sent by now; returns how many mails turn out to have come back."""
    came_back = read_bounces(now=now)
    revive(now=now)
    return came_back


def read_bounces(*, now: datetime) -> int:
    """Read the reports in the bounce mailbox; returns how many mails turn out to have come back.

    Why the mailbox could not be read is kept for the mail page; the next time it is tried again. Reading a report
    twice, or by two processes at once, is harmless.
    """
    if not settings.BOUNCE_URL:
        return 0
    count, error = 0, ""
    try:
        for raw in mailbox.mails(settings.BOUNCE_URL):
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

    Of the mails about what is due only the newest of each person, as it says everything; of all, those still young.
    """
    rows = _missed().filter(created_at__gt=now - GIVE_UP_AFTER)
    addresses = set(rows.order_by().values_list("recipient__email", flat=True).distinct())
    working = addresses - Bounce.objects.dead(addresses)
    if not working:
        return 0
    newer = _missed().filter(kind=MailKind.DIGEST, recipient=OuterRef("recipient"), pk__gt=OuterRef("pk"))
    again = rows.filter(recipient__email__in=working).exclude(Exists(newer), kind=MailKind.DIGEST)
    ids = list(again.select_for_update(of=("self",)).values_list("pk", flat=True))
    return OutgoingMail.objects.filter(pk__in=ids).update(
        status=Status.PENDING, reason="", next_attempt_at=now, expires_at=now + GIVE_UP_AFTER
    )


def _missed() -> MailQuerySet:
    """Mails that ended because their person had no address that works."""
    rows = OutgoingMail.objects.filter(status=Status.FAILED, reason__in=COULD_NOT)
    return rows.filter(recipient__is_active=True).exclude(recipient__email="")
