"""Changes of approved plans (計画変更): through the same flow, and into the plan's own rows when they are approved."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.http import Http404
from django.utils import translation

from departments.drafts import IndicatorDraft, MilestoneDraft, PlanDraft, draft_of
from departments.models import ActionPlan, Indicator, PlanAuthor, Role
from departments.models.plans import PlanState, Priority
from departments.projection import rebuild_access
from tests.factories import make_indicator, make_plan, the_initiative
from tests.workflows.amendments import WHY, asked, change_at, live, other, plan_of, proposed, submitted, with_measure
from tests.workflows.cast import Cast, Places, make_approved_plan, stand_in
from tests.workflows.moves import NOW, REASON, TODAY, fresh, now_of, opened, state_of, take, told
from workflows.access import Action, allowed, get_checkpoint
from workflows.errors import Incomplete, NotAllowed, ReviewError
from workflows.models import Checkpoint, CheckpointKind, Event, Proposal, Review, Stage, Submission
from workflows.services.cases import cancel
from workflows.tasks import keep_checkpoints
from workflows.verification import faults

# ---- the way


def test_the_plan_changes_when_the_change_is_approved_and_not_before(plan: ActionPlan, cast: Cast) -> None:
    make_indicator("M1-1", measure=plan.measures.get())
    before = plan_of(plan)
    review = asked(plan, cast.editor)
    stands = draft_of(plan)
    (measure,) = stands.measures
    wanted = with_measure(
        PlanDraft(
            "改めた概要",
            (
                replace(
                    measure,
                    title="改めた施策",
                    goal="改めた目標",
                    first_month=2,
                    priority=Priority.OTHER,
                    initiative=the_initiative(number=2).pk,
                    milestones=(MilestoneDraft("試行", 2, 5), MilestoneDraft("実施", 6, 12)),
                    indicators=(
                        replace(measure.indicators[0], target=Decimal(8)),
                        IndicatorDraft("満足度", "survey", "at_least", "%", Decimal(80), "回答者の割合"),
                    ),
                ),
            ),
        )
    )
    proposed(review, cast.editor, wanted)
    for action, person in [
        (Action.SUBMIT, cast.lead),
        (Action.RETURN, cast.reviewer),
        (Action.SUBMIT, cast.lead),
        (Action.PASS, cast.reviewer),
        (Action.RETURN, cast.approver),
        (Action.SUBMIT, cast.lead),
        (Action.WITHDRAW, cast.lead),
        (Action.SUBMIT, cast.lead),
    ]:
        take(action, review, person)
        assert plan_of(plan) == before, action
    assert state_of(review) == (Stage.APPROVE, 4, Stage.APPROVE)
    take(Action.APPROVE, review, cast.approver)
    state, version, content = plan_of(plan)
    assert (state, version, draft_of(live(plan))) == (PlanState.APPROVED, before[1] + 1, wanted)
    assert plan.measures.first().pk == measure.id
    assert list(Indicator.objects.values_list("pk", "code", "target")) == [
        (measure.indicators[0].id, "M1-1", Decimal(8)),
        (Indicator.objects.latest("pk").pk, "M1-2", Decimal(80)),
    ]
    frozen = submitted(review, 4)
    assert frozen["before"] == before[2]
    assert [entry["id"] for entry in frozen["plan"]["measures"]] == [measure.id, "new-1"]
    frozen["plan"]["measures"][1]["id"] = plan.measures.last().pk
    assert frozen["plan"] == content
    assert list(faults()) == []


def test_a_change_says_who_asked_for_it_why_and_by_when_it_is_due(plan: ActionPlan, cast: Cast) -> None:
    review = now_of(asked(plan, cast.editor, f"  {WHY}\n"))
    assert (review.stage, review.change_number, review.due_on) == (Stage.PREPARE, 1, date(2026, 10, 22))
    assert review.proposal.reason == WHY
    assert draft_of(plan) == review.proposal.draft
    assert told(review) == [("opened", "editor", 0)]
    event = Event.objects.get()
    assert event.data == {"next_task": review.task_id, "to": "prepare", "due": "2026-10-22", "comment": WHY}
    proposed(review, cast.editor, other(plan, title="改めた施策"))
    dues = [now_of(take(action, review, by)).due_on for action, by in [(Action.SUBMIT, cast.lead)]]
    dues.append(now_of(take(Action.PASS, review, cast.reviewer)).due_on)
    dues.append(now_of(take(Action.RETURN, review, cast.approver)).due_on)
    assert dues == [date(2026, 10, 19), date(2026, 10, 15), date(2026, 10, 22)]


def test_a_change_has_a_name_of_its_own(plan: ActionPlan, cast: Cast) -> None:
    review = now_of(change_at(Stage.APPROVED, plan, cast))
    second = now_of(asked(plan, cast.editor))
    assert [str(review), str(second), second.occasion] == [
        "市民課 令和8年度 計画変更 第1号",
        "市民課 令和8年度 計画変更 第2号",
        "計画変更 第2号",
    ]
    with translation.override("en"):
        assert str(second) == "市民課 FY2026 Change of plan no. 2"
    assert str(now_of(opened(plan)[0])) == "市民課 令和8年度 2Q進捗確認"


@pytest.mark.parametrize("name", ["editor", "lead"])
def test_who_drafts_there_asks(plan: ActionPlan, cast: Cast, name: str) -> None:
    by = getattr(cast, name)
    review = asked(plan, by)
    assert Event.objects.get().by == by
    assert PlanAuthor.objects.filter(plan=plan, user=by).exists()
    assert Action.SAVE in allowed(fresh(cast.editor), now_of(review), TODAY)


@pytest.mark.parametrize(
    "name", ["tax_lead", "doubled", "reviewer", "approver", "executive", "auditor", "administrator", "superuser"]
)
def test_nobody_else_asks_or_drafts(plan: ActionPlan, cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        asked(plan, getattr(cast, name))
    assert not Review.objects.exists()
    assert not Checkpoint.objects.exists()
    review = asked(plan, cast.editor)
    with pytest.raises(NotAllowed):
        proposed(review, getattr(cast, name), other(plan, title="改めた施策"))
    assert plan.measures.get().title == "施策1" == Proposal.objects.get().draft.measures[0].title


def test_a_deputy_of_the_lead_asks_in_their_place(plan: ActionPlan, places: Places, cast: Cast) -> None:
    stand_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    rebuild_access(TODAY)
    asked(plan, cast.stranger)
    event = Event.objects.get()
    assert (event.by, event.on_behalf_of) == (cast.stranger, cast.lead)


def test_who_asked_or_drafted_never_decides(plan: ActionPlan, places: Places, cast: Cast) -> None:
    review = change_at(Stage.REVIEW, plan, cast)
    PlanAuthor.objects.create(plan=plan, user=cast.second_reviewer)
    for person in (cast.lead, cast.editor, cast.moved, cast.second_reviewer):
        with pytest.raises(NotAllowed):
            take(Action.PASS, review, person)
    take(Action.PASS, review, cast.reviewer)


# ---- when it is refused


def test_only_an_approved_plan_is_changed_by_request(places: Places, cast: Cast) -> None:
    for state in (PlanState.DRAFT, PlanState.SUBMITTED):
        plan = make_plan(places.civic, 2026 + (state == PlanState.DRAFT), measures=1, state=state)
        with pytest.raises(ReviewError, match="承認済み"):
            asked(plan, cast.editor)
    assert not Checkpoint.objects.exists()


def test_there_is_one_open_change_at_a_time(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.REVIEW, plan, cast)
    with pytest.raises(ReviewError, match="手続中の計画変更"):
        asked(plan, cast.editor)
    take(Action.PASS, review, cast.reviewer)
    take(Action.APPROVE, review, cast.approver)
    assert asked(plan, cast.editor).change_number == 2
    assert Checkpoint.objects.filter(kind=CheckpointKind.CHANGE).count() == 1


def test_a_plan_is_changed_until_the_end_of_may(plan: ActionPlan, cast: Cast) -> None:
    last, after = (datetime(2027, month, day, 10, tzinfo=NOW.tzinfo) for month, day in [(5, 31), (6, 1)])
    with pytest.raises(ReviewError, match="年度が終わっています"):
        asked(plan, cast.editor, now=after)
    assert now_of(asked(plan, cast.editor, now=last)).due_on == date(2027, 6, 14)


@pytest.mark.parametrize("reason", ["", " \n　"])
def test_a_reason_is_given_at_once(plan: ActionPlan, cast: Cast, reason: str) -> None:
    with pytest.raises(ReviewError, match="変更の理由"):
        asked(plan, cast.editor, reason)
    assert not Review.objects.exists()


def test_what_a_change_lacks_is_listed_at_once(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, draft_of(plan), reason="")
    with pytest.raises(Incomplete) as refusal:
        take(Action.SUBMIT, review, cast.lead)
    assert [(problem.anchor, problem.message) for problem in refusal.value.problems] == [
        ("id_reason", "変更の理由を入力してください。"),
        ("measures", "計画の内容がまだ変更されていません。"),
    ]
    wanted = other(plan, goal="", milestones=(MilestoneDraft("準備", 1, 3),), first_month=2)
    proposed(review, cast.editor, with_measure(wanted, wanted.measures[0].title), reason="")
    with pytest.raises(Incomplete) as refusal:
        take(Action.SUBMIT, review, cast.lead)
    assert [problem.anchor for problem in refusal.value.problems] == [
        "id_reason",
        "measure-1",
        "measure-1",
        "measure-2",
    ]
    assert not Submission.objects.exists()


# ---- how it ends otherwise


@pytest.mark.parametrize(
    ("stage", "name"),
    [(Stage.PREPARE, "lead"), (Stage.PREPARE, "approver"), (Stage.REVIEW, "approver"), (Stage.APPROVE, "approver")],
)
def test_a_cancelled_change_leaves_the_plan_as_it_was(plan: ActionPlan, cast: Cast, stage: Stage, name: str) -> None:
    before = plan_of(plan)
    review = change_at(stage, plan, cast)
    take(Action.CANCEL, review, getattr(cast, name))
    assert (plan_of(plan), now_of(review).stage) == (before, Stage.CANCELLED)
    assert asked(plan, cast.editor).change_number == 2
    assert list(faults()) == []


@pytest.mark.parametrize(
    ("stage", "name"), [(Stage.PREPARE, "editor"), (Stage.REVIEW, "lead"), (Stage.APPROVE, "lead")]
)
def test_others_do_not_cancel_it(plan: ActionPlan, cast: Cast, stage: Stage, name: str) -> None:
    review = change_at(stage, plan, cast)
    with pytest.raises(NotAllowed):
        cancel(review_id=review.pk, task_id=review.task_id or 0, reason=REASON, by=fresh(getattr(cast, name)), now=NOW)


def test_an_approved_change_is_not_revoked_but_changed_again(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.APPROVED, plan, cast)
    for person in cast.everybody():
        assert allowed(fresh(person), review, TODAY) == frozenset()
    second = asked(plan, cast.editor)
    proposed(second, cast.editor, other(plan, title="施策1"))
    for action, person in [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]:
        take(action, second, person)
    assert (live(plan).version, plan.measures.get().title) == (3, "施策1")


# ---- the container is no round


def test_the_years_container_is_no_round(plan: ActionPlan, cast: Cast) -> None:
    asked(plan, cast.editor)
    container = Checkpoint.objects.get()
    assert container.is_change
    assert not Checkpoint.objects.running().exists()
    assert list(Checkpoint.objects.of_year(2026)) == Checkpoint.objects.years() == []
    with pytest.raises(Http404):
        get_checkpoint(fresh(cast.administrator), container.pk, TODAY)


def test_nobody_gets_a_review_in_it_by_the_clock(plan: ActionPlan, places: Places, cast: Cast, clock: None) -> None:
    make_approved_plan(places.tax)
    asked(plan, cast.editor)
    keep_checkpoints()
    assert Review.objects.count() == 1
