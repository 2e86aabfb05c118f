"""What stands in a change of a plan: how it is drafted, what it may not take away, and that exactly it is approved."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from departments.drafts import IndicatorDraft, PlanDraft, draft_of
from departments.errors import Refused
from departments.models import ActionPlan, Measure
from departments.models.plans import Priority
from departments.services.plans import save_plan
from tests.factories import make_indicator, make_measure, make_plan, make_strategy
from tests.workflows.amendments import WHY, asked, change_at, live, other, plan_of, proposed, submitted, with_measure
from tests.workflows.cast import Cast
from tests.workflows.moves import NOW, at, fresh, now_of, opened, save, state_of, take, told
from tests.workflows.test_services_atomic import fails_at
from workflows.access import Action
from workflows.content import changes
from workflows.errors import Incomplete, NotAllowed, Overtaken, ReviewError, Stale
from workflows.models import Event, MeasureReport, Proposal, Review, Stage, Submission
from workflows.services.changes import save_proposal
from workflows.services.reviews import submit
from workflows.verification import faults

STAYS = "施策「{}」は報告済みのため削除できません。計画に残し、進捗区分「中止」で報告してください。"


def sentences(refusal: Any) -> list[str]:
    return [problem.message for problem in refusal.value.problems]


# ---- drafting


def test_saving_the_same_again_is_one_save(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    wanted = with_measure(other(plan, title="改めた施策"))
    assert proposed(review, cast.editor, wanted).version == 2
    stands = Proposal.objects.values().get()
    assert proposed(review, cast.editor, wanted).version == 2
    assert Proposal.objects.values().get() == stands
    saved = now_of(review)
    assert (saved.saved_by, saved.saved_at) == (cast.editor, NOW)


def test_somebody_elses_draft_is_not_overwritten(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    page = now_of(review)
    proposed(review, cast.lead, other(plan, title="所属長の案"))
    with pytest.raises(Overtaken) as refusal:
        save_proposal(
            review_id=page.pk,
            task_id=page.task_id or 0,
            version=page.version,
            reason=WHY,
            content=other(plan, title="担当者の案"),
            by=fresh(cast.editor),
            now=NOW,
        )
    assert refusal.value.review.saved_by == cast.lead
    assert Proposal.objects.get().draft.measures[0].title == "所属長の案"
    with pytest.raises(Overtaken):
        take_submit(review, cast.lead, version=page.version)


def take_submit(review: Review, by: Any, version: int) -> None:
    from_page = now_of(review)
    submit(review_id=review.pk, task_id=from_page.task_id or 0, version=version, by=fresh(by), now=NOW)


def test_what_is_submitted_is_drafted_no_more(plan: ActionPlan, cast: Cast) -> None:
    page = now_of(asked(plan, cast.editor))
    proposed(page, cast.editor, other(plan, title="改めた施策"))
    take(Action.SUBMIT, page, cast.lead)
    with pytest.raises(Stale) as stale:
        proposed_from(page, cast.editor, other(plan, title="あとからの修正"))
    assert stale.value.event == Event.objects.get(kind="submitted")
    with pytest.raises(NotAllowed):
        proposed(page, cast.editor, other(plan, title="あとからの修正"))
    assert Proposal.objects.get().draft.measures[0].title == "改めた施策"


def proposed_from(page: Review, by: Any, content: PlanDraft) -> Review:
    """Save from a page that was opened before."""
    return save_proposal(
        review_id=page.pk,
        task_id=page.task_id or 0,
        version=page.version,
        reason=WHY,
        content=content,
        by=fresh(by),
        now=NOW,
    )


def test_a_report_has_no_change_to_draft(plan: ActionPlan, review: Review, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        proposed(review, cast.editor, other(plan, title="改めた施策"))


def junk(plan: ActionPlan) -> dict[str, Callable[[], PlanDraft]]:
    stands = draft_of(plan)
    (measure,) = stands.measures
    foreign = make_measure(make_plan(plan.department, 2027))
    milestone = IndicatorDraft("公開", "milestone", "exactly", "", Decimal(1), "")
    return {
        "months": lambda: other(plan, first_month=9, last_month=3),
        "title": lambda: other(plan, title="一行目\n二行目"),
        "initiative": lambda: other(plan, initiative=foreign.initiative_id),
        "target": lambda: other(plan, indicators=(milestone,)),
        "foreign measure": lambda: other(plan, id=foreign.pk, title="借りた施策"),
        "one measure twice": lambda: replace(stands, measures=(measure, replace(measure, title="写し"))),
        "foreign indicator": lambda: other(plan, indicators=(replace(milestone, target=None, id=12345),)),
    }


@pytest.mark.parametrize(
    "name",
    ["months", "title", "initiative", "target", "foreign measure", "one measure twice", "foreign indicator"],
)
def test_content_that_could_not_be_written_is_not_saved(plan: ActionPlan, cast: Cast, name: str) -> None:
    make_strategy(2027)
    review = asked(plan, cast.editor)
    before = Proposal.objects.values().get()
    with pytest.raises(ReviewError):
        proposed(review, cast.editor, junk(plan)[name]())
    assert (Proposal.objects.values().get(), now_of(review).version) == (before, 1)


def test_a_new_measure_is_the_same_one_in_every_round(plan: ActionPlan, cast: Cast) -> None:
    review = asked(plan, cast.editor)
    wanted = with_measure(with_measure(draft_of(plan), "先の施策"), "後の施策")
    proposed(review, cast.editor, wanted)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    stands = Proposal.objects.get().draft
    assert [measure.id for measure in stands.measures] == [plan.measures.get().pk, -1, -2]
    first, _gone, last = stands.measures
    kept = replace(stands, measures=(first, replace(last, goal="改めた目標")))
    proposed(review, cast.editor, with_measure(kept, "さらに新しい施策"))
    take(Action.SUBMIT, review, cast.lead)
    contents = [submitted(review, number)["plan"] for number in (1, 2)]
    assert [[entry["id"] for entry in content["measures"]] for content in contents] == [
        [first.id, "new-1", "new-2"],
        [first.id, "new-2", "new-3"],
    ]
    found = changes(submitted(review, 1), submitted(review, 2))
    of_last = [(change.key, change.before, change.after) for change in found if "後の施策" in change.place]
    assert sorted(of_last) == [("goal", "後の施策の目標", "改めた目標"), ("number", 3, 2)]


# ---- what has been reported on


def test_a_reported_measure_is_not_removed(plan: ActionPlan, cast: Cast) -> None:
    kept = make_measure(plan)
    make_indicator("M2-1", measure=kept)
    (quarter,) = opened(plan)
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, replace(draft_of(plan), measures=draft_of(plan).measures[1:]))
    save(quarter, cast.editor)
    for step in (
        lambda: proposed(review, cast.editor, replace(draft_of(plan), measures=(), summary="別の概要")),
        lambda: take(Action.SUBMIT, review, cast.lead),
    ):
        with pytest.raises(ReviewError) as refusal:
            step()
        told_why = sentences(refusal) if isinstance(refusal.value, Incomplete) else [str(refusal.value)]
        assert (
            "施策「1 施策1」は報告済みのため削除できません。計画に残し、進捗区分「中止」で報告してください。"
            in " ".join(told_why)
        )
    assert not Submission.objects.exists()


def test_a_reported_indicator_is_not_removed(plan: ActionPlan, cast: Cast) -> None:
    indicator = make_indicator("M1-1", measure=plan.measures.get(), title="受付の件数")
    (quarter,) = opened(plan)
    quarter.indicator_reports.create(indicator=indicator, value=3)
    review = asked(plan, cast.editor)
    with pytest.raises(ReviewError, match="指標「M1-1 受付の件数」は報告済みのため削除できません。"):
        proposed(review, cast.editor, other(plan, indicators=()))
    with pytest.raises(ReviewError) as refusal:
        proposed(review, cast.editor, replace(draft_of(plan), measures=()))
    assert "指標" not in str(refusal.value)


def test_what_was_reported_on_meanwhile_keeps_the_change_from_being_approved(plan: ActionPlan, cast: Cast) -> None:
    make_measure(plan)
    (quarter,) = opened(plan)
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, replace(draft_of(plan), measures=draft_of(plan).measures[:1]))
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    save(quarter, cast.editor)
    before = plan_of(plan), told(review), state_of(review)
    with pytest.raises(ReviewError) as refusal:
        take(Action.APPROVE, review, cast.approver)
    assert str(refusal.value) == f"{STAYS.format('2 施策2')} 所属へ差し戻してください。"
    assert (plan_of(plan), told(review), state_of(review)) == before
    take(Action.RETURN, review, cast.approver)
    proposed(review, cast.editor, other(plan, title="改めた施策"))
    take(Action.SUBMIT, review, cast.lead)
    take(Action.APPROVE, review, cast.approver)
    assert [str(measure) for measure in plan.measures.all()] == ["1 改めた施策", "2 施策2"]


# ---- exactly what was submitted is approved


def test_only_what_was_submitted_is_approved(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.APPROVE, plan, cast)
    smuggled = Proposal.objects.get()
    smuggled.content["measures"][0]["goal"] = "だれも見ていない目標"
    smuggled.save()
    before = plan_of(plan)
    with pytest.raises(ReviewError, match="提出された内容と一致しません"):
        take(Action.APPROVE, review, cast.approver)
    assert plan_of(plan) == before


def test_a_change_of_a_plan_that_is_another_by_now_is_looked_at_again(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.APPROVE, plan, cast)
    ActionPlan.objects.update(version=7)
    with pytest.raises(ReviewError):
        take(Action.APPROVE, review, cast.approver)
    take(Action.RETURN, review, cast.approver)
    with pytest.raises(Incomplete):
        take(Action.SUBMIT, review, cast.lead)
    proposed(review, cast.editor, Proposal.objects.get().draft)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.APPROVE, review, cast.approver)
    assert live(plan).version == 8


def test_an_approval_is_whole_or_not_at_all(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.APPROVE, plan, cast)
    before, number = (plan_of(plan), told(review), state_of(review)), 0
    while fails_at(number, lambda: take(Action.APPROVE, review, cast.approver)):
        assert (plan_of(plan), told(review), state_of(review)) == before, f"statement {number}"
        number += 1
    assert number > 20
    assert live(plan).measures.get().title == "改めた施策"
    assert list(faults()) == []


def test_asking_is_whole_or_not_at_all(plan: ActionPlan, cast: Cast) -> None:
    number = 0
    while fails_at(number, lambda: asked(plan, cast.editor)):
        assert not Review.objects.exists() | Event.objects.exists() | Proposal.objects.exists()
        number += 1
    assert (number > 10, list(faults())) == (True, [])


# ---- nothing else changes an approved plan


def test_an_approved_plan_is_not_saved(plan: ActionPlan, cast: Cast) -> None:
    with pytest.raises(Refused):
        save_plan(by=cast.lead, plan_id=plan.pk, version=plan.version, content=other(plan, title="改めた施策"), now=NOW)
    assert plan.measures.get().title == "施策1"


def test_reports_leave_the_plan_as_it_is(plan: ActionPlan, cast: Cast) -> None:
    before = plan_of(plan)
    (quarter,) = opened(plan)
    at(Stage.APPROVED, quarter, cast)
    assert plan_of(plan) == before
    assert MeasureReport.objects.exists()


# ---- what a quarter was judged by


def test_reports_in_the_office_stay_as_submitted_and_drafts_follow_the_plan(plan: ActionPlan, cast: Cast) -> None:
    first, second, third = (opened(plan, kind=kind)[0] for kind in ("q1", "q2", "q3"))
    at(Stage.APPROVED, first, cast)
    at(Stage.REVIEW, second, cast)
    save(third, cast.editor)
    frozen = [submitted(first), submitted(second)]
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, other(plan, title="改めた施策", priority=Priority.OTHER, goal="改めた目標"))
    for action, person in [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]:
        take(action, review, person)
    assert [submitted(first), submitted(second)] == frozen
    take(Action.SUBMIT, third, cast.lead)
    (entry,) = submitted(third)["measures"]
    assert (entry["title"], entry["goal"], entry["priority"]) == ("改めた施策", "改めた目標", Priority.OTHER)
    priorities = MeasureReport.objects.order_by("review").values_list("priority", flat=True)
    assert list(priorities) == [Priority.DEPARTMENT, Priority.DEPARTMENT, Priority.OTHER]
    take(Action.RETURN, second, cast.reviewer)
    take(Action.SUBMIT, second, cast.lead)
    assert submitted(second, 2)["measures"][0]["title"] == "改めた施策"
    assert Measure.objects.count() == 1
