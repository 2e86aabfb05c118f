"""How many statements each step costs, its BEGIN and COMMIT included. The numbers are meant to go down only."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from departments.models import Department
from tests.factories import make_indicator
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, STEPS, at, entries, fresh, make_checkpoint, now_of, opened, save
from workflows.access import Action
from workflows.models import Review, Stage
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.services.drafts import IndicatorEntry, save_draft

COSTS = {
    Action.SUBMIT: (Stage.PREPARE, "lead", 18),
    Action.WITHDRAW: (Stage.REVIEW, "lead", 12),
    Action.PASS: (Stage.REVIEW, "reviewer", 14),
    Action.RETURN: (Stage.REVIEW, "reviewer", 15),
    Action.APPROVE: (Stage.APPROVE, "approver", 15),
}
SIZES = [1, 8]


def drafted(places: Places, cast: Cast, measures: int) -> Review:
    """A review with so many measures and indicators, its draft complete."""
    plan = make_approved_plan(places.civic, measures=measures)
    indicators = [make_indicator("M-1", measure=measure) for measure in plan.measures.all()]
    (review,) = opened(plan)
    save(review, cast.editor, indicators={found.pk: IndicatorEntry(not_this_quarter=True) for found in indicators})
    return review


@pytest.mark.parametrize("measures", SIZES)
@pytest.mark.parametrize("action", COSTS)
def test_a_step_costs_the_same_however_long_the_plan(
    action: Action, measures: int, places: Places, cast: Cast, django_assert_num_queries: Any
) -> None:
    stage, who, cost = COSTS[action]
    review = at(stage, drafted(places, cast, measures), cast)
    by = fresh(getattr(cast, who))
    of_the_test = 1 if action == Action.SUBMIT else 0  # reads the version, as the page has it
    with django_assert_num_queries(cost + of_the_test):
        STEPS[action](review, review.task_id, by, NOW)


@pytest.mark.parametrize("measures", SIZES)
def test_saving_a_draft_costs_the_same_however_long_the_plan(
    measures: int, places: Places, cast: Cast, django_assert_num_queries: Any
) -> None:
    review = now_of(drafted(places, cast, measures))
    by, typed = fresh(cast.editor), entries(review, done="窓口の案内を更新した。")
    with django_assert_num_queries(11):
        save_draft(
            review_id=review.pk,
            task_id=review.task_id or 0,
            version=review.version,
            measures=typed,
            indicators={},
            by=by,
            now=NOW,
        )


@pytest.mark.parametrize("count", [1, 3])
def test_opening_and_closing_cost_the_same_however_many_plans(
    count: int, places: Places, django_assert_num_queries: Any
) -> None:
    for place in (places.civic, places.tax, places.dx)[:count]:
        make_approved_plan(place)
    checkpoint = make_checkpoint()
    ContentType.objects.get_for_model(Department)  # asked for once in the life of a process
    with django_assert_num_queries(19):
        open_checkpoint(checkpoint=checkpoint, by=None, now=NOW)
    with django_assert_num_queries(11):
        close_checkpoint(checkpoint=checkpoint, by=None, now=NOW)
