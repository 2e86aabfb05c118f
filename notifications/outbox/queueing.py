"""Putting mails into the outbox, and adding to those that wait there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from notifications.models import MailItem, MailKind, OutgoingMail

GIVE_UP_AFTER = timedelta(days=7)  # longer than a mail server is ever away over a long weekend
PAUSE = timedelta(minutes=1)
BATCH = 500


@dataclass(frozen=True)
class Draft:
    """A mail to be queued and what it is to tell."""

    mail: OutgoingMail
    items: list[MailItem]


def queue(drafts: Iterable[Draft], *, now: datetime) -> int:
    """Put mails and their items into the outbox, skipping those it has by their keys; returns how many were given."""
    by_key = {draft.mail.key: draft for draft in drafts}
    for draft in by_key.values():
        draft.mail.created_at = draft.mail.next_attempt_at = now
        draft.mail.expires_at = now + GIVE_UP_AFTER
    OutgoingMail.objects.bulk_create([draft.mail for draft in by_key.values()], batch_size=BATCH, ignore_conflicts=True)
    rows = OutgoingMail.objects.defer("raw").in_bulk(list(by_key), field_name="key")
    _add_items({rows[key]: draft.items for key, draft in by_key.items()})
    return len(by_key)


def unsent(kind: MailKind, user_ids: Iterable[int], checkpoint_id: int | None = None) -> dict[int, OutgoingMail]:
    """Person id → their mail of the kind that certainly has not reached them yet, locked for this transaction.

    With `checkpoint_id`, only one that is about it.
    """
    rows = OutgoingMail.objects.unsent().filter(kind=kind, recipient__in=list(user_ids)).held()
    if checkpoint_id is not None:
        rows = rows.filter(Exists(MailItem.objects.filter(mail=OuterRef("pk"), review__checkpoint=checkpoint_id)))
    return {row.recipient_id: row for row in rows}


def join(items: dict[OutgoingMail, list[MailItem]], *, now: datetime) -> None:
    """Let waiting mails tell more, and give them the time to do so."""
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in items]).update(expires_at=now + GIVE_UP_AFTER)
    _add_items(items)


def _add_items(items: dict[OutgoingMail, list[MailItem]]) -> None:
    for mail, told in items.items():
        for item in told:
            item.mail = mail
    MailItem.objects.bulk_create(
        [item for told in items.values() for item in told], batch_size=BATCH, ignore_conflicts=True
    )


@transaction.atomic
def postpone(now: datetime) -> None:
    """The mail server is away: nothing is tried for a minute, by nobody, whatever is due.

    But for mails that somebody else is at just now: who waited for many rows would have them wait in turn.
    """
    until = now + PAUSE
    free = OutgoingMail.objects.filter(next_attempt_at__lt=until).select_for_update(skip_locked=True)
    OutgoingMail.objects.filter(pk__in=free.values("pk")).update(next_attempt_at=until)
