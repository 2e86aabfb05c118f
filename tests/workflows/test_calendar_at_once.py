"""Closing the city on a day while somebody else does so too, opens, submits, returns or extends: no day is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from departments.errors import Refused
from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, CalendarDay
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, QUARTERS, at, change_of, fresh, make_checkpoint, now_of, opened, take
from tests.workflows.test_concurrency import all_at_once, refused
from workflows.access import Action
from workflows.models import ROUNDS, Checkpoint, CheckpointKind, Event, Review, Stage
from workflows.schedule import proposed_days
from workflows.services.calendar import OwnDay, Unforeseen, change_calendar
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.services.year import add_year
from workflows.verification import faults

pytestmark = pytest.mark.django_db(transaction=True)

DUE = date(2026, 10, 14)  # of submission, in every checkpoint
MENDING = date(2026, 10, 15)  # of what is returned now
EXTENDED = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _whole(transactional_db: None) -> Iterator[None]:
    yield
    assert list(faults()) == []


def key_of(day: date) -> str:
    """What somebody sees who is about to close the city on that day."""
    try:
        change_calendar(add=[OwnDay(day, "点検")], foreseen="-", by=None, now=NOW)
    except Unforeseen as error:
        return error.shifts.key
    raise AssertionError("it was not asked for")


def closing(day: date, key: str) -> Callable[[], Any]:
    """Confirm what was seen."""

    def close() -> Any:
        try:
            return change_calendar(add=[OwnDay(day, "点検")], foreseen=key, by=None, now=NOW)
        except Unforeseen as error:
            return error

    return close


def surely(day: date) -> None:
    """Close the day, looking again as often as what would move has changed meanwhile."""
    key = ""
    while isinstance(found := closing(day, key)(), Unforeseen):
        key = found.shifts.key


def test_of_many_who_close_the_same_day_one_does(reviews: list[Review]) -> None:
    results = all_at_once(*[closing(DUE, key_of(DUE))] * 8)
    assert [type(each) for each in refused(results)] == [Refused] * 7
    assert [now_of(each).due_on for each in reviews] == [date(2026, 10, 15)] * 3
    assert Event.objects.filter(kind="moved").count() == 3


def test_of_two_days_that_meet_the_second_is_looked_at_again(reviews: list[Review]) -> None:
    results = all_at_once(*(closing(day, key_of(day)) for day in (DUE, MENDING)))
    assert [isinstance(each, Unforeseen) for each in results].count(True) == 1
    assert CalendarDay.objects.count() == 1


def test_what_is_returned_meanwhile_does_not_stay_on_the_closed_day(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        at(Stage.REVIEW, review, cast)
    steps = [partial(take, Action.RETURN, review, cast.reviewer) for review in reviews]
    assert refused(all_at_once(partial(surely, MENDING), *steps)) == []
    assert {now_of(review).due_on for review in reviews} == {date(2026, 10, 16)}


def test_nor_what_is_extended_or_submitted(reviews: list[Review], cast: Cast, places: Places) -> None:
    (other,) = opened(make_approved_plan(places.tax))
    steps = [partial(take, Action.EXTEND, review, cast.reviewer) for review in reviews]
    steps.append(partial(at, Stage.REVIEW, other, cast))
    results = all_at_once(partial(surely, EXTENDED), partial(surely, date(2026, 10, 28)), *steps)
    assert {type(each).__name__ for each in refused(results)} <= {"ReviewError"}  # the extension came second
    assert not Review.objects.open().filter(due_on__in=[EXTENDED, date(2026, 10, 28)]).exists()


def test_nor_what_is_opened(places: Places, cast: Cast) -> None:
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx)]
    for kind, day in zip(QUARTERS, (DUE, date(2026, 10, 15), date(2026, 10, 16)), strict=True):
        checkpoint = make_checkpoint(kind)
        Checkpoint.objects.filter(pk=checkpoint.pk).update(submit_due=day)
        opening = partial(open_checkpoint, checkpoint=checkpoint, by=None, now=NOW)
        assert refused(all_at_once(partial(surely, day), opening, opening)) == []
        assert checkpoint.reviews.count() == len(plans)
        assert not Review.objects.filter(due_on=day).exists()


def test_days_close_while_a_checkpoint_ends_and_a_change_begins(
    reviews: list[Review], cast: Cast, places: Places
) -> None:
    other = make_approved_plan(places.tax)
    ending = partial(close_checkpoint, checkpoint=reviews[0].checkpoint, by=None, now=NOW)
    results = all_at_once(partial(surely, DUE), ending, partial(change_of, other, cast.tax_editor))
    assert refused(results) == []
    assert [now_of(each).due_on for each in reviews] == [None, *[date(2026, 10, 15)] * 2]


def test_a_year_is_added_once_and_never_on_a_day_that_closes(cast: Cast) -> None:
    days = {kind: proposed_days(2027, kind, BusinessCalendar()) for kind in ROUNDS}
    due = days[CheckpointKind.Q1].submit_due
    adding = partial(add_year, fiscal_year=2027, days=days, by=fresh(cast.administrator))
    results = all_at_once(partial(surely, due), adding, adding, adding)
    assert len(refused(results)) in (2, 3)
    assert Checkpoint.objects.count() in (0, 5)
    assert not Checkpoint.objects.filter(submit_due=due).exists()


def test_whoever_holds_a_review_and_waits_for_its_plan_is_let_through(reviews: list[Review]) -> None:
    """A step locks a review and then its plan; closing a day needs both of many, and must not hold the plan first."""
    held = threading.Event()

    def step() -> None:
        with transaction.atomic():
            review = Review.objects.select_for_update(of=("self",)).get(pk=reviews[-1].pk)
            held.set()
            time.sleep(0.3)  # long enough for whoever does not wait for the review
            ActionPlan.objects.select_for_update(of=("self",)).get(pk=review.plan_id)

    def close() -> None:
        held.wait(timeout=20)
        surely(DUE)

    assert refused(all_at_once(step, close)) == []
    assert [now_of(each).due_on for each in reviews] == [date(2026, 10, 15)] * 3
