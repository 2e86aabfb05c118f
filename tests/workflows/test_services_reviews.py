"""Submitting, withdrawing and deciding: each verb beside its forbidden twin."""

import pytest

from departments.models.indicators import Kind
from departments.models.plans import PlanState
from tests.factories import make_indicator, make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import NOW, REASON, at, closed, now_of, opened, save, state_of, take, told
from workflows.access import Action
from workflows.content import canonical, digest, review_content
from workflows.draft import read_draft
from workflows.errors import Incomplete, NotAllowed, ReviewError, Stale
from workflows.models import Decision, Event, Outcome, PendingEvent, Review, Stage, Submission
from workflows.services.drafts import IndicatorEntry
from workflows.services.reviews import decide


def test_whole_way(review: Review, cast: Cast) -> None:
    at(Stage.APPROVED, review, cast)
    assert told(review) == [
        ("opened", None, 0),
        ("submitted", "lead", 1),
        ("passed", "reviewer", 1),
        ("approved", "approver", 1),
    ]
    done = now_of(review)
    assert (done.stage, done.task_id, done.due_on, done.stage_since, done.round, done.returned_from) == (
        Stage.APPROVED,
        None,
        None,
        NOW,
        1,
        "",
    )
    assert list(Decision.objects.values_list("step", "outcome", "comment", "decided_by__username", "decided_at")) == [
        ("review", "passed", "", "reviewer", NOW),
        ("approve", "approved", "", "approver", NOW),
    ]


def test_each_stage_is_due_when_the_checkpoint_says(review: Review, cast: Cast) -> None:
    checkpoint = review.checkpoint
    due = [at(stage, review, cast).due_on for stage in (Stage.PREPARE, Stage.REVIEW)]
    due.append(take(Action.PASS, review, cast.reviewer).due_on)
    assert due == [checkpoint.submit_due, checkpoint.review_due, checkpoint.approve_due]


def test_every_event_waits_to_be_told_and_names_the_tasks(review: Review, cast: Cast) -> None:
    first = review.task_id
    save(review, cast.editor)
    second = take(Action.SUBMIT, review, cast.lead).task_id
    third = take(Action.RETURN, review, cast.reviewer).task_id
    events = list(Event.objects.order_by("sequence"))
    submission = Submission.objects.get()
    assert [event.data for event in events] == [
        {"next_task": first, "to": "prepare", "due": "2026-10-14"},
        {
            "task": first,
            "from": "prepare",
            "next_task": second,
            "to": "review",
            "due": "2026-10-28",
            "sha256": submission.sha256,
        },
        {
            "task": second,
            "from": "review",
            "next_task": third,
            "to": "prepare",
            "due": "2026-10-15",
            "step": "review",
            "comment": REASON,
        },
    ]
    assert set(PendingEvent.objects.values_list("event", flat=True)) == {event.pk for event in events}


def test_submission_freezes_what_the_draft_said(review: Review, cast: Cast) -> None:
    save(review, cast.editor, done="窓口を1か所にした。")
    take(Action.SUBMIT, review, cast.lead)
    frozen = Submission.objects.get()
    content = review_content(now_of(review), read_draft(now_of(review)))
    assert (frozen.round, frozen.submitted_by, frozen.submitted_at) == (1, cast.lead, NOW)
    assert (frozen.content, frozen.sha256) == (canonical(content), digest(canonical(content)))
    assert content["measures"][0]["done"] == "窓口を1か所にした。"


def test_each_round_keeps_its_own_content(review: Review, cast: Cast) -> None:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    save(review, cast.editor, done="数値を追記した。")
    take(Action.SUBMIT, review, cast.lead)
    first, second = Submission.objects.order_by("round")
    assert ("予定どおり進めた。" in first.content, "数値を追記した。" in second.content) == (True, True)
    assert Decision.objects.get().submission == first


# ---- submitting


def test_lead_submits_editor_does_not(review: Review, cast: Cast) -> None:
    save(review, cast.editor)
    with pytest.raises(NotAllowed):
        take(Action.SUBMIT, review, cast.editor)
    assert take(Action.SUBMIT, review, cast.lead).stage == Stage.REVIEW


