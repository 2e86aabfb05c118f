"""Due days in people's own calendars (期限の予定): what the next mail to each has to tell their calendar program."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from departments.models import User
from notifications.models import CalendarEntry, MailChoice, MailItem, OutgoingMail, Status
from workflows.access import actors
from workflows.models import Review

MOST = 50  # in one mail; what is left comes with the next that asks for it

Pair = tuple[int, int]  # ids of a person and a review
Known = dict[int, dict[int, CalendarEntry]]  # the rows, by id of the person and of the review


class Fact(NamedTuple):
    """A review that a person's calendar knows or should know; `due_on` is None when it does not wait for them."""

    review: Review
    due_on: date | None


def outstanding(mails: Mapping[OutgoingMail, Sequence[MailItem]], on: date) -> dict[int, list[CalendarEntry]]:
    """Mail id → the entries it has to state, as they stand once it is frozen: by day, cancelled ones last, often none.

    `mails`: those about to be put into words, in the order in which they leave, with what they tell; the items need
    all their rows loaded. A mail may bring a new entry only of what it asks its person for; every entry that is no
    longer true, or whose mail did not get through, goes with whichever mail is next.

    Writes nothing but locks the people until the transaction ends: `keep` what is frozen before that. Six to ten
    queries, however many mails.
    """
    people = {mail.recipient_id for mail in mails}
    list(User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk").values_list("pk"))
    asked = {item.review_id for items in mails.values() for item in _asks(items)}
    entries = CalendarEntry.objects.alive(asked=asked).filter(user__in=people)
    rows = list(entries.select_related("mail").defer("mail__raw"))
    reviews = _reviews({row.review_id for row in rows}, mails)
    known: Known = defaultdict(dict)
    for row in rows:
        row.review = reviews[row.review_id]
        known[row.user_id][row.review_id] = row
    facts = _facts(mails, known, on)
    leaving = {mail.pk for mail in mails}
    return {mail.pk: _stated(mail, items, known[mail.recipient_id], facts, leaving) for mail, items in mails.items()}


def _reviews(ids: set[int], mails: Mapping[OutgoingMail, Sequence[MailItem]]) -> dict[int, Review]:
    """The reviews with all that an entry says of them; most of them are loaded already."""
    told = {item.review_id: item.review for items in mails.values() for item in items}
    others = ids - told.keys()
    return {**told, **Review.objects.with_names().in_bulk(others)} if others else told


def keep(entries: Iterable[CalendarEntry]) -> None:
    """Write down what the mails that were just frozen state."""
    entries = list(entries)
    new = [entry for entry in entries if entry.pk is None]
    changed = [entry for entry in entries if entry.pk is not None]
    CalendarEntry.objects.bulk_create(new)
    CalendarEntry.objects.bulk_update(changed, ["due_on", "cancelled", "sequence", "mail"])


def _facts(mails: Mapping[OutgoingMail, Sequence[MailItem]], known: Known, on: date) -> dict[Pair, Fact]:
    """How it is by now; of who wants no entries nothing waits, so that they lose those they have."""
    asked = {(mail.recipient_id, item.review_id): item.review for mail, items in mails.items() for item in _asks(items)}
    rows = {(user_id, pk): row.review for user_id, theirs in known.items() for pk, row in theirs.items()}
    others = {pair: review for pair, review in rows.items() if pair not in asked}
    people = actors({review.pk: review for review in others.values()}.values(), on)
    waiting = {(holder.user.pk, pk) for pk, holders in people.items() for holder in holders} | asked.keys()
    choices = MailChoice.objects.filter(user__in={mail.recipient_id for mail in mails}, calendar=False)
    refusing = set(choices.values_list("user", flat=True))
    return {
        pair: Fact(review, review.due_on if pair in waiting and pair[0] not in refusing else None)
        for pair, review in (others | asked).items()
    }


def _asks(items: Iterable[MailItem]) -> list[MailItem]:
    return [item for item in items if item.asks]


def _stated(
    mail: OutgoingMail,
    items: Sequence[MailItem],
    known: dict[int, CalendarEntry],
    facts: Mapping[Pair, Fact],
    leaving: set[int],
) -> list[CalendarEntry]:
    """What one mail states, noted among the person's `known` rows for the mails after it."""
    told = {pk: facts[mail.recipient_id, pk] for pk in {*known, *(item.review_id for item in _asks(items))}}
    stated: list[CalendarEntry] = []
    for pk in sorted(told, key=lambda pk: _order(mail, known.get(pk), told[pk])):
        entry = _next(mail, known.get(pk), told[pk], leaving) if len(stated) < MOST else None
        if entry is not None:
            known[pk] = entry
            stated.append(entry)
    return sorted(stated, key=lambda entry: (entry.cancelled, entry.due_on, entry.review_id))


def _order(mail: OutgoingMail, row: CalendarEntry | None, fact: Fact) -> tuple[bool, date, int]:
    """What the mail stated before comes first, so that it never drops any of that; then the most urgent."""
    is_own = row is not None and row.mail_id == mail.pk
    return not is_own, fact.due_on or date.min, fact.review.pk


def _next(mail: OutgoingMail, row: CalendarEntry | None, fact: Fact, leaving: set[int]) -> CalendarEntry | None:
    """The row as it is once the mail has told of the fact; None where that is told or there never was an entry."""
    if row is None:
        if fact.due_on is None:
            return None
        return CalendarEntry(user=mail.recipient, review=fact.review, due_on=fact.due_on, mail=mail)
    is_told = row.cancelled if fact.due_on is None else row.due_on == fact.due_on and not row.cancelled
    row.review = fact.review
    if is_told and row.mail_id == mail.pk:
        return row
    if is_told and (row.mail_id in leaving or _may_come(row.mail)):
        return None
    row.due_on, row.cancelled = fact.due_on or row.due_on, fact.due_on is None
    row.sequence, row.mail = row.sequence + 1, mail
    return row


def _may_come(mail: OutgoingMail) -> bool:
    """Whether it has arrived, or is on its way as it is: one that is tried anew later may tell something else then."""
    status = Status(mail.status)
    return status in (Status.SENT, Status.SENDING) or (status.is_waiting and mail.may_have_arrived)
