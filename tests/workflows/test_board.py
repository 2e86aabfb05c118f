"""進捗ボード: who sees which rows and links, what is late, and totals that equal the cells."""

from collections import Counter
from typing import Any

import pytest
from django.urls import reverse

from departments.models import ActionPlan, User
from tests.factories import make_department, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, TODAY, YEAR, closed, make_checkpoint, opened, save, take
from tests.workflows.pages import page_of, text_of
from workflows.access import Action
from workflows.board import Board, build_board
from workflows.board_facts import read_year
from workflows.board_query import Wanted
from workflows.models import CheckpointKind, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def reviews(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    """Civic has submitted, tax has not."""
    civic, tax = opened(plan, make_approved_plan(places.tax))
    save(civic, cast.editor)
    take(Action.SUBMIT, civic, cast.lead)
    return [civic, tax]


def board(user: User, **wanted: Any) -> Board:
    return build_board(user, read_year(user, YEAR, TODAY), Wanted(YEAR, **wanted), TODAY)


def cells_of(found: Board) -> list[tuple[str, str, str, bool]]:
    return [
        (row.facts.department, str(cell.status.text), cell.late, cell.opens) for row in found.rows for cell in row.cells
    ]


def counts_of(found: Board) -> dict[str, list[int | None]]:
    return {str(line.label): [count and count.number for count in line.counts] for line in found.lines}


def test_the_office_sees_all_departments_by_division(cast: Cast, reviews: list[Review]) -> None:
    found = board(cast.reviewer)
    assert [group.name for group in found.groups] == ["市民部"]
    assert cells_of(found) == [("市民課", "審査中", "", True), ("税務課", "未提出", "", True)]


def test_a_department_sees_its_own_row(cast: Cast, reviews: list[Review]) -> None:
    assert cells_of(board(cast.editor)) == [("市民課", "審査中", "", True)]


def test_an_executive_sees_every_stage_and_opens_what_is_approved(cast: Cast, reviews: list[Review]) -> None:
    assert [opens for *_rest, opens in cells_of(board(cast.executive))] == [False, False]
    take(Action.PASS, reviews[0], cast.reviewer)
    take(Action.APPROVE, reviews[0], cast.approver)
    assert [opens for *_rest, opens in cells_of(board(cast.executive))] == [True, False]
    page = page_of(cast.executive, "board").content.decode()
    assert reverse("review", args=[reviews[0].pk]) in page
    assert reverse("review", args=[reviews[1].pk]) not in page


def test_an_administrator_sees_stages_and_opens_nothing(cast: Cast, reviews: list[Review]) -> None:
    assert cells_of(board(cast.administrator)) == [("市民課", "審査中", "", False), ("税務課", "未提出", "", False)]


def test_whoever_has_no_board_finds_none(cast: Cast, reviews: list[Review]) -> None:
    for user in (cast.stranger, cast.superuser):
        assert page_of(user, "board").status_code == 404


def test_lateness_counts_business_days(cast: Cast, reviews: list[Review]) -> None:
    Review.objects.filter(pk=reviews[1].pk).update(due_on="2026-10-02")
    assert cells_of(board(cast.reviewer)) == [("市民課", "審査中", "", True), ("税務課", "未提出", "3営業日超過", True)]
    late = board(cast.reviewer, late=True)
    assert [name for name, *_rest in cells_of(late)] == ["税務課"]
    assert counts_of(late)["うち期限超過"] == [1]


def test_totals_equal_the_cells(cast: Cast, places: Places, plan: ActionPlan) -> None:
    plans = [plan]
    for number in range(5):
        plans.append(make_approved_plan(make_department(f"d{number}", parent=places.city, position=5 + number)))
    made = opened(*plans)
    for review, stage in zip(made[1:], ["review", "approve", "review", "approve"], strict=False):
        Review.objects.filter(pk=review.pk).update(stage=stage, round=1)
    Review.objects.filter(pk=made[5].pk).update(returned_from="review", round=1, due_on="2026-10-01")
    take(Action.CANCEL, made[4], cast.approver)
    found = board(cast.reviewer)
    counted = Counter(status for _name, status, _late, _opens in cells_of(found))
    totals = {label: number for label, (number,) in counts_of(found).items()}
    assert totals == {
        **{label: counted[label] for label in ("承認済み", "承認待ち", "審査中", "差戻し", "未提出", "取下げ")},
        "うち期限超過": sum(bool(late) for _name, _status, late, _opens in cells_of(found)),
    }
    assert sum(totals.values()) - totals["うち期限超過"] == len(plans)


def test_columns_without_reviews_say_why(cast: Cast, places: Places, plan: ActionPlan) -> None:
    make_plan(places.tax)
    opened(plan)
    make_checkpoint(CheckpointKind.Q3)
    texts = [status for _name, status, _late, _opens in cells_of(board(cast.reviewer))]
    assert texts == ["未提出", "開始前", "計画未承認", "開始前"]


def test_what_ended_unfinished_stands_there(cast: Cast, reviews: list[Review]) -> None:
    closed(reviews[1], NOW)
    assert {status for _name, status, _late, _opens in cells_of(board(cast.reviewer))} == {"未了で終了"}
    assert Review.objects.filter(stage=Stage.LAPSED).count() == 2


def test_one_division_can_be_shown_alone(cast: Cast, places: Places, reviews: list[Review]) -> None:
    make_approved_plan(places.dx)
    shown = page_of(cast.reviewer, "board", query=f"?division={places.dx.parent_id}")
    rows = text_of(shown).split("うち期限超過")[1]
    assert "1件" in text_of(shown)
    assert "DX推進課" in rows
    assert "税務課" not in rows


@pytest.mark.parametrize("query", ["?year=abc", "?year=-1", "?year=20266", "?year=" + "9" * 5000, "?year=1900"])
def test_a_year_that_is_none_is_not_found(cast: Cast, query: str) -> None:
    assert page_of(cast.reviewer, "board", query=query).status_code == 404


@pytest.mark.parametrize(
    "query", ["?year=2030", "?year=", "?division=abc", "?division=" + "9" * 5000, "?late=x&division=7"]
)
def test_an_odd_filter_finds_nothing_and_says_so(cast: Cast, reviews: list[Review], query: str) -> None:
    assert page_of(cast.reviewer, "board", query=query).status_code == 200
