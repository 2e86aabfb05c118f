"""What people do to one review: submit, withdraw, decide. All go through the same lock and the same door."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.access import rights
from departments.models import CalendarDay, User
from departments.models.plans import PlanState
from departments.prepared import Prepared, insert, update
from departments.services import plans
from workflows import content, engine, history
from workflows.access import Action, Standing, is_barred_from_turn, standing_for
from workflows.completeness import problems
from workflows.draft import Draft, read_draft
from workflows.errors import Incomplete, NotAllowed, Overtaken, ReviewError, Stale
from workflows.models import Checkpoint, Decision, Event, EventKind, MeasureReport, Outcome, Review, Stage, Submission
from workflows.schedule import mending_due
from workflows.services.effects import take_effect

# Its key and its plan's stay free for what points to them: mails are queued meanwhile, without waiting or being waited
# for.
ROWS: dict[str, Any] = {"of": ("self", "plan"), "no_key": True}
LOCKED = Prepared(lambda review: Review.objects.filter(pk=review).select_for_update(**ROWS).select_related("plan"))
CHECKPOINT = Prepared(lambda checkpoint: Checkpoint.objects.filter(pk=checkpoint))
SUBMISSION = Prepared(
    lambda review, number: Submission.objects.filter(review=review, round=number).values_list("pk", flat=True)
)


def locked(review_id: int, task_id: int | None) -> Review:
    """The review, its row and its plan's locked for this transaction.

    `task_id` is the task that the person's page was made for: another one is open now → Stale.
    """
    review = locked_row(review_id)
    if task_id is None or review.task_id != task_id:
        raise Stale(last_event(review))
    return review


def locked_row(review_id: int) -> Review:
    """The same whatever is open. The checkpoint is not joined: after the lock, days moved meanwhile are there."""
    found = LOCKED(review_id)
    if not found:
        raise Review.DoesNotExist(review_id)
    (review,) = found
    (review.checkpoint,) = CHECKPOINT(review.checkpoint_id)
    return review


def locked_open(checkpoint: Checkpoint) -> list[Review]:
    """The open reviews of a checkpoint, their rows and their plans' locked, in the order in which an opening locks."""
    running = Review.objects.open().select_for_update(**ROWS).select_related("plan")
    reviews = list(running.filter(checkpoint=checkpoint).order_by("plan_id"))
    for review in reviews:
        review.checkpoint = checkpoint
    return reviews


def last_event(review: Review) -> Event | None:
    """What happened last: who did what when, for the page that tells somebody they came second.

    But for a nudge, which makes nobody's page stale.
    """
    events = review.events.exclude(kind=EventKind.NUDGED).select_related("by", "on_behalf_of")
    return events.order_by("-sequence").first()


def require(action: Action, review: Review, by: User, now: datetime) -> Standing:
    """In whose place the person takes the action now; raises NotAllowed, with the reason, if they may not."""
    on = timezone.localdate(now)
    found = standing_for(action, rights(by, on), review)
    if found is not None:
        return found
    if is_barred_from_turn(by, review, on):
        raise NotAllowed(
            _("You work or worked in this department this year, so somebody else has to decide on its plan.")
        )
    raise NotAllowed(_("You may not do this."))


def _move(
    review: Review,
    outcome: str,
    kind: EventKind,
    *,
    by: User,
    standing: Standing,
    now: datetime,
    data: dict[str, Any],
    due_on: date | None = None,
) -> Event:
    """Take the flow one step on, save the review and write the event."""
    closed = {"task": review.task_id, "from": review.stage}
    engine.advance(review, outcome, by=by, now=now, due_on=due_on)
    update(review, "stage", "task", "due_on", "stage_since", "round", "returned_from")
    opened = {"next_task": review.task_id, "to": review.stage, "due": str(review.due_on) if review.due_on else None}
    facts = {**closed, **opened, **data}
    return history.record(review, kind, by=by, absent_id=standing.absent_id, at=now, data=facts)


