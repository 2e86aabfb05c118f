"""What has piled up while the mail server was away goes into the mail of the day, instead of many mails at once."""

from collections import Counter
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone

from notifications.models import MailItem, MailKind, OutgoingMail, Reason, Status
from notifications.moments import midnight
from notifications.outbox import BATCH


@transaction.atomic
def fold(*, now: datetime) -> int:
    """End the mails of everybody who has more than one waiting from before today; returns how many were ended.

    What they were to tell waits for the person's next mail of the day. A mail that may have arrived, or is being sent,
    is left alone, and so is a mail of the day, which the next one joins by itself. To be done before the day's run,
    which takes in what waits, and before anything is sent, whenever the mail server comes back.
    """
    rows = OutgoingMail.objects.unsent().filter(created_at__lt=midnight(timezone.localdate(now)))
    several = rows.order_by().values("recipient").annotate(mails=Count("pk")).filter(mails__gt=1).values("recipient")
    theirs = list(rows.filter(recipient__in=several).held().values_list("pk", "recipient", "kind"))
    # Counted again now that they are held: one may have been claimed meanwhile, and a single one is left as it is.
    counts = Counter(person for _pk, person, _kind in theirs)
    ended = [pk for pk, person, kind in theirs if counts[person] > 1 and kind != MailKind.DIGEST]
    left = iter(ended)
    while batch := list(islice(left, BATCH)):
        _end(batch)
    return len(ended)


def _end(mails: list[int]) -> None:
    person = OutgoingMail.objects.filter(pk=OuterRef("mail")).values("recipient")
    MailItem.objects.filter(mail__in=mails).update(waits_for=Subquery(person), mail=None)
    OutgoingMail.objects.filter(pk__in=mails).update(
        status=Status.CANCELLED, reason=Reason.MERGED, next_attempt_at=None
    )
