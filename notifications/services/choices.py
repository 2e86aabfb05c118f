"""What a person chooses about their own mails."""

import structlog
from django.db import transaction

from departments.models import User
from notifications.models import MailChoice

log = structlog.get_logger("meguru.mail")


@transaction.atomic
def choose(*, by: User, events: str, pauses: bool, calendar: bool) -> MailChoice:
    """Keep how the person wants their mails (通知の設定). `events`: a `Pace`; what waits by now still goes together."""
    chosen = {"events": events, "pauses": pauses, "calendar": calendar}
    row, _is_new = MailChoice.objects.update_or_create(user=by, defaults=chosen)
    log.info("mail choice changed", person=by.pk, by=by.pk, **chosen)
    return row
