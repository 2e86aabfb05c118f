"""Whatever statement of a step fails, nothing of the step is left behind."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, models
from viewflow.workflow.models import Task

from departments.models import ActionPlan
from departments.models.plans import PlanState
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, make_checkpoint, opened, save, take
from workflows.access import Action
from workflows.models import (
    Checkpoint,
    CheckpointKind,
    Decision,
    Event,
    MeasureReport,
    PendingEvent,
    Review,
    ReviewProcess,
    Submission,
)
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.verification import faults

MODELS: list[type[models.Model]] = [
    ActionPlan,
    Checkpoint,
    Review,
    ReviewProcess,
    Task,
    Task.previous.through,
    MeasureReport,
    Submission,
    Decision,
    Event,
    PendingEvent,
]


def everything() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


class FailAt:
    """Lets statements pass until the one with that number, which fails as if the server had gone away."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.failed = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == -1:
            self.failed = True
            raise OperationalError("gone")
        return execute(sql, params, many, context)


def fails_at(number: int, step: Callable[[], object]) -> bool:
    """Take the step with that statement failing; False if it has fewer statements, and so went through."""
    fault = FailAt(number)
    with connection.execute_wrapper(fault):
        try:
            step()
        except OperationalError:
            return True
    assert not fault.failed, "the step went on as if nothing had happened"
    return False


def statements_of(step: Callable[[], object]) -> int:
    """Let the step fail at its first statement, its second …, and go through in the end. Returns how many it has."""
    before, number = everything(), 0
    while fails_at(number, step):
        assert everything() == before, f"statement {number} left something behind"
        number += 1
    assert everything() != before
    return number


@pytest.mark.parametrize("kind", [CheckpointKind.PLAN, CheckpointKind.Q2])
def test_every_step_of_a_review_is_whole_or_not_at_all(places: Places, cast: Cast, kind: CheckpointKind) -> None:
    state = PlanState.DRAFT if kind == CheckpointKind.PLAN else PlanState.APPROVED
    (review,) = opened(make_plan(places.civic, measures=1, state=state), kind=kind)
    save(review, cast.editor)
    steps = [
        (Action.SUBMIT, cast.lead),
        (Action.WITHDRAW, cast.lead),
        (Action.SUBMIT, cast.lead),
        (Action.PASS, cast.reviewer),
        (Action.RETURN, cast.approver),
        (Action.SUBMIT, cast.lead),
        (Action.APPROVE, cast.approver),
    ]
    counts = [statements_of(partial(take, action, review, person)) for action, person in steps]
    assert min(counts) > 10
    assert list(faults()) == []


def test_saving_is_whole_or_not_at_all(review: Review, cast: Cast) -> None:
    assert statements_of(partial(save, review, cast.editor)) > 5


def test_closing_is_whole_or_not_at_all(review: Review) -> None:
    assert statements_of(partial(close_checkpoint, checkpoint=review.checkpoint, by=None, now=NOW)) > 5


def test_opening_that_fails_is_finished_by_opening_again(places: Places, cast: Cast) -> None:
    """It goes chunk by chunk: what a failure leaves is whole reviews, never half a one."""
    make_approved_plan(places.civic)
    make_approved_plan(places.tax)
    checkpoint = make_checkpoint()
    number = 0
    while fails_at(number, partial(open_checkpoint, checkpoint=checkpoint, by=None, now=NOW)):
        left = [model.objects.count() for model in (Review, ReviewProcess, Task, Event, PendingEvent)]
        assert left in ([0, 0, 0, 0, 0], [2, 2, 4, 2, 2]), number
        number += 1
    assert number > 10
    assert Review.objects.count() == 2
    assert list(faults()) == []
