"""From what happened to who is told: pending events become mails in the outbox."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from notifications.all_in import AllIn, complete_by
from notifications.digests import hold
from notifications.models import MailItem, MailKind, OutgoingMail
from notifications.recipients import recipients
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
    today = timezone.localdate(now)
    queued = _queue(hold(_mails_about(events, now), on=today), events[0], now)
    queued += outbox.queue([_all_in(one) for one in complete_by(events, today)], now=now)
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
    """One mail for each person about the events of a kind that say the same to them at a checkpoint."""
    events = list(events)
    people = recipients(events, timezone.localdate(now))
    told: dict[tuple[int, str, int, str, bool], list[Event]] = defaultdict(list)
    for event in events:
        for user, asks in people[event.pk]:
            told[user.pk, event.kind, event.review.checkpoint_id, event.data.get("to", ""), asks].append(event)
    return [
        outbox.Draft(
            OutgoingMail(key=f"{kind}:{about[0].pk}:{user_id}", kind=MailKind(kind), recipient_id=user_id),
            [_item(event, user_id, asks) for event in about],
        )
        for (user_id, kind, _checkpoint, _to, asks), about in told.items()
    ]


def _item(event: Event, user_id: int, asks: bool) -> MailItem:
    return MailItem(
        key=f"event:{event.pk}:{user_id}",
        review_id=event.review_id,
        event=event,
        task_id=event.review.task_id if asks else None,
        asks=asks,
    )


def _all_in(told: AllIn) -> outbox.Draft:
    """One mail a checkpoint and person, by its key, whoever else finds at the same time that nothing is left."""
    item = MailItem(
        key=told.key,
        review_id=told.event.review_id,
        event=told.event,
        audience=told.rule.audience,
        text=told.rule.text,
    )
    return outbox.Draft(OutgoingMail(key=told.key, kind=MailKind.ALL_IN, recipient_id=told.user_id), [item])


def _queue(drafts: Sequence[outbox.Draft], first: Event, now: datetime) -> int:
    """Queue the mails; returns how many.

    A checkpoint opens in steps: a mail that still waits from one takes in what the next has for the same person.
    """
    by_person = {draft.mail.recipient_id: draft for draft in drafts} if first.kind == EventKind.OPENED else {}
    waiting = outbox.unsent(MailKind.OPENED, by_person, checkpoint_id=first.review.checkpoint_id)
    outbox.join({mail: by_person[user_id].items for user_id, mail in waiting.items()}, now=now)
    return outbox.queue([draft for draft in drafts if draft.mail.recipient_id not in waiting], now=now)
