"""Mails in words: one template pair for each kind, in the language of who reads it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay
from notifications.message import Text, one_line
from notifications.models import MailItem, MailKind, OutgoingMail
from workflows.access import waiting_for
from workflows.models import Event, EventKind, Review, Stage

LONGEST_LIST = 50
LONGEST_SUBJECT = 200

DOERS = {
    EventKind.SUBMITTED: gettext_lazy("Submitted by: %(name)s"),
    EventKind.WITHDRAWN: gettext_lazy("Withdrawn by: %(name)s"),
    EventKind.PASSED: gettext_lazy("Reviewed by: %(name)s"),
    EventKind.RETURNED: gettext_lazy("Returned by: %(name)s"),
    EventKind.APPROVED: gettext_lazy("Approved by: %(name)s"),
}
TASKS = {
    Stage.PREPARE: pgettext_lazy("to do", "Submit"),
    Stage.REVIEW: pgettext_lazy("to do", "Review"),
    Stage.APPROVE: pgettext_lazy("to do", "Approve"),
}
TO_MEND = pgettext_lazy("to do", "Mend and submit again")


@dataclass(frozen=True)
class Line:
    """One review as a mail lists it. `event`: what happened to it, where the mail is about that."""

    review: Review
    days_left: str
    url: str
    event: Event | None = None

    @property
    def task(self) -> str:
        """What there is to do: 提出, 審査, 承認, or 修正して再提出 for what came back."""
        return str(TO_MEND if self.review.is_returned else TASKS[Stage(self.review.stage)])

    @property
    def doer(self) -> str:
        """Who made it happen, where that is worth telling."""
        if self.event is None or self.event.by is None or self.event.kind not in DOERS:
            return ""
        return str(DOERS[EventKind(self.event.kind)]) % {"name": one_line(self.event.by.name)}

    @property
    def comment(self) -> list[str]:
        """What the office wrote with its decision, line by line."""
        return str(self.event.data.get("comment", "")).splitlines() if self.event else []


def write(mail: OutgoingMail, items: Sequence[MailItem], now: datetime) -> Text:
    """The mail in its recipient's language, as things stand now. The items need all their rows loaded."""
    today = timezone.localdate(now)
    with translation.override(mail.recipient.language):
        context = {
            "name": one_line(mail.recipient.name),
            "home": settings.SITE_URL + reverse("home"),
            "today": today,
            **CONTEXTS.get(MailKind(mail.kind), about_events)(mail, items, today),
        }
        subject = render_to_string(f"notifications/mail/{mail.kind}.subject.txt", context)
        body = render_to_string(f"notifications/mail/{mail.kind}.txt", context)
    return Text(one_line(subject)[:LONGEST_SUBJECT], tidy(body))


def about_events(mail: OutgoingMail, items: Sequence[MailItem], today: date) -> dict[str, Any]:
    """What happened at one checkpoint; where that asks for something, all events ask for the same."""
    calendar = CalendarDay.objects.calendar()
    lines = [line_about(item.review, today, calendar, item.event) for item in items[:LONGEST_LIST]]
    first = items[0]
    return {
        "lines": lines,
        "more": len(items) - len(lines),
        "others": len(items) - 1,
        "review": first.review,
        "checkpoint": first.review.checkpoint,
        "event": first.event,
    }


def digest(mail: OutgoingMail, items: Sequence[MailItem], today: date) -> dict[str, Any]:
    """Everything that waits for the person, most urgent first, whichever of it is the reason for today's mail."""
    calendar = CalendarDay.objects.calendar()
    waiting = waiting_for(mail.recipient, today)
    lines = [line_about(review, today, calendar) for review in waiting.with_names()[:LONGEST_LIST]]
    counts = waiting.order_by().aggregate(count=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=today)))
    return {"lines": lines, "more": counts["count"] - len(lines), **counts}


CONTEXTS: dict[MailKind, Callable[[OutgoingMail, Sequence[MailItem], date], dict[str, Any]]] = {
    MailKind.DIGEST: digest,
}


def line_about(review: Review, today: date, calendar: BusinessCalendar, event: Event | None = None) -> Line:
    return Line(
        review=review,
        days_left=days_left(review.due_on, today, calendar) if review.due_on else "",
        url=settings.SITE_URL + reverse("review", args=[review.pk]),
        event=event,
    )


def days_left(due: date, today: date, calendar: BusinessCalendar) -> str:
    """あと5営業日, 本日が期限, 3営業日超過."""
    if due == today:
        return _("due today")
    days = calendar.between(today, due)
    if due > today:
        return ngettext("%(days)d business day left", "%(days)d business days left", days) % {"days": days}
    return ngettext("%(days)d business day overdue", "%(days)d business days overdue", -days) % {"days": -days}


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
