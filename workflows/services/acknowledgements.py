"""Reading afterwards what was done in one's place (後閲)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.models import User
from workflows import history
from workflows.access import Sight, sight
from workflows.errors import NotAllowed
from workflows.models import Acknowledgement, Event, EventKind
from workflows.services.reviews import locked_row


@transaction.atomic
def acknowledge(*, event_id: int, by: User, now: datetime) -> bool:
    """Put on record that the person has read what was done in their place; False where that is on record already.

    Raises NotAllowed for everybody else, and where the person may no longer read what was submitted.
    """
    event = Event.objects.get(pk=event_id)
    if event.on_behalf_of_id != by.pk:
        raise NotAllowed(_("Only the person in whose place it was done can say that they have read it."))
    review = locked_row(event.review_id)
    if sight(by, review, timezone.localdate(now)) < Sight.SUBMISSIONS:
        raise NotAllowed(_("You may not do this."))
    if Acknowledgement.objects.filter(event=event).exists():
        return False
    Acknowledgement.objects.create(event=event, at=now)
    history.record(review, EventKind.ACKNOWLEDGED, by=by, at=now, data={"event": event.sequence})
    return True
