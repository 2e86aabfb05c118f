"""Steps of a review for tests, each through its service, at a fixed moment unless told otherwise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from departments.models import ActionPlan, User
from workflows.access import Action
from workflows.models import Checkpoint, CheckpointKind, Event, Outcome, Pin, ProgressClass, Review, Stage
from workflows.services.cases import cancel, extend, revoke
from workflows.services.changes import request_change, save_proposal
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.services.drafts import IndicatorEntry, MeasureEntry, save_draft
from workflows.services.nudges import nudge
from workflows.services.pins import answer, pin, resolve
from workflows.services.reviews import decide, submit, withdraw

NOW = datetime(2026, 10, 7, 10, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
TODAY = NOW.date()
QUARTERS = [CheckpointKind.Q1, CheckpointKind.Q2, CheckpointKind.Q3]
YEAR = 2026
# A business day after all due days of `make_checkpoint` and before its closing day.
LATER = date(2026, 11, 20)
CAUSE = "国の制度が変わったため"
NOTE = "お手すきの際にお願いします。"
REASON = "数値の根拠を追記してください。"


def make_checkpoint(kind: str = CheckpointKind.Q2, year: int = YEAR) -> Checkpoint:
    return Checkpoint.objects.create(
        fiscal_year=year,
        kind=kind,
        as_of=date(year, 9, 30),
        opens_on=date(year, 10, 1),
        submit_due=date(year, 10, 14),
        review_due=date(year, 10, 28),
        approve_due=date(year, 11, 11),
        closes_on=date(year, 12, 25),
    )


def opened(*plans: ActionPlan, kind: str = CheckpointKind.Q2, now: datetime = NOW) -> list[Review]:
    """The reviews of the plans at the checkpoint of that kind, which is opened (again) for them."""
    year = plans[0].fiscal_year
    checkpoint = Checkpoint.objects.filter(fiscal_year=year, kind=kind).first() or make_checkpoint(kind, year)
    open_checkpoint(checkpoint=checkpoint, by=None, now=now)
    return [checkpoint.reviews.get(plan=plan) for plan in plans]


def closed(review: Review, now: datetime = NOW) -> Review:
    close_checkpoint(checkpoint=review.checkpoint, by=None, now=now)
    return now_of(review)


def now_of(review: Review) -> Review:
    """The review as it stands in the database."""
    return Review.objects.with_names().get(pk=review.pk)


def fresh(user: User) -> User:
    """The person as a new request would load them: nothing remembered."""
    return User.objects.get(pk=user.pk)


def entries(review: Review, progress: str = "on_plan", done: str = "予定どおり進めた。") -> dict[int, MeasureEntry]:
    """What completes every measure of the review."""
    found = ProgressClass.objects.get(code=progress)
    return {measure.pk: MeasureEntry(progress=found, percent=50, done=done) for measure in review.plan.measures.all()}


def save(review: Review, by: User, now: datetime = NOW, **entered: Any) -> Review:
    """Save the draft from a page that shows it as it stands."""
    review = now_of(review)
    if review.checkpoint.is_change:
        return propose(review, by, now)
    indicators: dict[int, IndicatorEntry] = entered.pop("indicators", {})
    return save_draft(
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=review.version,
        measures=entered.pop("measures", None) or entries(review, **entered),
        indicators=indicators,
        by=fresh(by),
        now=now,
    )


def propose(review: Review, by: User, now: datetime = NOW) -> Review:
    """Save a change that says something new each time."""
    review = now_of(review)
    return save_proposal(
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=review.version,
        reason=CAUSE,
        content=replace(review.proposal.draft, summary=f"第{review.version + 1}案"),
        by=fresh(by),
        now=now,
    )


def change_of(plan: ActionPlan, by: User, now: datetime = NOW) -> Review:
    """A change of the approved plan that somebody of its department has begun."""
    return request_change(plan_id=plan.pk, reason=CAUSE, by=fresh(by), now=now)


def take(action: Action, review: Review, by: User, *, task_id: int | None = None, now: datetime = NOW) -> Review:
    """Take an action from a page made for `task_id`; without it, from a page that shows the review as it stands."""
    review = now_of(review)
    return STEPS[action](review, task_id or review.task_id or 0, fresh(by), now)


def state_of(review: Review) -> tuple[str, int, str]:
    review = now_of(review)
    return review.stage, review.round, review.returned_from


def _decision(outcome: Outcome, comment: str = "") -> Callable[[Review, int, User, datetime], Review]:
    def step(review: Review, task_id: int, by: User, now: datetime) -> Review:
        return decide(review_id=review.pk, task_id=task_id, outcome=outcome, comment=comment, by=by, now=now)

    return step


STEPS: dict[Action, Callable[[Review, int, User, datetime], Review]] = {
    Action.SAVE: lambda review, task_id, by, now: (
        propose(review, by, now)
        if review.checkpoint.is_change
        else save_draft(
            review_id=review.pk,
            task_id=task_id,
            version=review.version,
            measures=entries(review),
            indicators={},
            by=by,
            now=now,
        )
    ),
    Action.SUBMIT: lambda review, task_id, by, now: submit(
        review_id=review.pk, task_id=task_id, version=now_of(review).draft_version, by=by, now=now
    ),
    Action.WITHDRAW: lambda review, task_id, by, now: withdraw(review_id=review.pk, task_id=task_id, by=by, now=now),
    Action.PASS: _decision(Outcome.PASSED),
    Action.RETURN: _decision(Outcome.RETURNED, REASON),
    Action.APPROVE: _decision(Outcome.APPROVED),
    Action.REVOKE: lambda review, task_id, by, now: revoke(
        review_id=review.pk, round_number=review.round, reason=REASON, by=by, now=now
    ),
    Action.NUDGE: lambda review, task_id, by, now: (
        nudge(review_id=review.pk, task_id=task_id, note=NOTE, by=by, now=now).review
    ),
    Action.EXTEND: lambda review, task_id, by, now: extend(
        review_id=review.pk, task_id=task_id, to=LATER, reason=REASON, by=by, now=now
    ),
    Action.CANCEL: lambda review, task_id, by, now: cancel(
        review_id=review.pk, task_id=task_id, reason=REASON, by=by, now=now
    ),
    Action.PIN: lambda review, task_id, by, now: pin(
        review_id=review.pk, task_id=task_id, target="", text=REASON, by=by, now=now
    ),
    Action.ANSWER: lambda review, task_id, by, now: answer(
        pin_id=pin_on(review).pk, task_id=task_id, text="追記しました。", by=by, now=now
    ),
    Action.RESOLVE: lambda review, task_id, by, now: resolve(pin_id=pin_on(review).pk, task_id=task_id, by=by, now=now),
}


def pin_on(review: Review) -> Pin:
    """A comment of the office on the review: the one it has, or one made for it."""
    return review.pins.first() or Pin.objects.create(
        review=review,
        submission=review.submissions.latest("round"),
        text=REASON,
        made_by=User.objects.get(username="second_reviewer"),
        made_at=NOW,
    )


def team_of(review: Review, cast: Any) -> tuple[User, User]:
    """Who prepares and who submits for the review's department."""
    return {
        "civic": (cast.editor, cast.lead),
        "tax": (cast.tax_editor, cast.tax_lead),
        "dx": (cast.dx_lead, cast.dx_lead),
    }[now_of(review).department.code]


def at(stage: Stage, review: Review, cast: Any) -> Review:
    """Bring a new review to the stage, by the people whose turn it is."""
    editor, lead = team_of(review, cast)
    if stage != Stage.PREPARE:
        save(review, editor)
        take(Action.SUBMIT, review, lead)
    if stage in (Stage.APPROVE, Stage.APPROVED):
        take(Action.PASS, review, cast.reviewer)
    if stage == Stage.APPROVED:
        take(Action.APPROVE, review, cast.approver)
    return now_of(review)


def told(review: Review) -> list[tuple[str, str | None, int]]:
    """The review's history: kind, by whom, round."""
    return [
        (event.kind, event.by and event.by.username, event.round)
        for event in Event.objects.filter(review=review).order_by("sequence").select_related("by")
    ]
