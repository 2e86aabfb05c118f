"""Claiming mails, marking them as begun, and settling how it went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from departments.prepared import change
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


def begin(mail: OutgoingMail) -> bool:
    """Write down its bytes for good, just before they are handed over; False when it is no longer ours to send.

    From here on the mail may have arrived until `settle` says that it has not. Whoever was stopped since the claim, or
    in here, may not go on: when the lease runs out, somebody else sends the mail.
    """
    words = {name: getattr(mail, name) for name in WORDS}
    return _is_well_leased(mail) and _change(mail, {**words, "may_have_arrived": True}) and _is_well_leased(mail)


def _is_well_leased(mail: OutgoingMail) -> bool:
    """Whether the lease of the claim lasts until it is renewed."""
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
    # Every moment spent here is one in which being killed makes a duplicate. A power cut that undoes it costs the same
    # one duplicate as a power cut just before, no more: the next `begin` or `claim` takes it to the disk.
    return _change(mail, changes, at_leisure=True)


@transaction.atomic
def put_back(mails: Iterable[OutgoingMail]) -> None:
    """Let mails that were claimed and not begun wait as before; whose lease has passed to somebody else are theirs.

    `attempts` goes down again, for it tells how long to wait after a refusal. It still fences: only the one who made
    it that high takes it back, and forgets the mail. In the order of `held`: somebody may hold these rows because of
    what they were before.
    """
    for mail in sorted(mails, key=lambda mail: mail.pk, reverse=True):
        was_tried = Status.RETRY if mail.attempts > 1 else Status.PENDING
        changes = {
            "status": Status.UNCERTAIN if mail.may_have_arrived else was_tried,
            "attempts": mail.attempts - 1,
            "next_attempt_at": mail.created_at,  # before all that was queued after it
            "lease_until": None,
        }
        _change(mail, changes)


def _change(mail: OutgoingMail, values: Mapping[str, Any], *, at_leisure: bool = False) -> bool:
    """Change the row as long as this claim is the latest one; False when it is not."""
    where = {"id": mail.pk, "status": Status.SENDING, "attempts": mail.attempts}
    return change(OutgoingMail, values, at_leisure=at_leisure, **where)
