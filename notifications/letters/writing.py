"""Mails in words: one template pair for each kind, in the language of who reads it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.event_rules import rule_for
from notifications.letters.all_in import all_in
from notifications.letters.digest import digest
from notifications.letters.facts import LONGEST_LIST, Facts
from notifications.letters.ics import DueDay
from notifications.letters.lines import Line, lines_about, occasion
from notifications.letters.message import Text, host
from notifications.letters.octets import one_line
from notifications.models import CalendarEntry, MailItem, MailKind, OutgoingMail

LONGEST_SUBJECT = 200


def write(mail: OutgoingMail, items: Sequence[MailItem], facts: Facts, entries: Iterable[CalendarEntry] = ()) -> Text:
    """The mail in its recipient's language. The items need all their rows loaded; `facts` are of its recipient too.

    `entries`: what it states of calendars, by `entries.outstanding`.
    """
    with translation.override(mail.recipient.language):
        context = {
            "name": one_line(mail.recipient.name),
            "home": settings.SITE_URL + reverse("home"),
            "choices": settings.SITE_URL + reverse("mail_choices"),
            "today": facts.today,
            **CONTEXTS.get(MailKind(mail.kind), about_events)(mail, items, facts),
        }
        subject = render_to_string(f"notifications/mail/{mail.kind}.subject.txt", context)
        body = render_to_string(f"notifications/mail/{mail.kind}.txt", context)
        due_days = tuple(due_day(entry) for entry in entries)
    return Text(one_line(subject)[:LONGEST_SUBJECT], tidy(body), due_days)


def due_day(entry: CalendarEntry) -> DueDay:
    """A review's due day as a calendar shows it: 【期限】提出 税務課 令和8年度 2Q進捗確認."""
    line = Line(entry.review, days_left="")
    words = {"task": "" if entry.cancelled else line.task, "review": entry.review}
    summary = _("No longer due: %(review)s") if entry.cancelled else _("Due: %(task)s, %(review)s")
    return DueDay(
        uid=f"review-{entry.review_id}-{entry.user_id}@{host()}",
        sequence=entry.sequence,
        day=entry.due_on,
        is_cancelled=entry.cancelled,
        summary=one_line(summary % words),
        description=f"{one_line(entry.review.plan.title)}\n{line.url}",
        url=line.url,
    )


def about_events(mail: OutgoingMail, items: Sequence[MailItem], facts: Facts) -> dict[str, Any]:
    """What happened at one checkpoint; the mail asks for the same about all of it, or is for information."""
    lines = lines_about(items[:LONGEST_LIST], mail.recipient, facts)
    first = items[0]
    asks = first.asks
    return {
        "lines": lines,
        "more": len(items) - len(lines),
        "others": len(items) - 1,
        "review": first.review,
        "checkpoint": occasion(first.review.checkpoint),
        "is_change": first.review.checkpoint.is_change,
        "event": first.event,
        "asks": asks,
        "informs": first.event is not None and rule_for(first.event).asks and not asks,
    }


CONTEXTS: dict[MailKind, Callable[[OutgoingMail, Sequence[MailItem], Facts], dict[str, Any]]] = {
    MailKind.DIGEST: digest,
    MailKind.ALL_IN: all_in,
}


def tidy(body: str) -> str:
    """Without the blank lines and line ends that a template's own lay-out leaves."""
    kept: list[str] = []
    for line in map(str.rstrip, lines_of(body)):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n") + "\n"


def lines_of(body: str) -> Iterable[str]:
    """The lines as a mail program breaks them: other separators than line feeds are text and become spaces."""
    return ("".join(sign if sign.isprintable() else " " for sign in line) for line in body.split("\n"))
