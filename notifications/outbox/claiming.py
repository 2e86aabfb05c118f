"""Claiming mails, marking them as begun, and settling how it went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from departments.prepared import change, change_all
from notifications import entries
from notifications.letters import message, writing
from notifications.letters.facts import Facts
from notifications.models import Bounce, CalendarEntry, MailItem, OutgoingMail, Reason, Status
from notifications.outbox.needs import still_needed

LEASE = timedelta(seconds=30)
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30)]  # the last again and again
WORDS = ("address", "subject", "dated", "message_id", "raw")


@dataclass(frozen=True)
class Claim:
    """A mail claimed at `now`, what it has to tell, the calendar entries that it states, and all else it needs."""

    mail: OutgoingMail
    items: Sequence[MailItem]
    stated: Sequence[CalendarEntry]
    facts: Facts
    now: datetime


@transaction.atomic
def claim(now: datetime, *, limit: int) -> list[Claim]:
    """Take the next mails that are due, at most so many; none when there are none.

    Each comes back either SENDING and leased, to be put into words, begun and handed over at once; or ended, because
    nobody needs it any more. Mails whose sender died come first, so that they do not wait behind a backlog. Puts
    nothing into words: on SQLite nobody else can write until this is done.
    """
    mails = _next(now, limit)
    if not mails:
        return []
    needed = still_needed(mails, now)
    dead = Bounce.objects.dead(mail.recipient.email for mail in mails)
    lease = timezone.now() + LEASE
    for mail in mails:
        _take(mail, _end_of(mail, needed[mail.pk], dead, now), lease)
    _write(mails)
    stated = _stated({mail: needed[mail.pk] for mail in mails if mail.status == Status.SENDING}, now)
    facts = Facts([mail.recipient for mail in mails], timezone.localdate(now))
    return [Claim(mail, needed[mail.pk], stated.get(mail.pk, ()), facts, now) for mail in mails]


def _next(now: datetime, limit: int) -> list[OutgoingMail]:
    rows = OutgoingMail.objects.select_for_update(skip_locked=True, of=("self",)).select_related("recipient")
    interrupted = rows.filter(lease_until__lt=timezone.now()).order_by("lease_until", "pk")
    due = rows.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    found = list(interrupted[:limit])
    return found + list(due[: limit - len(found)]) if len(found) < limit else found


def _take(mail: OutgoingMail, end: tuple[Status, Reason] | None, lease: datetime) -> None:
    was_begun = mail.status == Status.SENDING and mail.may_have_arrived
    mail.status, mail.reason = end or (Status.SENDING, Reason.INTERRUPTED if was_begun else mail.reason)
    mail.lease_until = lease if mail.status == Status.SENDING else None
    mail.attempts += 1


def _write(mails: Iterable[OutgoingMail]) -> None:
    """Write down the status of mails just taken, those that have it in common at once."""
    alike: dict[tuple[str, str, datetime | None], list[int]] = defaultdict(list)
    for mail in mails:
        alike[mail.status, mail.reason, mail.lease_until].append(mail.pk)
    for (status, reason, lease), pks in alike.items():
        OutgoingMail.objects.filter(pk__in=pks).update(
            status=status, reason=reason, attempts=F("attempts") + 1, next_attempt_at=None, lease_until=lease
        )


def _end_of(
    mail: OutgoingMail, needed: Sequence[MailItem], dead: set[str], now: datetime
) -> tuple[Status, Reason] | None:
    """How a mail ends that need not or cannot be sent; None for one that is to be sent."""
    if not mail.recipient.is_active:
        return Status.CANCELLED, Reason.INACTIVE
    if not needed:
        return Status.CANCELLED, Reason.DONE
    if not mail.recipient.email:
        return Status.FAILED, Reason.NO_ADDRESS
    if mail.recipient.email in dead:
        return Status.FAILED, Reason.DEAD_ADDRESS
    if mail.expires_at <= now:
        return Status.EXPIRED, Reason.TOO_LATE
    return None


def _stated(mails: Mapping[OutgoingMail, Sequence[MailItem]], now: datetime) -> dict[int, list[CalendarEntry]]:
    """Mail id → the calendar entries that it states, written down; of those whose words are not for good yet."""
    open_ones = {mail: items for mail, items in mails.items() if not mail.may_have_arrived}
    if not open_ones:
        return {}
    stated = entries.outstanding(open_ones, timezone.localdate(now))
    entries.keep(entry for theirs in stated.values() for entry in theirs)
    return stated


def put_into_words(claim: Claim) -> None:
    """Make the mail's bytes, or make them anew if the server surely has not got it and the words have changed.

    Nothing is written down before `begin`.
    """
    mail = claim.mail
    if mail.may_have_arrived:
        return
    text = writing.write(mail, claim.items, claim.facts, claim.stated)
    if mail.raw and mail.address == mail.recipient.email and text == message.read(bytes(mail.raw)):
        return
    mail.address, mail.subject, mail.dated = mail.recipient.email, text.subject, claim.now
    mail.message_id = message.new_id()
    mail.raw = message.freeze(mail, text)


def begin(mails: Sequence[OutgoingMail]) -> bool:
    """Write down the bytes of these mails for good, all at once; False, and nothing written, if one is ours no more.

    From here on each of them may have arrived until `settle` or `put_back` says that it has not. In the order of
    `held`, as `put_back`.
    """
    changes = [
        ({name: getattr(mail, name) for name in WORDS} | {"may_have_arrived": True}, _ours(mail))
        for mail in _in_order(mails)
    ]
    with transaction.atomic():
        are_ours = change_all(OutgoingMail, changes) == len(changes)
        transaction.set_rollback(not are_ours)
    return are_ours


def is_well_leased(mail: OutgoingMail) -> bool:
    """Whether the lease of the claim lasts until it is renewed. Asked just before the mail is handed over.

    Whoever was stopped since the claim may not go on: when the lease runs out, somebody else sends the mail.
    """
    return mail.lease_until is not None and timezone.now() < mail.lease_until - LEASE / 2


def renew(mail: OutgoingMail) -> bool:
    """Keep the lease for another while; False when somebody else has taken the mail over."""
    return _change(mail, {"lease_until": timezone.now() + LEASE})


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
    # Every moment spent here is one in which being killed makes a duplicate. PostgreSQL takes it to the disk by itself
    # within a second: a power cut that undoes it makes duplicates of what went out in that second, byte for byte.
    return _change(mail, changes, at_leisure=True)


@transaction.atomic
def put_back(mails: Iterable[OutgoingMail]) -> None:
    """Let mails that were claimed and not handed over wait as before; whose lease has passed on are somebody else's.

    `attempts` goes down again, for it tells how long to wait after a refusal. It still fences: only the one who made
    it that high takes it back, and forgets the mail. In the order of `held`: somebody may hold these rows because of
    what they were before. The bytes stay, and are made anew if the words have changed by then.
    """
    for mail in _in_order(mails):
        was_tried = Status.RETRY if mail.attempts > 1 else Status.PENDING
        changes = {
            "status": Status.UNCERTAIN if mail.may_have_arrived else was_tried,
            "attempts": mail.attempts - 1,
            "next_attempt_at": mail.created_at,  # before all that was queued after it
            "lease_until": None,
            "may_have_arrived": mail.may_have_arrived,
        }
        _change(mail, changes)


def _in_order(mails: Iterable[OutgoingMail]) -> list[OutgoingMail]:
    """As `held` locks them."""
    return sorted(mails, key=lambda mail: mail.pk, reverse=True)


def _change(mail: OutgoingMail, values: Mapping[str, Any], *, at_leisure: bool = False) -> bool:
    """Change the row as long as this claim is the latest one; False when it is not."""
    return change(OutgoingMail, values, at_leisure=at_leisure, **_ours(mail))


def _ours(mail: OutgoingMail) -> dict[str, Any]:
    """What the row says as long as this claim is the latest one."""
    return {"id": mail.pk, "status": Status.SENDING, "attempts": mail.attempts}
