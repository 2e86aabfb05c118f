"""The plan checkpoint: the plan itself is what is reviewed, and its state follows."""

import pytest

from departments.models import ActionPlan
from departments.models.plans import PlanState
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import at, opened, take
from workflows.access import Action
from workflows.errors import Incomplete
from workflows.models import CheckpointKind, Review, Stage


@pytest.fixture
def plan_review(places: Places) -> Review:
    return opened(make_plan(places.civic, measures=2), kind=CheckpointKind.PLAN)[0]


def plan_state(review: Review) -> str:
    return ActionPlan.objects.get(pk=review.plan_id).state


def test_plan_follows_its_review(plan_review: Review, cast: Cast) -> None:
    states = [plan_state(plan_review)]
    for action, person in [
        (Action.SUBMIT, cast.lead),
        (Action.WITHDRAW, cast.lead),
        (Action.SUBMIT, cast.lead),
        (Action.RETURN, cast.reviewer),
        (Action.SUBMIT, cast.lead),
        (Action.PASS, cast.reviewer),
        (Action.RETURN, cast.approver),
        (Action.SUBMIT, cast.lead),
        (Action.APPROVE, cast.approver),
    ]:
        take(action, plan_review, person)
        states.append(plan_state(plan_review))
    assert states == [
        "draft",
        "submitted",
        "draft",
        "submitted",
        "draft",
        "submitted",
        "submitted",
        "draft",
        "submitted",
        "approved",
    ]


def test_plan_that_is_not_ready_is_not_submitted(places: Places, cast: Cast) -> None:
    (review,) = opened(make_plan(places.civic), kind=CheckpointKind.PLAN)
    with pytest.raises(Incomplete) as refusal:
        take(Action.SUBMIT, review, cast.lead)
    assert [problem.anchor for problem in refusal.value.problems] == ["measures"]
    assert plan_state(review) == PlanState.DRAFT


def test_quarter_does_not_touch_the_plan(review: Review, cast: Cast) -> None:
    states = set()
    for stage in (Stage.PREPARE, Stage.REVIEW):
        at(stage, review, cast)
        states.add(plan_state(review))
    take(Action.RETURN, review, cast.reviewer)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    take(Action.APPROVE, review, cast.approver)
    assert states | {plan_state(review)} == {PlanState.APPROVED}