def test_submit_lists_everything_that_is_missing(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=3, state=PlanState.APPROVED)
    first, second, third = plan.measures.all()
    count = make_indicator("M1-1", measure=first)
    share = make_indicator("1-2", department=places.civic, kind=Kind.RATIO)
    done = make_indicator("1-3", department=places.civic, kind=Kind.MILESTONE)
    (review,) = opened(plan)
    late = save(review, cast.editor, progress="late", done="").plan.measures.get(number=2)
    review.measure_reports.filter(measure=first).delete()
    review.measure_reports.filter(measure=third).update(issue="人手不足", next_step="応援を頼む", done="半分まで")
    before = state_of(review)
    with pytest.raises(Incomplete) as refusal:
        take(Action.SUBMIT, review, cast.lead)
    assert [problem.anchor for problem in refusal.value.problems] == [
        f"id_m{first.pk}-progress",
        f"id_m{first.pk}-done",
        f"id_i{count.pk}-value",
        f"id_m{late.pk}-done",
        f"id_m{late.pk}-issue",
        f"id_m{late.pk}-next_step",
        f"id_i{share.pk}-numerator",
        f"id_i{done.pk}-done",
    ]
    assert (state_of(review), Submission.objects.count(), second) == (before, 0, late)


def test_not_this_quarter_is_an_answer(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=1, state=PlanState.APPROVED)
    indicator = make_indicator("1-1", department=places.civic)
    (review,) = opened(plan)
    save(review, cast.editor)
    with pytest.raises(Incomplete):
        take(Action.SUBMIT, review, cast.lead)
    save(review, cast.editor, indicators={indicator.pk: IndicatorEntry(not_this_quarter=True)})
    assert take(Action.SUBMIT, review, cast.lead).stage == Stage.REVIEW


# ---- returning and submitting again


@pytest.mark.parametrize("comment", ["", "  \n　"])
def test_return_needs_a_reason(review: Review, cast: Cast, comment: str) -> None:
    review = at(Stage.REVIEW, review, cast)
    with pytest.raises(ReviewError) as refusal:
        decide(
            review_id=review.pk,
            task_id=review.task_id or 0,
            outcome=Outcome.RETURNED,
            comment=comment,
            by=cast.reviewer,
            now=NOW,
        )
    assert type(refusal.value) is ReviewError
    assert (state_of(review), Decision.objects.count()) == (("review", 1, ""), 0)


def test_return_from_review_comes_back_to_review(review: Review, cast: Cast) -> None:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    assert state_of(review) == ("prepare", 1, "review")
    take(Action.SUBMIT, review, cast.lead)
    assert state_of(review) == ("review", 2, "review")
    take(Action.PASS, review, cast.reviewer)
    assert state_of(review) == ("approve", 2, "")


def test_return_from_approval_comes_back_to_approval(review: Review, cast: Cast) -> None:
    at(Stage.APPROVE, review, cast)
    take(Action.RETURN, review, cast.approver)
    assert state_of(review) == ("prepare", 1, "approve")
    take(Action.SUBMIT, review, cast.lead)
    assert state_of(review) == ("approve", 2, "approve")
    take(Action.APPROVE, review, cast.approver)
    assert state_of(review) == ("approved", 2, "")


def test_reviewer_does_not_approve_and_approver_does_not_pass(review: Review, cast: Cast) -> None:
    at(Stage.REVIEW, review, cast)
    for action, person in [
        (Action.PASS, cast.approver),
        (Action.RETURN, cast.approver),
        (Action.APPROVE, cast.approver),
        (Action.APPROVE, cast.reviewer),
    ]:
        with pytest.raises(NotAllowed):
            take(action, review, person)
    take(Action.PASS, review, cast.reviewer)
    for action, person in [
        (Action.PASS, cast.reviewer),
        (Action.RETURN, cast.reviewer),
        (Action.APPROVE, cast.reviewer),
        (Action.PASS, cast.approver),
    ]:
        with pytest.raises(NotAllowed):
            take(action, review, person)
    assert told(review)[1:] == [("submitted", "lead", 1), ("passed", "reviewer", 1)]


