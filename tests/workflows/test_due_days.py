"""Due days that the office moves: every review whose day really changes is told of it, no other."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from departments.models import User
from tests.factories import make_department
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, fresh, now_of, opened, take
from tests.workflows.pages import page_of, text_of
from workflows.access import Action
from workflows.models import Checkpoint, CheckpointKind, Event, PendingEvent, Review, Stage
from workflows.schedule import Days
from workflows.services.checkpoints import change_days
from workflows.services.due_days import Move, move_due_days
from workflows.verification import faults

pytestmark = pytest.mark.usefixtures("clock")

MOVED_AT = NOW + timedelta(hours=1)


def move(checkpoint: Checkpoint, by: User, **days: date) -> None:
    """Move some of its days."""
    now = {name: getattr(checkpoint, name) for name in Days.__dataclass_fields__}
    change_days(checkpoint=checkpoint, days=Days(**{**now, **days}), by=fresh(by), now=MOVED_AT)


def moves() -> list[tuple[str, dict[str, Any]]]:
    """Department and data of each event, in the order in which they were written."""
    events = Event.objects.filter(kind="moved").order_by("pk").select_related("review__department")
    return [(event.review.department.code, event.data) for event in events]


def said(review: Review, was: str, due: str) -> dict[str, Any]:
    return {"task": review.task_id, "next_task": review.task_id, "was": was, "due": due}


def test_each_due_day_that_moves_is_told_of(places: Places, cast: Cast) -> None:
    prepared, submitted = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    submitted = at(Stage.REVIEW, submitted, cast)
    move(prepared.checkpoint, cast.administrator, submit_due=date(2026, 10, 19))
    first = ("civic", said(prepared, "2026-10-14", "2026-10-19"))
    assert moves() == [first]
    move(prepared.checkpoint, cast.administrator, submit_due=date(2026, 10, 20), review_due=date(2026, 10, 30))
    second = ("civic", said(prepared, "2026-10-19", "2026-10-20"))
    assert moves() == [first, second, ("tax", said(submitted, "2026-10-28", "2026-10-30"))]
    assert [now_of(each).due_on for each in (prepared, submitted)] == [date(2026, 10, 20), date(2026, 10, 30)]
    assert {(event.by, event.at) for event in Event.objects.filter(kind="moved")} == {(cast.administrator, MOVED_AT)}
    assert PendingEvent.objects.filter(event__kind="moved").count() == 3
    assert list(faults()) == []


def test_no_due_day_that_stays_is_told_of(places: Places, cast: Cast) -> None:
    life = make_department("life2", parent=places.city)
    extended, approved, prepared, cancelled = opened(
        *map(make_approved_plan, (places.civic, places.tax, places.dx, life))
    )
    take(Action.EXTEND, extended, cast.reviewer)
    at(Stage.APPROVED, approved, cast)
    take(Action.CANCEL, cancelled, cast.approver)
    move(extended.checkpoint, cast.administrator, review_due=date(2026, 10, 30), closes_on=date(2026, 12, 28))
    assert moves() == []
    move(extended.checkpoint, cast.administrator, submit_due=date(2026, 10, 15))
    assert moves() == [("dx", said(prepared, "2026-10-14", "2026-10-15"))]


def test_the_departments_own_day_may_move_along(cast: Cast, review: Review) -> None:
    take(Action.EXTEND, review, cast.reviewer)
    extended, day = now_of(review), date(2026, 11, 24)
    move_due_days([Move(extended, day, day)], by=cast.administrator, now=MOVED_AT)
    assert moves() == [("civic", {**said(review, "2026-11-20", "2026-11-24"), "extended_to": "2026-11-24"})]
    assert (now_of(review).due_on, now_of(review).extended_to) == (day, day)
    assert list(faults()) == []
    Review.objects.update(extended_to=date(2026, 11, 25))
    assert [fault.row for fault in faults()] == [f"review {review.pk}"]


def test_many_move_by_as_few_statements_as_two(places: Places, cast: Cast) -> None:
    statements = []
    for count, kind in ((2, CheckpointKind.Q1), (40, CheckpointKind.Q2)):
        departments = [make_department(f"{kind}{number}", parent=places.city) for number in range(count)]
        review = opened(*map(make_approved_plan, departments), kind=kind)[0]
        with CaptureQueriesContext(connection) as captured:
            move(review.checkpoint, cast.administrator, submit_due=date(2026, 10, 19))
        statements.append(len(captured))
    assert (len(moves()), statements[0]) == (2 + 42, statements[1])


def test_a_move_is_in_the_history_with_both_days(cast: Cast, review: Review) -> None:
    move(review.checkpoint, cast.administrator, submit_due=date(2026, 10, 19))
    text = text_of(page_of(cast.lead, "review", review.pk))
    assert "期限： 令和8年10月19日(月) あと7営業日" in text
    assert "期限変更 令和8年10月14日(水) → 令和8年10月19日(月) administrator、令和8年10月7日(水) 11:00" in text
