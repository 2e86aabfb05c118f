"""Extending a due day, cancelling and revoking: what they do, and every refusal."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from departments.models import ActionPlan, User
from departments.models.plans import PlanState
from departments.services.calendar import add_calendar_day
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import LATER, NOW, REASON, TODAY, at, closed, fresh, now_of, opened, save, take, told
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.models import CheckpointKind, Event, Outcome, Review, Stage
from workflows.schedule import Days
from workflows.services.cases import cancel, extend, revoke
from workflows.services.checkpoints import change_days
from workflows.verification import faults

pytestmark = pytest.mark.usefixtures("clock")

EXTENDED = date(2026, 10, 21)  # five business days after the due day


def extended(review: Review, by: User, to: date = EXTENDED, reason: str = REASON) -> Review:
    review = now_of(review)
    extend(review_id=review.pk, task_id=review.task_id or 0, to=to, reason=reason, by=fresh(by), now=NOW)
    return now_of(review)


def refusal_of(action: Any, *args: Any, **kwargs: Any) -> str:
    """The sentence with which it is refused, nothing having changed."""
    before = Event.objects.count()
    with pytest.raises(ReviewError) as refusal:
        action(*args, **kwargs)
    assert Event.objects.count() == before
    return str(refusal.value)


# ---- extending


def test_an_extension_moves_the_days_of_this_review_alone(cast: Cast, places: Places, plan: ActionPlan) -> None:
    mine, other = opened(plan, make_plan(places.tax, measures=1, state=PlanState.APPROVED))
    extended(mine, cast.reviewer)
    save(mine, cast.editor)
    days = [now_of(mine).due_on]
    for action, by in ((Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer)):
        take(action, mine, by)
        days.append(now_of(mine).due_on)
    # 10 and 10 business days after the submission, as in the checkpoint; 3 November is a holiday.
    assert days == [EXTENDED, date(2026, 11, 5), date(2026, 11, 18)]
    assert now_of(other).due_on == date(2026, 10, 14)


def test_no_day_moves_behind_the_closing(cast: Cast, review: Review) -> None:
    extended(review, cast.approver, to=date(2026, 12, 24))
    take(Action.SAVE, review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    assert now_of(review).due_on == date(2026, 12, 25)


def test_an_extension_is_written_down_with_its_reason(cast: Cast, review: Review) -> None:
    task = review.task_id
    extended(review, cast.reviewer)
    event = Event.objects.filter(review=review).latest("sequence")
    assert (event.kind, event.by, event.data) == (
        "extended",
        cast.reviewer,
        {"task": task, "next_task": task, "was": "2026-10-14", "due": "2026-10-21", "comment": REASON},
    )
    assert list(faults()) == []


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        (date(2026, 10, 14), "現在の期限(令和8年10月14日(水))より後の日を選んでください。"),
        (date(2026, 10, 13), "現在の期限(令和8年10月14日(水))より後の日を選んでください。"),
        (
            date(2026, 12, 28),
            "このチェックポイントは令和8年12月25日(金)に締め切られます。それまでの日を選んでください。",
        ),
        (date(2026, 11, 3), "この日は閉庁日です。次の営業日は令和8年11月4日(水)です。"),
        (date(2026, 10, 16), "この日は閉庁日です。次の営業日は令和8年10月19日(月)です。"),
    ],
)
def test_a_day_that_is_none_is_refused(cast: Cast, review: Review, to: date, sentence: str) -> None:
    add_calendar_day(by=None, day=date(2026, 10, 16), name="区政記念日")
    assert refusal_of(extended, review, cast.reviewer, to=to) == sentence
    assert (now_of(review).due_on, now_of(review).extended_to) == (date(2026, 10, 14), None)


def test_a_day_that_has_passed_is_refused(cast: Cast, review: Review) -> None:
    Review.objects.filter(pk=review.pk).update(due_on=date(2026, 10, 1))
    sentence = refusal_of(extended, review, cast.reviewer, to=date(2026, 10, 6))
    assert sentence == "過ぎた日です。本日以降の日を選んでください。"
    assert extended(review, cast.reviewer, to=TODAY).due_on == TODAY


def test_each_asks_for_its_reason(cast: Cast, review: Review) -> None:
    said = refusal_of(extended, review, cast.reviewer, reason=" 　\n")
    assert said == "期限を延長する理由を書いてください。"
    task = review.task_id or 0
    said = refusal_of(cancel, review_id=review.pk, task_id=task, reason=" ", by=fresh(cast.approver), now=NOW)
    assert said == "取り下げる理由を書いてください。"
    at(Stage.APPROVED, review, cast)
    said = refusal_of(revoke, review_id=review.pk, round_number=1, reason="", by=fresh(cast.approver), now=NOW)
    assert said == "承認を取り消す理由を書いてください。"


def test_new_days_of_the_checkpoint_keep_an_extension(cast: Cast, places: Places, plan: ActionPlan) -> None:
    mine, other = opened(plan, make_plan(places.tax, measures=1, state=PlanState.APPROVED))
    extended(mine, cast.reviewer)
    move_submission(mine, date(2026, 10, 19))
    assert [now_of(each).due_on for each in (mine, other)] == [EXTENDED, date(2026, 10, 19)]
    move_submission(mine, date(2026, 10, 23))  # later than the department's own day
    assert [now_of(each).due_on for each in (mine, other)] == [date(2026, 10, 23)] * 2


def move_submission(review: Review, day: date) -> None:
    checkpoint = review.checkpoint
    days = Days(
        as_of=checkpoint.as_of,
        opens_on=checkpoint.opens_on,
        submit_due=day,
        review_due=checkpoint.review_due,
        approve_due=checkpoint.approve_due,
        closes_on=checkpoint.closes_on,
    )
    change_days(checkpoint=checkpoint, days=days, by=None, now=NOW)


def test_a_return_leaves_the_extension(cast: Cast, review: Review) -> None:
    extended(review, cast.reviewer, to=LATER)
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    assert now_of(review).due_on == LATER


# ---- cancelling


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.REVIEW, Stage.APPROVE])
def test_cancelling_ends_it_for_good(cast: Cast, review: Review, stage: Stage) -> None:
    at(stage, review, cast)
    take(Action.CANCEL, review, cast.approver)
    assert (now_of(review).stage, now_of(review).task, now_of(review).due_on) == (Stage.CANCELLED, None, None)
    assert told(review)[-1][:2] == ("cancelled", "approver")
    for action, by in ((Action.SAVE, cast.editor), (Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer)):
        with pytest.raises(Stale):
            take(action, review, by)
    assert list(faults()) == []


def test_a_cancelled_plan_is_a_draft_again(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.CANCEL, review, cast.approver)
    plan.refresh_from_db()
    assert plan.state == PlanState.DRAFT


def test_what_is_cancelled_is_not_ended_again_by_the_closing(cast: Cast, review: Review) -> None:
    take(Action.CANCEL, review, cast.approver)
    closed(review)
    assert now_of(review).stage == Stage.CANCELLED


# ---- revoking


def test_revoked_and_approved_again(cast: Cast, review: Review) -> None:
    at(Stage.APPROVED, review, cast)
    take(Action.REVOKE, review, cast.approver)
    back = now_of(review)
    assert (back.stage, back.round, back.returned_from, back.due_on) == (
        Stage.PREPARE,
        1,
        Stage.APPROVE,
        date(2026, 10, 15),  # five business days to mend it
    )
    save(review, cast.editor, done="直した報告")
    take(Action.SUBMIT, review, cast.lead)
    assert now_of(review).stage == Stage.APPROVE
    take(Action.APPROVE, review, cast.approver)
    decisions = [(each.submission.round, each.outcome) for each in review.decisions.select_related("submission")]
    assert decisions == [(1, Outcome.PASSED), (1, Outcome.APPROVED), (1, Outcome.REVOKED), (2, Outcome.APPROVED)]
    assert [kind for kind, _who, _round in told(review)][-3:] == ["revoked", "submitted", "approved"]
    take(Action.REVOKE, review, cast.approver)
    assert now_of(review).round == 2
    assert list(faults()) == []


def test_a_revoked_plan_can_be_edited_and_approved_again(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    states = []
    for action, by in (
        (Action.SUBMIT, cast.lead),
        (Action.PASS, cast.reviewer),
        (Action.APPROVE, cast.approver),
        (Action.REVOKE, cast.approver),
        (Action.SUBMIT, cast.lead),
        (Action.APPROVE, cast.approver),
    ):
        take(action, review, by)
        plan.refresh_from_db()
        states.append(plan.state)
    submitted, draft, approved = PlanState.SUBMITTED, PlanState.DRAFT, PlanState.APPROVED
    assert states == [submitted, submitted, approved, draft, submitted, approved]


@pytest.fixture
def used_plan(cast: Cast, places: Places) -> Review:
    """The approved review of a plan whose second quarter has been opened since."""
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    for action, by in ((Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)):
        take(action, review, by)
    plan.refresh_from_db()
    opened(plan)
    return now_of(review)


IN_USE = "この計画の進捗確認がすでに始まっています。所属に計画変更を申請してもらってください。"


def test_a_plan_in_use_stays_approved(cast: Cast, used_plan: Review) -> None:
    said = refusal_of(revoke, review_id=used_plan.pk, round_number=1, reason=REASON, by=fresh(cast.approver), now=NOW)
    assert said == IN_USE
    assert now_of(used_plan).stage == Stage.APPROVED
    page = page_of(cast.approver, "revoke", used_plan.pk)
    assert IN_USE in text_of(page)
    assert "<form" not in page.content.decode().split("<main", 1)[1].split("</main>", 1)[0]


def test_nothing_is_revoked_once_the_checkpoint_is_closed(cast: Cast, review: Review) -> None:
    at(Stage.APPROVED, review, cast)
    closed(review)
    with pytest.raises(NotAllowed) as refusal:
        take(Action.REVOKE, review, cast.approver)
    assert str(refusal.value) == "令和8年度 2Q進捗確認は、すでに終了しています。"
    assert page_of(cast.approver, "revoke", review.pk).url == reverse("review", args=[review.pk])
    answer = logged_in(cast.approver).post(reverse("revoke", args=[review.pk]), {"round": 1, "reason": "私の理由"})
    assert answer.status_code == 403
    assert "令和8年度 2Q進捗確認は、すでに終了しています。" in text_of(answer)
    assert "私の理由" in text_of(answer)


def test_only_the_round_that_was_seen_is_revoked(cast: Cast, review: Review) -> None:
    at(Stage.APPROVED, review, cast)
    for number in (0, 2):
        with pytest.raises(Stale):
            revoke(review_id=review.pk, round_number=number, reason=REASON, by=fresh(cast.approver), now=NOW)
    assert now_of(review).stage == Stage.APPROVED
