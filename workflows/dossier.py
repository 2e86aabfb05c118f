"""What of a review a person gets to read: content, changes since the last round, decisions, history. A read model."""

import json
from dataclasses import dataclass
from datetime import date

from django.http import Http404
from django.utils.translation import gettext as _

from departments.models import User
from departments.wording import day_text
from workflows.access import Sight, sight
from workflows.content import Content, review_content
from workflows.draft import read_draft
from workflows.models import Decision, Event, EventKind, Review, Stage, Submission
from workflows.reading import (
    Amendment,
    ChangeRow,
    FileReading,
    PlanMeasureReading,
    PreviousReading,
    ReportReading,
    change_rows,
    read_amendment,
    read_files,
    read_plan,
    read_previous,
    read_report,
)
from workflows.schedule import due_day
from workflows.wording import OUTCOMES, STEPS, Status, comment_of, happening_text, round_text


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    event: Event
    what: str
    comment: str


@dataclass(frozen=True)
class Verdict:
    """One decision of the office."""

    decision: Decision
    status: Status
    step: str


@dataclass(frozen=True)
class Dossier:
    """`shown` is the submission that is read, None for a draft or when there is nothing yet.

    `amendment`: what is to be changed, where a change of a plan is reviewed; `plan` then is the plan as it should be.
    """

    review: Review
    shown: Submission | None
    is_draft: bool
    report: ReportReading | None
    previous: PreviousReading
    plan: list[PlanMeasureReading] | None
    summary: str
    amendment: Amendment | None
    files: list[FileReading]
    changes: list[ChangeRow] | None
    before_name: str
    after_name: str
    verdicts: list[Verdict]
    submissions: list[Submission]
    history: list[Entry]

    @property
    def has_content(self) -> bool:
        return self.is_draft or self.shown is not None


def open_dossier(review: Review, user: User, on: date, number: int | None = None) -> Dossier:
    """The review as the person may read it now; with `number`, that round. Http404 for a round not theirs to read."""
    seen = sight(user, review, on)
    submissions = _readable_submissions(review, seen)
    is_draft = number is None and seen == Sight.DRAFT and (review.stage == Stage.PREPARE or not submissions)
    shown = None if is_draft else _round(submissions, number)
    content = review_content(review, read_draft(review)) if is_draft else json.loads(shown.content) if shown else None
    before = submissions[-1] if is_draft and submissions else _round_before(submissions, shown)
    is_report = content is not None and content["kind"] == "report"
    return Dossier(
        review=review,
        shown=shown,
        is_draft=is_draft,
        report=read_report(content) if is_report else None,
        previous=read_previous(review) if is_report and seen > Sight.APPROVED else PreviousReading(),
        plan=read_plan(content, review.plan.fiscal_year) if content is not None and not is_report else None,
        summary="" if content is None or is_report else content["plan"]["summary"],
        amendment=read_amendment(content),
        files=read_files(content or {}),
        changes=_changes(before, content),
        before_name=round_text(before.round) if before else "",
        after_name=round_text(shown.round) if shown else _("Draft"),
        verdicts=_verdicts(review, {submission.pk for submission in submissions}),
        submissions=submissions,
        history=_history(review) if seen > Sight.APPROVED else [],
    )


def readable_file(review: Review, user: User, on: date, sha256: str, name: str) -> FileReading:
    """The file with that hash, of that name if it has several, in what the person may read; else Http404."""
    seen = sight(user, review, on)
    contents = [json.loads(submission.content) for submission in _readable_submissions(review, seen)]
    if seen == Sight.DRAFT:
        contents.append(review_content(review, read_draft(review)))
    found = [file for content in contents for file in read_files(content) if file.sha256 == sha256]
    if not found:
        raise Http404
    return next((file for file in found if file.name == name), found[0])


def _readable_submissions(review: Review, seen: Sight) -> list[Submission]:
    """What was submitted, in the order of rounds; whoever reads what is approved gets the last round alone."""
    if seen == Sight.NOTHING:
        return []
    submissions = list(review.submissions.select_related("submitted_by", "on_behalf_of").order_by("round"))
    return submissions[-1:] if seen == Sight.APPROVED else submissions


def _round(submissions: list[Submission], number: int | None) -> Submission | None:
    """The submission of that round, or the last one."""
    if number is None:
        return submissions[-1] if submissions else None
    for submission in submissions:
        if submission.round == number:
            return submission
    raise Http404


def _round_before(submissions: list[Submission], shown: Submission | None) -> Submission | None:
    earlier = [submission for submission in submissions if shown is not None and submission.round < shown.round]
    return earlier[-1] if earlier else None


def _changes(before: Submission | None, content: Content | None) -> list[ChangeRow] | None:
    """None where there is no round before to compare with."""
    if before is None or content is None:
        return None
    return change_rows(json.loads(before.content), content)


def _verdicts(review: Review, submission_ids: set[int]) -> list[Verdict]:
    """The decisions on what the person may read, newest first."""
    found = review.decisions.filter(submission__in=submission_ids).select_related(
        "decided_by", "on_behalf_of", "submission"
    )
    return [
        Verdict(decision, OUTCOMES[decision.outcome], STEPS[decision.step])
        for decision in found.order_by("-submission__round", "-pk")
    ]


def _history(review: Review) -> list[Entry]:
    """All that happened, newest first."""
    events = list(review.events.select_related("by", "on_behalf_of").order_by("-sequence"))
    kinds = {event.sequence: EventKind(event.kind) for event in events}
    return [
        Entry(
            event=event,
            what=happening_text(EventKind(event.kind), kinds.get(event.data.get("event"))),
            comment=comment_of(event),
        )
        for event in events
    ]


@dataclass(frozen=True)
class Step:
    """One step of the flow; `state` is done, current, error (returned) or empty."""

    label: str
    state: str
    note: str


def steps_of(review: Review) -> list[Step]:
    """Preparation → review → approval, and where the review is; none where it ended on the way."""
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
        due = review.due_on if position == at else due_day(review, stage, on) if position > at else None
        on = due or on
        note = _("by %(day)s") % {"day": day_text(due)} if due else ""
        steps.append(Step(label=str(STEPS[stage]), state=state, note=note))
    return steps
