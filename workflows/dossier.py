"""What of a review a person gets to read: content, changes since the last round, decisions, history. A read model."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import orjson
from django.http import Http404
from django.utils.translation import gettext as _

from departments.fiscal import BusinessCalendar
from departments.models import User
from departments.wording import day_text
from workflows.access import Sight, sight
from workflows.comparison import Comparison, compare, rest_of
from workflows.content import Content, review_content
from workflows.draft import read_draft
from workflows.models import Event, EventKind, Outcome, ProgressClass, Review, Stage
from workflows.models.history import SENT_BACK
from workflows.reading import (
    Amendment,
    ChangeRow,
    FileReading,
    PlanMeasureReading,
    PreviousReading,
    ReportReading,
    change_rows,
    read_amendment,
    read_earlier,
    read_files,
    read_plan,
    read_previous,
    read_report,
)
from workflows.records import Papers, events_of, read_papers, submitted
from workflows.remarks import pinned_rounds
from workflows.schedule import due_day
from workflows.wording import OUTCOMES, STEPS, Status, comment_of, happening_text, round_text

Round = TypeVar("Round")


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    event: Event
    what: str
    comment: str


@dataclass(frozen=True)
class Verdict:
    """One decision of the office, as the event tells it."""

    event: Event
    status: Status
    step: str


@dataclass(frozen=True)
class Dossier:
    """`shown` is the submission that is read, None for a draft or when there is nothing yet.

    `amendment`: what is to be changed, where a change of a plan is reviewed; `plan` then is the plan as it should be.
    `submissions` and `events` are oldest first, `verdicts` and `history` newest first. Whoever reads what is
    approved alone has neither events nor history, and one submission.
    """

    review: Review
    shown: Event | None
    is_draft: bool
    papers: Papers
    report: ReportReading | None
    comparison: Comparison | None
    plan: list[PlanMeasureReading] | None
    summary: str
    amendment: Amendment | None
    files: list[FileReading]
    changes: list[ChangeRow] | None
    before_name: str
    after_name: str
    verdicts: list[Verdict]
    submissions: list[Event]
    events: list[Event]
    history: list[Entry]

    @property
    def has_content(self) -> bool:
        return self.is_draft or self.shown is not None


def open_dossier(review: Review, user: User, on: date, number: int | None = None, against: str = "") -> Dossier:
    """What was submitted last, or in round `number`, as the person may read it. Http404 for a round not theirs to read.

    `against`: beside which earlier report a report is to stand, of `Against`. One query, and two more where there is a
    content.
    """
    seen = sight(user, review, on)
    known = events_of(review)
    submissions = _readable(submitted(known), seen)
    events = known if seen > Sight.APPROVED else []
    shown = _round(submissions, number)
    before = _round_before(submissions, shown)
    rounds = {event.round for event in (shown, before) if event is not None}
    papers = read_papers(review, rounds | pinned_rounds(events), with_previous=bool(rounds) and seen > Sight.APPROVED)
    content = papers.rounds[shown.round] if shown else None
    decided = verdicts_of(known, {event.round for event in submissions})
    return _dossier(review, shown, before, content, papers, submissions, events, decided, against)


def open_draft(review: Review, user: User, on: date, against: str = "") -> Dossier:
    """What the department is writing, beside what it submitted last. Http404 for whoever may not read drafts."""
    if sight(user, review, on) < Sight.DRAFT:
        raise Http404
    events = events_of(review)
    submissions = submitted(events)
    last = submissions[-1] if submissions else None
    rounds = {last.round} if last else set()
    papers = read_papers(review, rounds | pinned_rounds(events), with_previous=True)
    content = review_content(review, read_draft(review))
    return _dossier(review, None, last, content, papers, submissions, events, verdicts_of(events), against)


def _dossier(
    review: Review,
    shown: Event | None,
    before: Event | None,
    content: Content | None,
    papers: Papers,
    submissions: list[Event],
    events: list[Event],
    verdicts: list[Verdict],
    against: str,
) -> Dossier:
    is_report = content is not None and content["kind"] == "report"
    classes = list(ProgressClass.objects.all()) if is_report else []
    report = read_report(content, classes) if content is not None and is_report else None
    return Dossier(
        review=review,
        shown=shown,
        is_draft=content is not None and shown is None,
        papers=papers,
        report=report,
        comparison=_comparison(review, report, content or {}, before, papers, classes, against) if report else None,
        plan=read_plan(content, review.plan.fiscal_year) if content is not None and not is_report else None,
        summary="" if content is None or is_report else content["plan"]["summary"],
        amendment=read_amendment(content),
        files=read_files(content or {}),
        changes=change_rows(papers.rounds[before.round], content) if before and content is not None else None,
        before_name=round_text(before.round) if before else "",
        after_name=round_text(shown.round) if shown else _("Draft"),
        verdicts=verdicts,
        submissions=submissions,
        events=events,
        history=_history(events),
    )


def _comparison(
    review: Review,
    report: ReportReading,
    content: Content,
    before: Event | None,
    papers: Papers,
    classes: list[ProgressClass],
    against: str,
) -> Comparison:
    earlier = papers.rounds[before.round] if before else None
    last_round = read_earlier(round_text(before.round), earlier, classes) if before and earlier else PreviousReading()
    last_quarter = read_previous(review, papers.previous, classes)
    if last_quarter:
        form = _("%(name)s (approved)") if papers.previous_stage == Stage.APPROVED else _("%(name)s (not approved)")
        last_quarter = replace(last_quarter, name=form % {"name": last_quarter.name})
    return compare(report, last_round, last_quarter, against, rest_of(earlier, content) if earlier else [])


def readable_file(review: Review, user: User, on: date, sha256: str, name: str) -> FileReading:
    """The file with that hash, of that name if it has several, in what the person may read; else Http404."""
    seen = sight(user, review, on)
    texts = list(review.submissions.order_by("round").values_list("content", flat=True))
    contents = [orjson.loads(text) for text in _readable(texts, seen)]
    if seen == Sight.DRAFT:
        contents.append(review_content(review, read_draft(review)))
    found = [file for content in contents for file in read_files(content) if file.sha256 == sha256]
    if not found:
        raise Http404
    return next((file for file in found if file.name == name), found[0])


def _readable(rounds: list[Round], seen: Sight) -> list[Round]:
    """Of what there is of every round, in their order; whoever reads what is approved gets the last round alone."""
    if seen == Sight.NOTHING:
        return []
    return rounds[-1:] if seen == Sight.APPROVED else rounds


def _round(submissions: Sequence[Event], number: int | None) -> Event | None:
    """The submission of that round, or the last one."""
    if number is None:
        return submissions[-1] if submissions else None
    for submission in submissions:
        if submission.round == number:
            return submission
    raise Http404


def _round_before(submissions: Iterable[Event], shown: Event | None) -> Event | None:
    earlier = [submission for submission in submissions if shown is not None and submission.round < shown.round]
    return earlier[-1] if earlier else None


def verdicts_of(events: Sequence[Event], rounds: Collection[int] | None = None) -> list[Verdict]:
    """The decisions of the office, newest first; with `rounds`, those on them."""
    return [
        Verdict(event, OUTCOMES[Outcome(event.kind)], str(STEPS[Stage(event.data["step"])]))
        for event in reversed(events)
        if event.kind in Outcome.values and (rounds is None or event.round in rounds)
    ]


def verdicts_on_return(events: Sequence[Event]) -> list[Verdict]:
    """The decisions on the round that the office sent back last, newest first: what is to be mended.

    A round that was submitted again and taken back (引戻し) since has none of its own.
    """
    rounds = [event.round for event in events if event.kind in SENT_BACK]
    return verdicts_of(events, rounds[-1:])


def _history(events: Sequence[Event]) -> list[Entry]:
    """All that happened, newest first."""
    kinds = {event.sequence: EventKind(event.kind) for event in events}
    return [
        Entry(
            event=event,
            what=happening_text(EventKind(event.kind), kinds.get(event.data.get("event"))),
            comment=comment_of(event),
        )
        for event in reversed(events)
    ]


@dataclass(frozen=True)
class Step:
    """One step of the flow; `state` is done, current, error (returned) or empty."""

    label: str
    state: str
    note: str


def steps_of(review: Review, calendar: BusinessCalendar | None) -> list[Step]:
    """Preparation → review → approval, and where the review is; none where it ended on the way.

    One that is open needs the calendar.
    """
    if review.stage in (Stage.LAPSED, Stage.CANCELLED):
        return []
    order = [Stage.PREPARE, Stage.REVIEW, Stage.APPROVE]
    at = order.index(Stage(review.stage)) if review.stage in order else len(order)
    steps, on = [], review.due_on or review.checkpoint.opens_on
    for position, stage in enumerate(order):
        is_over = position < at or (stage == Stage.REVIEW and review.returned_from == Stage.APPROVE)
        state = "done" if is_over else "current" if position == at else ""
        if position == at and review.is_returned:
            state = "error"
        due = review.due_on if position == at else due_day(review, stage, on, calendar) if position > at else None
        on = due or on
        note = _("by %(day)s") % {"day": day_text(due)} if due else ""
        steps.append(Step(label=str(STEPS[stage]), state=state, note=note))
    return steps
