"""What came back and would go out again word for word: the person is asked once more."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from departments.models import Measure, User
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import at, now_of, opened, save, take
from tests.workflows.pages import logged_in, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")

ASKED = "まだ提出していません。前回提出した内容から変わっていません"
DONE = "予定どおり進めた。"


def submit(user: User, review: Review, **more: Any) -> HttpResponse:
    """Press submit on the page as it stands, with `done` typed where the page asks for it."""
    review = now_of(review)
    data = {"action": "submit", "task": review.task_id, "version": review.draft_version}
    if not review.checkpoint.is_plan:
        (measure,) = review.plan.measures.all()
        typed = {"progress": "on_plan", "percent": "50", "done": DONE, "issue": "", "next_step": ""}
        data |= {f"m{measure.pk}-{name}": more.pop(name, value) for name, value in typed.items()}
    return logged_in(user).post(reverse("prepare", args=[review.pk]), data | more)


@pytest.fixture
def returned(cast: Cast, review: Review) -> Review:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    return review


def test_it_is_asked_once_and_then_submitted(cast: Cast, returned: Review) -> None:
    for _again in range(2):  # a double click is asked as well
        answer = submit(cast.lead, returned)
        assert ASKED in text_of(answer)
        assert "変更せずに提出する" in text_of(answer)
        assert (now_of(returned).stage, now_of(returned).round) == (Stage.PREPARE, 1)
    assert 'name="unchanged"' in answer.content.decode()
    assert submit(cast.lead, returned, unchanged="1").status_code == 302
    assert (now_of(returned).stage, now_of(returned).round) == (Stage.REVIEW, 2)


def test_what_was_mended_is_submitted_at_once(cast: Cast, returned: Review) -> None:
    assert submit(cast.lead, returned, done="根拠を追記した。").status_code == 302
    assert now_of(returned).stage == Stage.REVIEW


def test_nobody_is_asked_the_first_time_or_after_taking_it_back(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    for _again in range(2):
        assert submit(cast.lead, review).status_code == 302
        take(Action.WITHDRAW, review, cast.lead)


def test_after_a_revocation_it_is_asked_too(cast: Cast, review: Review) -> None:
    at(Stage.APPROVED, review, cast)
    take(Action.REVOKE, review, cast.approver)
    assert ASKED in text_of(submit(cast.lead, review))
    assert submit(cast.lead, review, unchanged="1").status_code == 302
    assert now_of(review).stage == Stage.APPROVE


def test_of_a_plan_as_well(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    assert submit(cast.lead, review).status_code == 302
    take(Action.RETURN, review, cast.reviewer)
    assert ASKED in text_of(submit(cast.lead, review))
    assert now_of(review).stage == Stage.PREPARE
    Measure.objects.filter(plan=plan).update(goal="窓口の待ち時間を10分にする。")
    assert submit(cast.lead, review).status_code == 302
    take(Action.RETURN, review, cast.reviewer)
    assert submit(cast.lead, review, unchanged="1").status_code == 302


def test_whoever_may_not_submit_is_refused_as_ever(cast: Cast, places: Places, returned: Review) -> None:
    (plan_review,) = opened(make_plan(places.tax, measures=1), kind=CheckpointKind.PLAN)
    take(Action.SUBMIT, plan_review, cast.tax_lead)
    take(Action.RETURN, plan_review, cast.reviewer)
    for person, review, status in (
        (cast.editor, returned, 403),
        (cast.reviewer, returned, 403),
        (cast.tax_lead, returned, 404),
        (cast.tax_editor, plan_review, 403),
        (cast.reviewer, plan_review, 403),
        (cast.lead, plan_review, 404),
    ):
        assert submit(person, review).status_code == status
