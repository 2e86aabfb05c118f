"""Whether what a mail was queued to tell is still worth telling, and still for its person to know."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils import timezone

from departments.access import Rights, keep_rights, rights
from departments.models import Department
from notifications.audiences import Cast
from notifications.models import MailItem, OutgoingMail
from workflows.access import Sight, sight_by
from workflows.models import Event, Review
from workflows.standing import is_turn_of


def still_needed(mails: Sequence[OutgoingMail], now: datetime) -> dict[int, list[MailItem]]:
    """Mail id → its items that are, with all their rows; the others are marked as left out.

    A handful of queries, however many mails; the rights of the recipients are known afterwards.
    """
    on = timezone.localdate(now)
    keep_rights([mail.recipient for mail in mails], on)
    told: dict[int | None, list[MailItem]] = defaultdict(list)
    for item in _whole(MailItem.objects.filter(mail__in=mails, left_out=False)):
        told[item.mail_id].append(item)
    informed = _informed((item for items in told.values() for item in items), on)
    needed, left = {}, set()
    for mail in mails:
        known = rights(mail.recipient, on)
        needed[mail.pk] = [
            item for item in told[mail.pk] if _is_needed(item, known, (item.pk, mail.recipient_id) in informed)
        ]
        left |= {item.pk for item in told[mail.pk]} - {item.pk for item in needed[mail.pk]}
    if left:
        MailItem.objects.filter(pk__in=left).update(left_out=True)
    return needed


def _informed(items: Iterable[MailItem], on: date) -> set[tuple[int, int]]:
    """Item id and person id, of those items that a rule tells for information, for whoever is of its audience now."""
    rules = [item for item in items if item.audience and not item.asks]
    if not rules:
        return set()
    departments = Department.objects.filter(pk__in={item.review.department_id for item in rules})
    audiences = {item.audience for item in rules}
    cast = Cast(departments.order_by().values("pk"), audiences=audiences, stages=(), on=on)
    return {(item.pk, who.user_id) for item in rules for who in cast.members(item.audience, item.review.department_id)}


def _whole(items: Iterable[MailItem]) -> list[MailItem]:
    """The items with all their rows; each row once, for mails often tell of the same, and reminders of no event."""
    items = list(items)
    reviews = Review.objects.with_names().in_bulk({item.review_id for item in items})
    told = {item.event_id for item in items if item.event_id is not None}
    events = Event.objects.select_related("by", "on_behalf_of").in_bulk(told) if told else {}
    for event in events.values():
        event.review = reviews[event.review_id]
    for item in items:
        item.review, item.event = reviews[item.review_id], events.get(item.event_id)
    return items


def _is_needed(item: MailItem, known: Rights, is_informed: bool) -> bool:
    """`known`: the rights of the mail's recipient; `is_informed`: they are whom a rule tells for information."""
    if item.task_id is not None and item.task_id != item.review.task_id:
        return False
    if item.asks:
        return is_turn_of(known, item.review)
    # What a rule tells for information (who is late where) are no words of the review: its reader need not read that.
    return is_informed if item.audience else sight_by(known, item.review) > Sight.NOTHING
