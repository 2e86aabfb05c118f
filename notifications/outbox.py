"""The rows of the outbox: queueing, claiming, freezing and settling mails.

A mail is claimed by one sender at a time, under a lease that the sender renews while it talks to the mail server. A
lease that ran out means that the sender died: the mail goes out again, as the very same bytes. Leases are about
processes and so use the machine's clock; everything else happens at the `now` that is passed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from notifications import entries
from notifications.letters import message, writing
from notifications.models import Bounce, MailItem, MailKind, MailQuerySet, OutgoingMail, Reason, Status
from workflows.access import visible_reviews, waiting_for

LEASE = timedelta(seconds=30)
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30)]  # the last again and again
GIVE_UP_AFTER = timedelta(days=7)  # longer than a mail server is ever away over a long weekend
BATCH = 500
CLAIMED = ["status", "reason", "attempts", "next_attempt_at", "lease_until", "may_have_arrived"]
CLAIMED += ["address", "subject", "dated", "message_id", "raw"]


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
    rows = OutgoingMail.objects.select_for_update().filter(
        kind=kind, recipient__in=list(user_ids), next_attempt_at__isnull=False, may_have_arrived=False
    )
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
def claim(now: datetime) -> OutgoingMail | None:
    """Take the next mail that is due; None when there is none.

    It comes back either SENDING, frozen and leased, to be handed to the mail server; or ended, because nobody needs
    it any more. Mails whose sender died come first, so that they do not wait behind a backlog.
    """
    mail = _next(now)
    if mail is None:
        return None
    if mail.status == Status.SENDING:
        mail.may_have_arrived, mail.reason = True, Reason.INTERRUPTED
    mail.attempts += 1
    mail.next_attempt_at, mail.lease_until = None, None
    needed = _items_still_needed(mail, now)
    mail.status, mail.reason = _end_of(mail, needed, now) or (Status.SENDING, mail.reason)
    if mail.status == Status.SENDING:
        mail.lease_until = timezone.now() + LEASE
        _freeze(mail, needed, now)
    mail.save(update_fields=CLAIMED)
    return mail


def _next(now: datetime) -> OutgoingMail | None:
    rows = OutgoingMail.objects.select_for_update(skip_locked=True, of=("self",)).select_related("recipient")
    interrupted = rows.filter(lease_until__lt=timezone.now()).order_by("lease_until")
    due = rows.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    return interrupted.first() or due.first()


def _items_still_needed(mail: OutgoingMail, now: datetime) -> list[MailItem]:
    """What is still worth telling, and still for the person to know; the rest is marked as left out."""
    items, on = list(mail.items.with_names()), timezone.localdate(now)
    asking = [item.review_id for item in items if item.asks]
    telling = [item.review_id for item in items if not item.asks]
    waiting = waiting_for(mail.recipient, on).filter(pk__in=asking) if asking else []
    open_tasks = {review.task_id for review in waiting}
    readable = visible_reviews(mail.recipient, on).filter(pk__in=telling) if telling else []
    needed = open_tasks, {review.pk for review in readable}
    left = [item for item in items if not _is_needed(item, *needed)]
    for item in left:
        item.left_out = True
    MailItem.objects.bulk_update(left, ["left_out"])
    return [item for item in items if not item.left_out]


def _is_needed(item: MailItem, open_tasks: set[int | None], readable: set[int]) -> bool:
    if item.asks:
        return item.task_id in open_tasks
    if item.task_id is not None and item.task_id != item.review.task_id:
        return False
    # What a rule tells for information (who is late where) are no words of the review: its reader need not read that.
    return bool(item.audience) or item.review_id in readable


def _end_of(mail: OutgoingMail, needed: list[MailItem], now: datetime) -> tuple[Status, Reason] | None:
    """How a mail ends that need not or cannot be sent; None for one that is to be sent."""
    if not mail.recipient.is_active:
        return Status.CANCELLED, Reason.INACTIVE
    if not needed:
        return Status.CANCELLED, Reason.DONE
    if not mail.recipient.email:
        return Status.FAILED, Reason.NO_ADDRESS
    if Bounce.objects.dead([mail.recipient.email]):
        return Status.FAILED, Reason.DEAD_ADDRESS
    if mail.expires_at <= now:
        return Status.EXPIRED, Reason.TOO_LATE
    return None


def _freeze(mail: OutgoingMail, items: list[MailItem], now: datetime) -> None:
    """Put the mail into bytes for good, or anew if the server surely has not got it and the words have changed."""
    if mail.may_have_arrived:
        return
    stated = entries.outstanding({mail: items}, timezone.localdate(now))[mail.pk]
    entries.keep(stated)
    text = writing.write(mail, items, now, stated)
    if mail.raw and mail.address == mail.recipient.email and text == message.read(bytes(mail.raw)):
        return
    mail.address, mail.subject, mail.dated = mail.recipient.email, text.subject, now
    mail.message_id = message.new_id()
    mail.raw = message.freeze(mail, text)


def renew(mail: OutgoingMail) -> bool:
    """Keep the lease for another while; False when somebody else has taken the mail over."""
    return bool(_mine(mail).update(lease_until=timezone.now() + LEASE))


def settle(mail: OutgoingMail, status: Status, error: str, now: datetime) -> bool:
    """Write down how the attempt ended; False, and nothing written, when the mail is no longer ours."""
    again = now + BACKOFF[min(mail.attempts, len(BACKOFF)) - 1] if status.is_waiting else None
    changes = {
        "status": status,
        "last_error": error,
        "reason": "",
        "next_attempt_at": again,
        "lease_until": None,
        "sent_at": now if status == Status.SENT else None,
        "may_have_arrived": mail.may_have_arrived or status == Status.UNCERTAIN,
    }
    return bool(_mine(mail).update(**changes))


def _mine(mail: OutgoingMail) -> MailQuerySet:
    """The row, as long as this claim is the latest one."""
    return OutgoingMail.objects.filter(pk=mail.pk, status=Status.SENDING, attempts=mail.attempts)


def postpone(now: datetime) -> None:
    """The mail server is away: nothing is tried for a minute, by nobody, whatever is due."""
    until = now + BACKOFF[0]
    OutgoingMail.objects.filter(next_attempt_at__lt=until).update(next_attempt_at=until)


def pending_count() -> int:
    """How many mails are waiting or being sent."""
    return OutgoingMail.objects.open().count()