# ---- withdrawing


def test_withdrawn_until_somebody_acts(review: Review, cast: Cast) -> None:
    at(Stage.REVIEW, review, cast)
    with pytest.raises(NotAllowed):
        take(Action.WITHDRAW, review, cast.editor)
    take(Action.WITHDRAW, review, cast.lead)
    assert state_of(review) == ("prepare", 1, "")
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    with pytest.raises(NotAllowed):
        take(Action.WITHDRAW, review, cast.lead)
    assert state_of(review) == ("approve", 2, "")


def test_withdrawn_also_after_it_went_straight_back_to_approval(review: Review, cast: Cast) -> None:
    at(Stage.APPROVE, review, cast)
    take(Action.RETURN, review, cast.approver)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.WITHDRAW, review, cast.lead)
    assert state_of(review) == ("prepare", 2, "approve")
    take(Action.SUBMIT, review, cast.lead)
    assert state_of(review) == ("approve", 3, "approve")


# ---- stale pages and second clicks


@pytest.mark.parametrize(
    ("stage", "action", "who"),
    [
        (Stage.PREPARE, Action.SUBMIT, "lead"),
        (Stage.REVIEW, Action.WITHDRAW, "lead"),
        (Stage.REVIEW, Action.PASS, "reviewer"),
        (Stage.REVIEW, Action.RETURN, "reviewer"),
        (Stage.APPROVE, Action.RETURN, "approver"),
        (Stage.APPROVE, Action.APPROVE, "approver"),
    ],
)
def test_second_click_changes_nothing_and_says_who_was_first(
    review: Review, cast: Cast, stage: Stage, action: Action, who: str
) -> None:
    if stage == Stage.PREPARE:
        save(review, cast.editor)
    task_id = at(stage, review, cast).task_id
    person = getattr(cast, who)
    take(action, review, person, task_id=task_id)
    before = (state_of(review), told(review))
    with pytest.raises(Stale) as refusal:
        take(action, review, person, task_id=task_id)
    assert (state_of(review), told(review)) == before
    assert refusal.value.event == Event.objects.order_by("-sequence").first()
    assert refusal.value.event.by == person


@pytest.mark.parametrize("action", list(Action))
def test_page_of_an_earlier_round_is_stale(review: Review, cast: Cast, action: Action) -> None:
    """The stage is the same again, but the page shows an older round."""
    people = {Action.SAVE: cast.editor, Action.SUBMIT: cast.lead, Action.WITHDRAW: cast.lead}
    stage = Stage.PREPARE if action in (Action.SAVE, Action.SUBMIT) else Stage.REVIEW
    task_id = at(stage, review, cast).task_id
    if stage == Stage.PREPARE:
        save(review, cast.editor)
        take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    if stage == Stage.REVIEW:
        take(Action.SUBMIT, review, cast.lead)
    before = (state_of(review), told(review))
    with pytest.raises(Stale):
        take(action, review, people.get(action, cast.reviewer), task_id=task_id)
    assert (state_of(review), told(review)) == before


@pytest.mark.parametrize("action", [action for action in Action if action != Action.REVOKE])
def test_nothing_moves_after_the_end(review: Review, cast: Cast, action: Action) -> None:
    task_id = at(Stage.APPROVED, review, cast).task_id
    assert task_id is None
    for person in cast.everybody():
        with pytest.raises(Stale):
            take(action, review, person)
    assert len(told(review)) == 4


@pytest.mark.parametrize("action", list(Action))
def test_nothing_moves_after_closing(review: Review, cast: Cast, action: Action) -> None:
    task_id = at(Stage.REVIEW, review, cast).task_id
    closed(review)
    with pytest.raises(Stale) as refusal:
        take(action, review, cast.reviewer, task_id=task_id)
    assert (state_of(review), refusal.value.event.kind) == (("lapsed", 1, ""), "lapsed")