@transaction.atomic
def submit(*, review_id: int, task_id: int, version: int, by: User, now: datetime) -> Review:
    """Freeze the draft as a new round and hand it to the office, to the step that returned it if one did.

    `version` is that of the draft the person saw: nobody submits what somebody else changed behind their back.
    Raises Stale, Overtaken, NotAllowed, or Incomplete with everything that is missing.
    """
    review = locked(review_id, task_id)
    standing = require(Action.SUBMIT, review, by, now)
    if version != review.draft_version:
        raise Overtaken(review, last_event(review))
    draft = read_draft(review)
    missing = problems(review, draft)
    if missing:
        raise Incomplete(missing)
    review.round += 1
    submission = _freeze(review, draft, by=by, standing=standing, now=now)
    plans.note_author(review.plan_id, by, standing.absent_id)
    outcome = "resubmit" if review.returned_from == Stage.APPROVE else "submit"
    _note_plan(draft)
    facts = {"sha256": submission.sha256}
    _move(review, outcome, EventKind.SUBMITTED, by=by, standing=standing, now=now, data=facts)
    if review.checkpoint.is_plan:
        plans.mark(review.plan_id, PlanState.SUBMITTED)
    return review


def _freeze(review: Review, draft: Draft, *, by: User, standing: Standing, now: datetime) -> Submission:
    """Keep for good what is submitted in the review's new round."""
    text = content.canonical(content.review_content(review, draft))
    return insert(
        Submission(
            review=review,
            round=review.round,
            content=text,
            sha256=content.digest(text),
            submitted_by=by,
            submitted_at=now,
            on_behalf_of_id=standing.absent_id,
        )
    )


@transaction.atomic
def withdraw(*, review_id: int, task_id: int, by: User, now: datetime) -> Review:
    """Take back what was submitted (引戻し), as long as nobody has acted on it. Raises Stale or NotAllowed."""
    review = locked(review_id, task_id)
    standing = require(Action.WITHDRAW, review, by, now)
    _move(review, "withdraw", EventKind.WITHDRAWN, by=by, standing=standing, now=now, data={})
    reopen_plan(review)
    return review


# Outcome → the action it takes, the flow's outcome, the event.
DECISIONS = {
    Outcome.PASSED: (Action.PASS, "pass_on", EventKind.PASSED),
    Outcome.RETURNED: (Action.RETURN, "give_back", EventKind.RETURNED),
    Outcome.APPROVED: (Action.APPROVE, "approve", EventKind.APPROVED),
}


@transaction.atomic
def decide(
    *, review_id: int, task_id: int, outcome: Outcome, comment: str, by: User, now: datetime, bulk: bool = False
) -> Review:
    """Pass on, return (差戻し, with a reason) or approve what was submitted; `bulk`: together with others.

    Raises Stale, NotAllowed, or ReviewError when a return gives no reason or what is approved cannot take effect.
    """
    review = locked(review_id, task_id)
    action, route, kind = DECISIONS[outcome]
    standing = require(action, review, by, now)
    comment = comment.strip()
    if outcome == Outcome.RETURNED and not comment:
        raise ReviewError(_("Say why you return it: the department needs to know what to mend."))
    step = review.stage
    insert(
        Decision(
            review=review,
            submission_id=SUBMISSION(review.pk, review.round)[0],
            step=step,
            outcome=outcome,
            comment=comment,
            decided_by=by,
            decided_at=now,
            on_behalf_of_id=standing.absent_id,
        )
    )
    review.returned_from = step if outcome == Outcome.RETURNED else ""
    due_on = None
    if outcome == Outcome.RETURNED:
        due_on = mending_due(review, timezone.localdate(now), CalendarDay.objects.calendar())
    facts = {"step": step, "comment": comment, **({"bulk": True} if bulk else {})}
    _move(review, route, kind, by=by, standing=standing, now=now, due_on=due_on, data=facts)
    if outcome == Outcome.RETURNED:
        reopen_plan(review)
    elif outcome == Outcome.APPROVED:
        take_effect(review, by=by, now=now)
    return review


def reopen_plan(review: Review) -> None:
    """A plan that came back can be edited again."""
    if review.checkpoint.is_plan:
        plans.mark(review.plan_id, PlanState.DRAFT)


def _note_plan(draft: Draft) -> None:
    """Keep with each report the class and the initiative that its measure has now.

    Where a change of the plan came in between, they are others than when it was written.
    """
    outdated = []
    for measure, report in draft.measures:
        now = (measure.priority, measure.initiative.number)
        if report.pk is not None and (report.priority, report.initiative_number) != now:
            report.priority, report.initiative_number = now
            outdated.append(report)
    MeasureReport.objects.bulk_update(outdated, ["priority", "initiative_number"])
