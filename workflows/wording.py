"""How a review's stage, its due day and what happened to it are said on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from departments.access import Holder
from departments.fiscal import BusinessCalendar
from departments.judgement import Judgement
from departments.models import User
from departments.wording import day_text, moment_text
from workflows.models import Event, EventKind, Outcome, ProgressClass, Review, Stage
from workflows.models.history import MOVES_DUE_DAY


@dataclass(frozen=True)
class Status:
    """A chip: tone of the colour, glyph, and the words that say it alone."""

    tone: str
    glyph: str
    text: str | Promise


NOT_SUBMITTED = Status("gray", "－", pgettext_lazy("status", "Not submitted"))
RETURNED = Status("red", "↩", pgettext_lazy("status", "Returned"))
STAGES = {
    Stage.PREPARE: NOT_SUBMITTED,
    Stage.REVIEW: Status("blue", "…", pgettext_lazy("status", "Under review")),
    Stage.APPROVE: Status("purple", "◇", pgettext_lazy("status", "Awaiting approval")),
    Stage.APPROVED: Status("green", "✓", pgettext_lazy("status", "Approved")),
    Stage.LAPSED: Status("gray", "×", pgettext_lazy("status", "Ended unfinished")),
    Stage.CANCELLED: Status("gray", "×", pgettext_lazy("status", "Cancelled")),
}


def status_of(review: Review) -> Status:
    return RETURNED if review.is_returned else STAGES[Stage(review.stage)]


@dataclass(frozen=True)
class DueText:
    """How long is left, in words; `tone` is red when overdue, yellow when it is today, else empty."""

    tone: str
    text: str


def due_text(due_on: date | None, on: date, calendar: BusinessCalendar) -> DueText | None:
    """あと3営業日, 本日締切, 2営業日超過; None when nothing is due."""
    if due_on is None:
        return None
    days = calendar.between(on, due_on)
    if due_on < on:
        return DueText("red", late_text(-days))
    if due_on == on:
        return DueText("yellow", _("Due today"))
    return DueText("", ngettext("%(n)d business day left", "%(n)d business days left", days) % {"n": days})


def late_text(days: int) -> str:
    """2営業日超過; on the closed days right after the due day, no business day has passed yet."""
    if days == 0:
        return _("Overdue")
    return ngettext("%(n)d business day late", "%(n)d business days late", days) % {"n": days}


JUDGEMENTS = {
    Judgement.ACHIEVED: ("green", "○"),
    Judgement.ON_TRACK: ("blue", "○"),
    Judgement.IN_PROGRESS: ("gray", "…"),
    Judgement.BEHIND: ("orange", "△"),
    Judgement.MISSED: ("red", "×"),
    Judgement.NOT_YET: ("gray", "－"),
    Judgement.NOT_APPLICABLE: ("gray", "／"),
    Judgement.COMPUTED: ("gray", "＝"),
}


def judgement_status(judgement: str) -> Status:
    found = Judgement(judgement)
    tone, glyph = JUDGEMENTS[found]
    return Status(tone, glyph, found.label)


# Of an indicator that no approved report says anything about.
NOT_APPROVED = Status("gray", "－", pgettext_lazy("indicator", "Not approved yet"))
# Of a rate, by whether it reaches the target; before the year's end one that does not yet may still.
RATE_STATUSES = {
    True: Status("green", "○", pgettext_lazy("rate", "Target reached")),
    False: Status("orange", "△", pgettext_lazy("rate", "Below target")),
    None: Status("gray", "－", pgettext_lazy("rate", "Nothing counts yet")),
}


def rate_status(meets: bool | None) -> Status:
    return RATE_STATUSES[meets]


PROGRESS_GLYPHS = {"blue": "↑", "green": "○", "yellow": "△", "orange": "△", "red": "×"}


def progress_status(progress: ProgressClass) -> Status:
    return Status(progress.tone, PROGRESS_GLYPHS.get(progress.tone, "－"), str(progress))


# What happened, as a noun: 提出, 差戻し, 承認.
HAPPENINGS = {
    EventKind.OPENED: pgettext_lazy("event", "opening"),
    EventKind.SUBMITTED: pgettext_lazy("event", "submission"),
    EventKind.WITHDRAWN: pgettext_lazy("event", "withdrawal"),
    EventKind.PASSED: pgettext_lazy("event", "passing on for approval"),
    EventKind.RETURNED: pgettext_lazy("event", "return"),
    EventKind.APPROVED: pgettext_lazy("event", "approval"),
    EventKind.REVOKED: pgettext_lazy("event", "revocation of the approval"),
    EventKind.EXTENDED: pgettext_lazy("event", "extension of the due day"),
    EventKind.MOVED: pgettext_lazy("event", "change of the due day"),
    EventKind.NUDGED: pgettext_lazy("event", "nudge"),
    EventKind.CANCELLED: pgettext_lazy("event", "cancellation"),
    EventKind.LAPSED: pgettext_lazy("event", "closing of the checkpoint"),
    EventKind.PINNED: pgettext_lazy("event", "comment on a place"),
    EventKind.ANSWERED: pgettext_lazy("event", "answer to a comment"),
    EventKind.RESOLVED: pgettext_lazy("event", "resolution of a comment"),
    EventKind.ACKNOWLEDGED: pgettext_lazy("event", "reading afterwards"),
}
OUTCOMES = {
    Outcome.PASSED: Status("blue", "→", pgettext_lazy("outcome", "Passed on")),
    Outcome.RETURNED: Status("red", "↩", pgettext_lazy("outcome", "Returned")),
    Outcome.APPROVED: Status("green", "✓", pgettext_lazy("outcome", "Approved")),
    Outcome.REVOKED: Status("red", "↩", pgettext_lazy("outcome", "Approval revoked")),
}
STEPS = {
    Stage.PREPARE: pgettext_lazy("step", "Preparation"),
    Stage.REVIEW: pgettext_lazy("step", "Review by the office"),
    Stage.APPROVE: pgettext_lazy("step", "Approval by the head of the office"),
    Stage.APPROVED: pgettext_lazy("step", "After the approval"),
}


def happening_text(kind: EventKind, about: EventKind | None = None) -> str:
    """What happened, as a noun; of what was read afterwards (後閲) also `about` what."""
    if about is None:
        return str(HAPPENINGS[kind])
    return pgettext("event", "%(what)s (%(about)s)") % {"what": HAPPENINGS[kind], "about": HAPPENINGS[about]}


def comment_of(event: Event) -> str:
    """What whoever did it had to say; where it gave another due day (期限延長, 期限変更), the days first."""
    comment = event.data.get("comment", "")
    if event.kind not in MOVES_DUE_DAY:
        return comment
    was, to = (day_text(date.fromisoformat(event.data[name])) for name in ("was", "due"))
    return f"{was} → {to}\n{comment}".rstrip()


# In somebody's place, these are decisions (代決); everything else is done for them (代理).
DECISIONS = frozenset(
    {
        EventKind.PASSED,
        EventKind.RETURNED,
        EventKind.APPROVED,
        EventKind.REVOKED,
        EventKind.EXTENDED,
        EventKind.CANCELLED,
    }
)


def doer_of(event: Event) -> str:
    """Who did it: 乙, 乙(甲の代決) of a decision, else 乙(甲の代理); empty where the system did.

    The event needs both people loaded.
    """
    if event.by is None or event.on_behalf_of is None:
        return str(event.by or "")
    names = {"deputy": event.by, "absent": event.on_behalf_of}
    if event.kind in DECISIONS:
        return pgettext("decided", "%(deputy)s for %(absent)s") % names
    return pgettext("done", "%(deputy)s for %(absent)s") % names


def done_text(sentence: str, absent: User | None) -> str:
    """The message after something was done; of a deputy it adds in whose place."""
    if absent is None:
        return sentence
    return _("%(sentence)s Recorded as done in place of %(absent)s.") % {"sentence": sentence, "absent": absent}


def told(event: Event, reader: User) -> str:
    """Who did what when, for the page of the one who came second; the reader may be both."""
    facts = {
        "who": doer_of(event) or _("the system"),
        "what": HAPPENINGS[EventKind(event.kind)],
        "at": moment_text(event.at),
    }
    if event.by_id == reader.pk:
        return _("You did this before: %(what)s, %(at)s. What you sent after it was not carried out.") % facts
    return _("%(who)s was first: %(what)s, %(at)s.") % facts


def names_text(people: Sequence[Holder]) -> str:
    """Who has something, in a list's cell: 田中 ほか2名; empty for nobody."""
    if not people:
        return ""
    first, more = str(people[0]), len(people) - 1
    if not more:
        return first
    return ngettext("%(named)s and %(n)d more", "%(named)s and %(n)d more", more) % {"named": first, "n": more}


def round_text(number: int) -> str:
    """第2回提出."""
    return pgettext("submission", "Round %(n)d") % {"n": number}
