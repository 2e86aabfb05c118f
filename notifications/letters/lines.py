"""One review as a mail lists it: what happened, what there is to do, with whom it is now."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from departments.access import Holder
from departments.fiscal import BusinessCalendar
from departments.models import User
from departments.wording import day_text
from notifications.letters.facts import Facts
from notifications.letters.octets import one_line
from notifications.models import MailItem
from workflows.access import actors
from workflows.models import Checkpoint, Event, EventKind, Pin, Review, Stage, Submission
from workflows.models.history import MOVES_DUE_DAY, SENT_BACK
from workflows.places import places
from workflows.standing import absent_by_review
from workflows.wording import doer_of

MOST_PINS = 20
MOST_NAMES = 5

DOERS = {
    EventKind.OPENED: gettext_lazy("Asked for by: %(name)s"),
    EventKind.SUBMITTED: gettext_lazy("Submitted by: %(name)s"),
    EventKind.WITHDRAWN: gettext_lazy("Withdrawn by: %(name)s"),
    EventKind.PASSED: gettext_lazy("Reviewed by: %(name)s"),
    EventKind.RETURNED: gettext_lazy("Returned by: %(name)s"),
    EventKind.APPROVED: gettext_lazy("Approved by: %(name)s"),
    EventKind.REVOKED: gettext_lazy("Approval revoked by: %(name)s"),
    EventKind.EXTENDED: gettext_lazy("Extended by: %(name)s"),
    EventKind.MOVED: gettext_lazy("Moved by: %(name)s"),
    EventKind.NUDGED: gettext_lazy("Nudged by: %(name)s"),
    EventKind.CANCELLED: gettext_lazy("Cancelled by: %(name)s"),
    EventKind.ANSWERED: gettext_lazy("Answered by: %(name)s"),
}
AGAIN = gettext_lazy("Submitted again by: %(name)s")
REASON, COMMENT, ANSWER = gettext_lazy("Reason:"), gettext_lazy("Comment:"), gettext_lazy("Answer:")
MESSAGE = gettext_lazy("Message:")
# What it is that is said with these; with all others it is a comment.
SAID = {
    EventKind.OPENED: REASON,
    EventKind.RETURNED: REASON,
    EventKind.REVOKED: REASON,
    EventKind.EXTENDED: REASON,
    EventKind.MOVED: REASON,
    EventKind.NUDGED: MESSAGE,
    EventKind.CANCELLED: REASON,
    EventKind.ANSWERED: ANSWER,
}
TASKS = {
    Stage.PREPARE: pgettext_lazy("to do", "Submit"),
    Stage.REVIEW: pgettext_lazy("to do", "Review"),
    Stage.APPROVE: pgettext_lazy("to do", "Approve"),
}
# These happen whatever there is to do.
FOR_ANY_TASK = {EventKind.MOVED, EventKind.NUDGED}
TO_MEND = pgettext_lazy("to do", "Mend and submit again")


@dataclass(frozen=True)
class Line:
    """One review in a mail. `event`: what happened to it, where the mail is about that; `asks`: the reader has to act.

    `absent`: in whose place the reader is asked to act, if it is somebody's. `holders`: who has to act next, where
    that is not the reader. `pins`: the comments on places that the reader has to go through, or the one answered.
    `note`: what a rule says about it. `link`: where it leads instead of the review's page, '' for nowhere.
    """

    review: Review
    days_left: str
    event: Event | None = None
    asks: bool = True
    absent: User | None = None
    holders: Sequence[Holder] = ()
    pins: Sequence["PinLine"] = ()
    note: str = ""
    link: str | None = None

    @property
    def url(self) -> str:
        if self.link is not None:
            return self.link
        return settings.SITE_URL + reverse("review", args=[self.review.pk])

    @property
    def occasion(self) -> str:
        """What the review is for; '' where the mail as a whole says so."""
        if self.event is not None and not self.review.change_number:
            return ""
        return f"{self.review.checkpoint.fiscal_year_label} {self.review.occasion}"

    @property
    def task(self) -> str:
        """What there is to do: 提出, 審査, 承認, or 修正して再提出 for what came back."""
        return str(TO_MEND if self.review.is_returned else TASKS[Stage(self.review.stage)])

    @property
    def to_do(self) -> str:
        """What the reader has to do, where what happened does not say so already."""
        says_so = self.event is not None and self.event.kind not in FOR_ANY_TASK
        return "" if says_so or not self.asks else self.task

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is due at somebody else, and told for information."""
        return self.event is None and not self.asks

    @property
    def next(self) -> str:
        """What is next, and with whom where there is anybody: 承認(hayashi)."""
        names = [one_line(str(holder)) for holder in self.holders]
        people = pgettext("list", ", ").join(names[:MOST_NAMES])
        if len(names) > MOST_NAMES:
            people = _("%(names)s and others") % {"names": people}
        return _("%(task)s (%(people)s)") % {"task": self.task, "people": people} if names else self.task

    @property
    def doer(self) -> str:
        """Who made it happen, and in whose place, where that is worth telling."""
        if self.event is None or self.event.by is None or self.event.kind not in DOERS:
            return ""
        if self.event.kind == EventKind.OPENED and not self.review.change_number:
            return ""
        again = self.event.kind == EventKind.SUBMITTED and self.event.round > 1
        words = AGAIN if again else DOERS[EventKind(self.event.kind)]
        return str(words) % {"name": one_line(doer_of(self.event))}

    @property
    def comment(self) -> list[str]:
        """What the doer wrote with it, line by line."""
        return str(self.event.data.get("comment", "")).splitlines() if self.event else []

    @property
    def comment_label(self) -> str:
        return str(SAID.get(EventKind(self.event.kind), COMMENT)) if self.event else ""

    @property
    def was_due(self) -> str:
        """The due day that was extended or moved, in words."""
        if self.event is None or self.event.kind not in MOVES_DUE_DAY:
            return ""
        return day_text(date.fromisoformat(self.event.data["was"]))

    @property
    def text(self) -> str:
        """All that a mail says about it. No template, for there are many of these, and this is ten times as fast."""
        return "\n".join(
            [f"■ {self.review.department} {self.review.plan.title}", *(f"  {said}" for said in self._said())]
        )

    def _said(self) -> Iterator[str]:
        if self.occasion:
            yield self.occasion
        if self.to_do:
            yield _labelled(_("To do:"), self.to_do)
        if self.absent:
            yield _("Asked of you in place of %(name)s") % {"name": one_line(str(self.absent))}
        if self.holders or self.is_elsewhere:
            yield _labelled(_("Next:"), self.next)
        yield from self._said_of_days()
        yield from self._said_by_people()
        yield from self.note.splitlines()
        yield self.url

    def _said_of_days(self) -> Iterator[str]:
        if self.days_left and self.review.due_on:
            left = _(" (%(left)s)") % {"left": self.days_left}
            yield _labelled(_("Due:"), f"{day_text(self.review.due_on)}{left}")
        if self.was_due:
            yield _labelled(_("Formerly due:"), self.was_due)

    def _said_by_people(self) -> Iterator[str]:
        if self.doer:
            yield self.doer
        if self.comment:
            yield self.comment_label
            yield from (f"  {said}" for said in self.comment)
        if self.pins:
            yield _("Comments on places:")
        for pin in self.pins[:MOST_PINS]:
            yield f"  ・{pin.place}"
            yield from (f"    {said}" for said in pin.text)
        if more := len(self.pins[MOST_PINS:]):
            yield "  " + ngettext("and %(more)s more", "and %(more)s more", more) % {"more": more}


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}"


