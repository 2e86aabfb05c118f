"""催促: who may ask whom to go on, once a day, from the board and from the review's page."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, models, transaction
from django.urls import reverse

from departments.models import ActionPlan, Appointment, Role, User
from departments.projection import rebuild_access
from tests.database import triggers_aside
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy
from tests.workflows.moves import NOTE, NOW, TODAY, YEAR, at, closed, fresh, now_of, opened, take, told
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.board import build_board
from workflows.board_facts import read_year
from workflows.board_query import Wanted
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.models import Event, Nudge, PendingEvent, Review, Stage
from workflows.verification import Fault, faults

pytestmark = pytest.mark.usefixtures("clock")

TOMORROW = NOW + timedelta(days=1)


def rows() -> tuple[int, int, int]:
    return Event.objects.count(), PendingEvent.objects.count(), Nudge.objects.count()


def refusal_of(review: Review, by: User, **step: Any) -> ReviewError:
    """Why it is refused, nothing having changed."""
    before = rows()
    with pytest.raises(ReviewError) as refusal:
        take(Action.NUDGE, review, by, **step)
    assert rows() == before
    return refusal.value


# ---- the service


def test_a_nudge_is_written_down_with_its_day(cast: Cast, review: Review) -> None:
    task_id = review.task_id
    take(Action.NUDGE, review, cast.reviewer)
    nudge = Nudge.objects.get()
    assert (nudge.review, nudge.day, nudge.event.kind, nudge.event.by, nudge.event.at) == (
        review,
        TODAY,
        "nudged",
        cast.reviewer,
        NOW,
    )
    assert nudge.event.data == {"task": task_id, "next_task": task_id, "due": "2026-10-14", "comment": NOTE}
    assert nudge.event.pending is not None
    assert (now_of(review).stage, now_of(review).task_id, now_of(review).due_on) == (
        Stage.PREPARE,
        task_id,
        review.due_on,
    )
    assert list(faults()) == []


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.REVIEW, Stage.APPROVE])
def test_who_may_nudge_at_each_stage(cast: Cast, review: Review, stage: Stage) -> None:
    """The office, but for those whose turn it is; working in the department bars nobody from asking."""
    at(stage, review, cast)
    allowed = set()
    for person in cast.everybody():
        undo = transaction.savepoint()
        try:
            take(Action.NUDGE, review, person)
            allowed.add(person.username)
        except NotAllowed:
            pass
        transaction.savepoint_rollback(undo)
    reviewers, approvers = {"reviewer", "second_reviewer", "moved", "doubled"}, {"approver", "dx_lead"}
    assert (
        allowed
        == {
            Stage.PREPARE: reviewers | approvers,
            Stage.REVIEW: approvers,
            Stage.APPROVE: reviewers,
        }[stage]
    )


def test_once_a_day_whoever_asks(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    said = "reviewerさんが令和8年10月7日(水) 10:00に催促済みです。催促は1日1回までです。"
    assert str(refusal_of(review, cast.reviewer)) == said
    assert str(refusal_of(review, cast.approver, now=NOW + timedelta(hours=8))) == said
    take(Action.NUDGE, review, cast.approver, now=TOMORROW)
    assert told(review) == [("opened", None, 0), ("nudged", "reviewer", 0), ("nudged", "approver", 0)]


def test_the_day_is_that_of_tokyo(cast: Cast, review: Review) -> None:
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    take(Action.NUDGE, review, cast.reviewer, now=midnight - timedelta(minutes=1))
    take(Action.NUDGE, review, cast.reviewer, now=midnight)
    assert list(Nudge.objects.order_by("day").values_list("day", flat=True)) == [TODAY, TOMORROW.date()]
    assert list(faults()) == []


def test_once_a_day_even_when_another_has_it_by_now(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    at(Stage.REVIEW, review, cast)
    assert "催促済み" in str(refusal_of(review, cast.approver))


def test_a_page_made_for_another_step_is_stale(cast: Cast, review: Review) -> None:
    task_id = review.task_id
    at(Stage.REVIEW, review, cast)
    refusal = refusal_of(review, cast.approver, task_id=task_id)
    assert isinstance(refusal, Stale)
    assert (refusal.event.kind, refusal.event.by) == ("submitted", cast.lead)
    closed(review)
    assert isinstance(refusal_of(review, cast.approver), Stale)


def test_a_nudge_makes_no_page_stale_and_is_first_before_nobody(cast: Cast, review: Review) -> None:
    task_id = review.task_id
    take(Action.NUDGE, review, cast.reviewer)
    take(Action.SAVE, review, cast.editor, task_id=task_id)
    take(Action.SUBMIT, review, cast.lead, task_id=task_id)
    take(Action.NUDGE, review, cast.approver, now=TOMORROW)
    with pytest.raises(Stale) as refusal:
        take(Action.EXTEND, review, cast.reviewer, task_id=task_id)
    assert refusal.value.event.kind == "submitted"


def test_nobody_nudges_alone(places: Places, cast: Cast) -> None:
    """In the DX department its lead, who approves as well, is the only one to prepare."""
    (review,) = opened(make_approved_plan(places.dx))
    sentence = "催促のメールを受け取る担当者が、ほかにいません。"
    assert str(refusal_of(review, cast.dx_lead)) == sentence
    take(Action.NUDGE, review, cast.approver)


def test_nobody_is_nudged_where_nobody_is_left(cast: Cast, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    Appointment.objects.filter(role=Role.REVIEWER).update(valid_until=TODAY - timedelta(days=1))
    rebuild_access(TODAY)
    assert "受け取る担当者が、ほかにいません" in str(refusal_of(review, cast.approver))


def test_a_deputy_nudges_in_the_place_of_the_absent(places: Places, cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, make_deputy(places, cast))
    event = Nudge.objects.get().event
    assert (event.by.username, event.on_behalf_of) == ("deputy", cast.approver)
    assert "deputy(approverの代理)" in text_of(page_of(cast.reviewer, "board"))


# ---- the rows


def test_neither_changes_nor_goes(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    nudge = Nudge.objects.get()
    for call in (nudge.save, nudge.delete, Nudge.objects.all().delete, lambda: Nudge.objects.update(day=TODAY)):
        with pytest.raises((DatabaseError, models.ProtectedError)), transaction.atomic():
            call()
    with pytest.raises(IntegrityError), transaction.atomic():
        Nudge.objects.create(event=Event.objects.earliest("pk"), review=review, day=TODAY)


def test_verification_finds_every_row_that_does_not_fit(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    nudge = Nudge.objects.select_related("event").get()
    with triggers_aside():
        undo = transaction.savepoint()
        Nudge.objects.update(day=TOMORROW.date())
        assert list(faults()) == [Fault("nudge of row 2", "is not what its event says")]
        transaction.savepoint_rollback(undo)
        Nudge.objects.create(event=Event.objects.earliest("pk"), review=review, day=TOMORROW.date())
        assert [fault.row for fault in faults()] == ["nudge of row 1"]
        transaction.savepoint_rollback(undo)
        Nudge.objects.filter(pk=nudge.pk).delete()
        assert [fault.row for fault in faults()] == ["nudge of row 2"]


# ---- the review's page


def test_the_page_asks_and_the_review_is_nudged(cast: Cast, review: Review) -> None:
    assert reverse("nudge", args=[review.pk]) in page_of(cast.reviewer, "review", review.pk).content.decode()
    page = text_of(page_of(cast.reviewer, "nudge", review.pk))
    assert "いまの担当者に、対応をお願いするメールが届きます。" in page
    address = reverse("nudge", args=[review.pk])
    answer = logged_in(cast.reviewer).post(address, {"task": review.task_id, "note": NOTE}, follow=True)
    assert "市民課 令和8年度 2Q進捗確認を催促しました。" in text_of(answer)
    assert f"催促 {NOTE} reviewer、令和8年10月7日(水) 10:00" in text_of(answer)


def test_the_second_is_told_and_keeps_what_was_typed(cast: Cast, review: Review) -> None:
    take(Action.NUDGE, review, cast.reviewer)
    page = page_of(cast.approver, "nudge", review.pk)
    assert "いまは催促できません reviewerさんが令和8年10月7日(水) 10:00に催促済みです。" in text_of(page)
    address = reverse("nudge", args=[review.pk])
    before = rows()
    answer = logged_in(cast.approver).post(address, {"task": review.task_id, "note": "急ぎ"})
    assert (answer.status_code, "急ぎ" in answer.content.decode()) == (200, True)
    assert "催促済みです" in text_of(answer)
    answer = logged_in(cast.lead).post(address, {"task": review.task_id, "note": "急ぎ"})
    assert (answer.status_code, "急ぎ" in text_of(answer)) == (403, True)
    assert rows() == before
    assert logged_in(cast.tax_lead).post(address, {"task": review.task_id}).status_code == 404


# ---- the board


@pytest.fixture
def reviews(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    """Civic is with the reviewers, tax and DX prepare; civic and tax are late."""
    civic, tax, dx = opened(plan, make_approved_plan(places.tax), make_approved_plan(places.dx))
    at(Stage.REVIEW, civic, cast)
    Review.objects.filter(pk__in=[civic.pk, tax.pk]).update(due_on="2026-10-02")
    return [now_of(each) for each in (civic, tax, dx)]


def key(review: Review) -> str:
    return f"{review.pk}-{review.task_id}"


def press(user: User, nudge: str, query: str = "") -> Any:
    """Press the button of one row of the board."""
    return logged_in(user).post(reverse("board_nudge") + query, {"nudge": nudge}, follow=True)


def buttons(user: User, query: str = "") -> set[str]:
    content = page_of(user, "board", query=query).content.decode()
    return {part.split('"', 1)[0] for part in content.split('name="nudge" value="')[1:]}


def test_who_finds_which_buttons(cast: Cast, reviews: list[Review]) -> None:
    civic, tax, dx = map(key, reviews)
    found = {person.username: buttons(person) for person in cast.everybody() if person.is_active and sees_board(person)}
    nothing: set[str] = set()
    assert found == {
        "editor": nothing,
        "lead": nothing,
        "tax_editor": nothing,
        "tax_lead": nothing,
        "dx_lead": {civic, tax},
        "reviewer": {tax, dx},
        "second_reviewer": {tax, dx},
        "approver": {civic, tax, dx},
        "moved": {tax, dx},
        "doubled": {dx},
        "executive": nothing,
        "auditor": nothing,
        "administrator": nothing,
    }


def sees_board(person: User) -> bool:
    return page_of(person, "board").status_code == 200


def test_one_click_leads_back_to_the_board_as_it_was(cast: Cast, reviews: list[Review]) -> None:
    answer = press(cast.reviewer, key(reviews[1]), f"?year={YEAR}&late=1")
    row = f"{reverse('board')}?year={YEAR}&late=1#plan-{reviews[1].plan_id}"
    assert answer.redirect_chain == [(row, 302)]
    assert "税務課 令和8年度 2Q進捗確認を催促しました。" in text_of(answer)
    assert "催促済み 10/7 reviewer" in text_of(answer)
    nudge = Nudge.objects.get()
    assert (nudge.review, nudge.event.data["comment"]) == (reviews[1], "")
    assert key(reviews[1]) not in buttons(cast.approver)
    assert "催促済み" not in text_of(page_of(cast.tax_lead, "board"))


def test_one_that_went_on_is_told_by_whom(cast: Cast, reviews: list[Review]) -> None:
    stale = key(reviews[0])
    take(Action.PASS, reviews[0], cast.reviewer)
    answer = press(cast.approver, stale)
    assert "市民課 令和8年度 2Q進捗確認：reviewerさんが令和8年10月7日(水) 10:00に、先に処理しています" in text_of(
        answer
    )
    assert not Nudge.objects.exists()


def test_whose_office_it_is_not_finds_nothing_to_press(cast: Cast, reviews: list[Review]) -> None:
    for person in (cast.lead, cast.executive, cast.auditor, cast.administrator, cast.stranger):
        assert press(person, key(reviews[1])).status_code == 404
    assert press(cast.reviewer, "999999-1").status_code == 404
    assert press(cast.reviewer, key(reviews[0])).status_code == 200  # their own turn: refused with a sentence
    assert not Nudge.objects.exists()


@pytest.mark.parametrize("pressed", ["", "x", "1", "1-", "1-2-3", "-1-2", "１-２", "9" * 30 + "-1"])
def test_a_broken_request_is_refused(cast: Cast, reviews: list[Review], pressed: str) -> None:
    assert press(cast.approver, pressed).status_code == 400


def test_whoever_has_to_log_in_again_comes_back_to_the_board(cast: Cast, reviews: list[Review]) -> None:
    client = logged_in(cast.approver)
    client.logout()
    assert client.post(reverse("board_nudge") + "?late=1", {"nudge": key(reviews[1])}).status_code == 302
    assert not Nudge.objects.exists()
    answer = page_of(cast.approver, "board_nudge", query="?late=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('board')}?late=1")


def test_a_nudge_of_before_stands_beside_the_button(cast: Cast, reviews: list[Review]) -> None:
    take(Action.NUDGE, reviews[1], cast.second_reviewer, now=NOW - timedelta(days=1))
    assert "催促済み 10/6 second_reviewer" in text_of(page_of(cast.reviewer, "board"))
    assert key(reviews[1]) in buttons(cast.reviewer)


def test_a_nudge_of_another_step_does_not_count_for_who_has_it_now(cast: Cast, reviews: list[Review]) -> None:
    take(Action.NUDGE, reviews[1], cast.reviewer)
    at(Stage.REVIEW, reviews[1], cast)
    cells = [cell for cell in cells_of(cast.approver) if cell.review == reviews[1]]
    assert [(cell.nudge, cell.may_nudge) for cell in cells] == [(None, False)]  # not twice on a day


def cells_of(user: User) -> list[Any]:
    found = build_board(fresh(user), read_year(fresh(user), YEAR, TODAY), Wanted(YEAR), TODAY)
    return [cell for row in found.rows for cell in row.cells]
