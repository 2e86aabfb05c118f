"""The one mail that a person gets a day (本日のお知らせ)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from notifications import outbox
from notifications.models import MailItem, MailKind, OutgoingMail


def queue_digests(items: Mapping[int, Sequence[MailItem]], *, today: date, now: datetime) -> int:
    """Queue the day's mail of each person; returns how many. `items`: person id → the reasons for theirs.

    Who still has one waiting from before gets these reasons in that one.
    """
    waiting = outbox.unsent(MailKind.DIGEST, items)
    outbox.join({waiting[user_id]: list(items[user_id]) for user_id in waiting}, now=now)
    fresh = [
        outbox.Draft(
            OutgoingMail(key=f"digest:{user_id}:{today}", kind=MailKind.DIGEST, recipient_id=user_id), list(reasons)
        )
        for user_id, reasons in items.items()
        if user_id not in waiting
    ]
    return outbox.queue(fresh, now=now)