@dataclass(frozen=True)
class PinLine:
    """A comment on a place of what was submitted (指摘): the place in words, and what it says line by line."""

    place: str
    text: list[str]


def occasion(checkpoint: Checkpoint) -> str:
    """At what it happened: 令和8年度 2Q進捗確認, or 計画変更."""
    return str(checkpoint.get_kind_display() if checkpoint.is_change else checkpoint)


def lines_about(items: Sequence[MailItem], reader: User, facts: Facts) -> list[Line]:
    """What each item of a mail tells; a handful of queries, however many. The items need all their rows loaded."""
    if not items:
        return []
    today = facts.today
    asked = [item for item in items if item.asks]
    told = [item.review for item in items if not item.asks and item.review.is_open]
    absent = absent_by_review([item.review for item in asked], reader, today)
    holders = actors(told, today) if told else {}
    pins = _pins_of(items)
    return [
        Line(
            review=item.review,
            days_left=days_left(item.review, today, facts.calendar),
            event=item.event,
            asks=item.asks,
            absent=absent.get(item.review_id) if item.asks else None,
            holders=() if item.asks else _others(holders.get(item.review_id, []), reader),
            pins=pins.get(item.pk, ()),
        )
        for item in items
    ]


def _others(holders: Sequence[Holder], reader: User) -> Sequence[Holder]:
    """The holders; none where the reader is one of them, and has been asked by another mail."""
    return () if any(holder.user == reader for holder in holders) else holders


def lines_to_do(reviews: Sequence[Review], reader: User, facts: Facts) -> list[Line]:
    """What waits for the reader."""
    absent = absent_by_review(reviews, reader, facts.today)
    return [
        Line(review=review, days_left=days_left(review, facts.today, facts.calendar), absent=absent.get(review.pk))
        for review in reviews
    ]


def _pins_of(items: Iterable[MailItem]) -> dict[int, list[PinLine]]:
    """Item id → the comments to list: those still open where the reader has to mend, or the one that was answered."""
    events = [(item, item.event) for item in items if item.event is not None]
    answered = [event.data["pin"] for _item, event in events if event.kind == EventKind.ANSWERED]
    to_mend = [item.review_id for item, event in events if event.kind in SENT_BACK and item.asks]
    if not (answered or to_mend):
        return {}
    pins = [*Pin.objects.filter(pk__in=answered), *Pin.objects.open().filter(review__in=to_mend)]
    submissions = Submission.objects.filter(pk__in={pin.submission_id for pin in pins})
    named = {found.pk: places(json.loads(found.content)) for found in submissions}
    lines = {pin.pk: PinLine(str(named[pin.submission_id][pin.target]), pin.text.splitlines()) for pin in pins}
    return {item.pk: [lines[pin.pk] for pin in pins if _is_about(event, pin)] for item, event in events}


def _is_about(event: Event, pin: Pin) -> bool:
    if event.kind == EventKind.ANSWERED:
        return pin.pk == event.data["pin"]
    return pin.review_id == event.review_id


def days_left(review: Review, today: date, calendar: BusinessCalendar) -> str:
    """あと5営業日, 本日が期限, 3営業日超過; '' when nothing is due."""
    due = review.due_on
    if due is None:
        return ""
    if due == today:
        return _("due today")
    days = calendar.between(today, due)
    if due > today:
        return ngettext("%(days)d business day left", "%(days)d business days left", days) % {"days": days}
    return ngettext("%(days)d business day overdue", "%(days)d business days overdue", -days) % {"days": -days}
