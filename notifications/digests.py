"""The one mail that a person gets a day (本日のお知らせ), and what waits for it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from notifications import choices, outbox
from notifications.models import MailItem, MailKind, OutgoingMail
from notifications.moments import last_moment, midnight
from notifications.outbox import BATCH, GIVE_UP_AFTER, Draft

# What somebody asks of a person by a click never waits.
AT_ONCE = (MailKind.NUDGED,)

Told = dict[int, list[MailItem]]  # person id → what they are to be told


def hold(drafts: Sequence[Draft], *, on: date) -> list[Draft]:
    """The drafts that go at once; what the others were to tell waits for the person's next mail of the day.

    So some people chose it; and for who rests, what only informs waits until they are back.
    """
    daily = choices.daily({draft.mail.recipient_id for draft in drafts})
    resting = choices.resting(on)
    going, waiting = [], Told()
    for draft in drafts:
        person, asks = draft.mail.recipient_id, any(item.asks for item in draft.items)
        if draft.mail.kind not in AT_ONCE and (person in daily or (person in resting and not asks)):
            waiting.setdefault(person, []).extend(draft.items)
        else:
            going.append(draft)
    _keep(waiting)
    return going


def queue_digests(items: Mapping[int, Sequence[MailItem]], *, today: date, now: datetime) -> int:
    """Queue the day's mail of each person; returns how many. `items`: person id → the day's reasons for theirs.

    It takes in what waits for it. Who still has one unsent from before gets all that in that one; who had theirs
    today, because it was late, gets it in the next one. Inside the caller's transaction, once a day.
    """
    resting = choices.resting(today)
    fresh = _without_rest(items, resting)
    waiting = _waiting(resting)
    people = fresh.keys() | waiting.keys()
    unsent, served = _standing(today)
    unsent = {person: mail for person, mail in unsent.items() if person in people}
    _keep({person: fresh[person] for person in fresh.keys() & served})
    outbox.join({mail: fresh.get(person, []) for person, mail in unsent.items()}, now=now)
    new = {person: _new(person, today) for person in sorted(people - unsent.keys() - served)}
    queued = outbox.queue([Draft(mail, fresh.get(person, [])) for person, mail in new.items()], now=now)
    _move(waiting, unsent | _rows(new))
    return queued


def _keep(told: Mapping[int, Iterable[MailItem]]) -> None:
    """Let new items wait for the next mail of the day of each person."""
    for person, items in told.items():
        for item in items:
            item.waits_for_id = person
    MailItem.objects.bulk_create(
        [item for items in told.values() for item in items], batch_size=BATCH, ignore_conflicts=True
    )


def _without_rest(items: Mapping[int, Sequence[MailItem]], resting: frozenset[int]) -> Told:
    """The items, but for what only informs somebody who rests; that waits until they are back."""
    _keep({person: [item for item in items[person] if not item.asks] for person in items.keys() & resting})
    told = {person: [item for item in theirs if item.asks or person not in resting] for person, theirs in items.items()}
    return {person: theirs for person, theirs in told.items() if theirs}


def _waiting(resting: frozenset[int]) -> Told:
    """What waits for the mail of today, oldest first."""
    rows = MailItem.objects.filter(mail=None).exclude(waits_for__in=resting, asks=False)
    return {
        person: list(items) for person, items in groupby(rows.order_by("waits_for", "pk"), attrgetter("waits_for_id"))
    }


def _standing(today: date) -> tuple[dict[int, OutgoingMail], set[int]]:
    """The mails of the day that certainly have not reached their person; who else was, or is being, sent one today.

    All that are open are locked first, so that none of them passes from one to the other meanwhile; and with them those
    that lacked an address, so that none of them comes back beside a new one. In one go, which keeps the order.
    """
    digests = OutgoingMail.objects.filter(kind=MailKind.DIGEST).defer("raw")
    missed = digests.missed().filter(created_at__gt=midnight(today) - GIVE_UP_AFTER)
    held = list((digests.open() | missed).held())
    unsent = {mail.recipient_id: mail for mail in held if mail.is_unsent}
    sent = digests.filter(sent_at__range=(midnight(today), last_moment(today)))
    served = set(sent.values_list("recipient", flat=True))
    served |= {mail.recipient_id for mail in held if mail.lease_until}
    return unsent, served - unsent.keys()


def _new(person: int, today: date) -> OutgoingMail:
    return OutgoingMail(key=f"digest:{person}:{today}", kind=MailKind.DIGEST, recipient_id=person)


def _rows(mails: Mapping[int, OutgoingMail]) -> dict[int, OutgoingMail]:
    """The mails as they are in the outbox, by person."""
    rows = OutgoingMail.objects.defer("raw").in_bulk([mail.key for mail in mails.values()], field_name="key")
    return {row.recipient_id: row for row in rows.values()}


def _move(waiting: Told, mails: Mapping[int, OutgoingMail]) -> None:
    """Put what waits into the mail of its person, where there is one."""
    moved = []
    for person in waiting.keys() & mails.keys():
        for item in waiting[person]:
            item.mail, item.waits_for = mails[person], None
            moved.append(item)
    MailItem.objects.bulk_update(moved, ["mail", "waits_for"], batch_size=BATCH)
