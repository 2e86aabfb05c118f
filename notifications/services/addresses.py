"""What the office does about addresses that mails came back from."""

from datetime import datetime

import structlog
from django.db import transaction

from departments.models import User
from notifications.bounces.reading import revive
from notifications.models import Bounce

log = structlog.get_logger("meguru.mail")


@transaction.atomic
def settle_address(*, by: User, address: str, now: datetime) -> bool:
    """The office has looked into the address: its bounces no longer count, and what it missed is sent.

    False, and nothing changed, when there was nothing to settle.
    """
    settled = bool(Bounce.objects.unsettled().filter(address=address).update(settled_at=now))
    if settled:
        revive(now=now)
        log.info("bounced address settled", address=address, by=by.pk)
    return settled
