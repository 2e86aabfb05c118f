"""From what happened to who is told: pending events become mails in the outbox."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from notifications.models import MailItem, MailKind, OutgoingMail
from notifications.rules import recipients, rule_for
from workflows.models import Event, EventKind, PendingEvent

CHUNK = 500


def dispatch(*, now: datetime) -> int:
    """Queue the mails about all pending events; returns how many mails. Running twice at once is harmless."""
    queued = 0
    while (chunk := _dispatch_chunk(now)) is not None:
        queued += chunk
    return queued


@transaction.atomic
def _dispatch_chunk(now: datetime) -> int | None:
    """Queue the mails about some events and forget that they were pending, as one; None when there are none."""
    events = _claim_events()
    if not events:
        return None
    queued = outbox.queue(_mails_about(events, now), now=now)
    PendingEvent.objects.filter(pk__in=[event.pk for event in events]).delete()
    return queued


def _claim_events() -> list[Event]:
    """The oldest pending events, locked; openings come first and all of a checkpoint's together.

    Only so does a person with plans in many departments get one mail about an opened checkpoint.
    """
    queue = (
        PendingEvent.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event__review__plan", "event__review__checkpoint")
        .order_by("pk")
    )
    opened = queue.filter(event__kind=EventKind.OPENED)
    first = opened.first()
    chunk = opened.filter(event__review__checkpoint=first.event.review.checkpoint) if first else queue[:CHUNK]
    return [pending.event for pending in chunk]


def _mails_about(events: Iterable[Event], now: datetime) -> list[outbox.Draft]:
    """One mail for each person about the events of a kind that ask for the same at a checkpoint."""
    events = list(events)
    people = recipients(events, timezone.localdate(now))
    told: dict[tuple[int, str, int, str], list[Event]] = defaultdict(list)
    for event in events:
        for user in people.get(event.pk, []):
            told[user.pk, event.kind, event.review.checkpoint_id, event.data.get("to", "")].append(event)
    return [
        outbox.Draft(
            OutgoingMail(key=f"{kind}:{about[0].pk}:{user_id}", kind=MailKind(kind), recipient_id=user_id),
            [_item(event, user_id) for event in about],
        )
        for (user_id, kind, *_same), about in told.items()
    ]


def _item(event: Event, user_id: int) -> MailItem:
    return MailItem(
        key=f"event:{event.pk}:{user_id}",
        review_id=event.review_id,
        event=event,
        task_id=event.review.task_id if rule_for(event).asks else None,
    )
