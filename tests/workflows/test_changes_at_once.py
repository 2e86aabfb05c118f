"""Changes of plans (計画変更) asked for, drafted and approved by several people at the same moment."""

from collections.abc import Iterator
from functools import partial

import pytest

from departments.models import ActionPlan
from tests.workflows.amendments import asked, change_at, other, with_measure
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, fresh, now_of, opened, save, take
from tests.workflows.test_concurrency import all_at_once, refused
from workflows.access import Action
from workflows.errors import Overtaken, ReviewError, Stale
from workflows.models import Checkpoint, Event, Proposal, Review, Stage
from workflows.services.changes import save_proposal
from workflows.verification import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _whole(transactional_db: None) -> Iterator[None]:
    """Whatever happened, history and rows agree afterwards."""
    yield
    assert list(faults()) == []


def test_of_many_requests_one_counts(plan: ActionPlan, cast: Cast) -> None:
    results = all_at_once(*(partial(asked, plan, by) for by in [cast.editor, cast.lead] * 4))
    assert [type(each) for each in refused(results)] == [ReviewError] * 7
    assert (Review.objects.count(), Event.objects.count(), Proposal.objects.count()) == (1, 1, 1)


def test_the_first_requests_of_a_year_share_one_container(places: Places, cast: Cast) -> None:
    plans = {
        make_approved_plan(places.civic): cast.editor,
        make_approved_plan(places.tax): cast.tax_editor,
        make_approved_plan(places.dx): cast.dx_lead,
    }
    results = all_at_once(*(partial(asked, plan, by) for plan, by in plans.items()))
    assert refused(results) == []
    assert Checkpoint.objects.get().reviews.count() == 3


def test_of_many_drafts_one_is_kept(plan: ActionPlan, cast: Cast) -> None:
    review = now_of(asked(plan, cast.editor))
    people = [cast.editor, cast.lead] * 4
    results = all_at_once(
        *(
            partial(
                save_proposal,
                review_id=review.pk,
                task_id=review.task_id or 0,
                version=1,
                reason="理由",
                content=other(plan, title=f"第{number}案"),
                by=fresh(by),
                now=NOW,
            )
            for number, by in enumerate(people)
        )
    )
    (winner,) = (number for number, result in enumerate(results) if isinstance(result, Review))
    assert [type(each) for each in refused(results)] == [Overtaken] * 7
    assert Proposal.objects.get().draft.measures[0].title == f"第{winner}案"


def test_approved_by_many_at_once_the_plan_changes_once(plan: ActionPlan, cast: Cast) -> None:
    review = change_at(Stage.PREPARE, plan, cast)
    proposal = Proposal.objects.get()
    save_proposal(
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=review.version,
        reason=proposal.reason,
        content=with_measure(proposal.draft),
        by=fresh(cast.editor),
        now=NOW,
    )
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    task_id = now_of(review).task_id
    people = [cast.approver, cast.dx_lead] * 4
    results = all_at_once(*(partial(take, Action.APPROVE, review, by, task_id=task_id) for by in people))
    assert [type(each) for each in refused(results)] == [Stale] * 7
    assert [str(measure) for measure in plan.measures.all()] == ["1 改めた施策", "2 新しい施策"]
    assert ActionPlan.objects.get().version == 2


def test_a_quarter_reported_while_its_plan_changes_is_of_the_plan_before_or_after(plan: ActionPlan, cast: Cast) -> None:
    (quarter,) = opened(plan)
    save(quarter, cast.editor)
    review = change_at(Stage.APPROVE, plan, cast)
    results = all_at_once(
        partial(take, Action.SUBMIT, quarter, cast.lead), partial(take, Action.APPROVE, review, cast.approver)
    )
    assert refused(results) == []
    frozen = quarter.submissions.get().content
    order = list(
        Event.objects.filter(kind__in=["submitted", "approved"]).order_by("-sequence").values_list("kind", flat=True)
    )
    assert ("改めた施策" if order[0] == "submitted" else "施策1") in frozen
