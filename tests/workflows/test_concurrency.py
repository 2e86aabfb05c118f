"""Several people at the same moment: one effect, and a refusal for everybody else that says who was first."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from departments.drafts import draft_of
from departments.errors import Refused
from departments.models import Appointment, DepartmentGrant, Role, User
from departments.projection import rebuild_access
from departments.services.appointments import end_appointment
from departments.services.plans import save_plan
from tests.factories import appoint, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import (
    NOW,
    QUARTERS,
    TODAY,
    at,
    entries,
    fresh,
    make_checkpoint,
    now_of,
    opened,
    save,
    take,
    told,
)
from workflows.access import Action
from workflows.content import canonical, review_content
from workflows.draft import read_draft
from workflows.errors import Closed, NotAllowed, Overtaken, ReviewError, Stale
from workflows.flows import ReviewFlow
from workflows.models import CheckpointKind, Event, MeasureReport, Nudge, Review, Stage, Submission
from workflows.schedule import Days
from workflows.services.checkpoints import change_days, close_checkpoint, open_checkpoint
from workflows.services.drafts import save_draft
from workflows.verification import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _whole(transactional_db: None) -> Iterator[None]:
    """Whatever happened, history and rows agree afterwards, and the open tasks are those of the open reviews."""
    yield
    assert list(faults()) == []
    waiting = Task.objects.filter(status=STATUS.NEW).order_by("pk").values_list("pk", flat=True)
    assert list(waiting) == list(Review.objects.open().order_by("task").values_list("task", flat=True))


def all_at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Take the steps in threads that start together; each gives its result, or the refusal it met."""
    barrier = threading.Barrier(len(steps))

    def run(step: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return step()
        except (ReviewError, Refused) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def refused(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, ReviewError | Refused)]


def last_event(review: Review) -> Event:
    return Event.objects.filter(review=review).latest("sequence")


# ---- one review


@pytest.mark.parametrize("number", [2, 8])
def test_of_many_decisions_one_counts(reviews: list[Review], cast: Cast, number: int) -> None:
    people = [cast.reviewer, cast.second_reviewer, cast.doubled]
    steps = [(Action.RETURN if n % 2 else Action.PASS, people[n % 3]) for n in range(number)]
    for review in reviews:
        task_id = at(Stage.REVIEW, review, cast).task_id
        results = all_at_once(*(partial(take, action, review, by, task_id=task_id) for action, by in steps))
        (winner,) = (n for n, result in enumerate(results) if isinstance(result, Review))
        event = last_event(review)
        assert (event.by, event.kind) == (steps[winner][1], "returned" if winner % 2 else "passed")
        assert {type(refusal) for refusal in refused(results)} == {Stale}
        assert [refusal.event for refusal in refused(results)] == [event] * (number - 1)
        assert review.decisions.count() == 1


def test_of_many_clicks_on_submit_one_counts(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        save(review, cast.editor)
        task_id = review.task_id
        results = all_at_once(*[partial(take, Action.SUBMIT, review, cast.lead, task_id=task_id)] * 8)
        assert [(type(each), each.event) for each in refused(results)] == [(Stale, last_event(review))] * 7
        assert told(review) == [("opened", None, 0), ("submitted", "lead", 1)]
        assert review.submissions.count() == 1


def test_withdrawn_or_passed_but_not_both(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        task_id = at(Stage.REVIEW, review, cast).task_id
        steps = [(Action.WITHDRAW, cast.lead), (Action.PASS, cast.reviewer)] * 4
        results = all_at_once(*(partial(take, action, review, by, task_id=task_id) for action, by in steps))
        assert [(type(each), each.event) for each in refused(results)] == [(Stale, last_event(review))] * 7
        assert told(review)[2:] in ([("withdrawn", "lead", 1)], [("passed", "reviewer", 1)])


def test_of_many_nudges_one_counts_and_all_others_are_told_whose(reviews: list[Review], cast: Cast) -> None:
    people = [cast.reviewer, cast.second_reviewer, cast.approver, cast.dx_lead] * 2
    for review in reviews:
        results = all_at_once(*(partial(take, Action.NUDGE, review, by) for by in people))
        (winner,) = (by for by, result in zip(people, results, strict=True) if isinstance(result, Review))
        assert told(review) == [("opened", None, 0), ("nudged", winner.username, 0)]
        said = f"{winner}さんが令和8年10月7日(水) 10:00に催促済みです。催促は1日1回までです。"
        assert [str(refusal) for refusal in refused(results)] == [said] * 7
        assert Nudge.objects.get(review=review).event == last_event(review)


def sheet(review: Review, by: User, done: str, version: int = 1) -> Callable[[], Review]:
    """Saving a page that was opened at that version."""
    return partial(
        save_draft,
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=version,
        measures=entries(review, done=done),
        indicators={},
        by=fresh(by),
        now=NOW,
    )


def test_of_many_different_saves_one_is_kept(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        people = [cast.editor, cast.lead] * 4
        results = all_at_once(*(sheet(review, by, f"文{n}") for n, by in enumerate(people)))
        (winner,) = (n for n, result in enumerate(results) if isinstance(result, Review))
        assert [(type(each), each.review.saved_by) for each in refused(results)] == [(Overtaken, people[winner])] * 7
        kept = now_of(review)
        assert (kept.version, kept.saved_by, kept.measure_reports.get().done) == (2, people[winner], f"文{winner}")


def test_many_clicks_on_save_are_one(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        results = all_at_once(*[sheet(review, cast.editor, "同じ文")] * 8)
        assert (refused(results), now_of(review).version, review.measure_reports.count()) == ([], 2, 1)


def test_saved_before_or_after_submission_but_not_into_it(reviews: list[Review], cast: Cast) -> None:
    """What was submitted is what the draft says; a save that comes later is refused, and so is to submit it unseen."""
    for review in reviews:
        save(review, cast.editor)
        steps = [partial(take, Action.SUBMIT, review, cast.lead), sheet(review, cast.editor, "直前の修正", version=2)]
        submitted, saved = all_at_once(*steps)
        assert submitted_as_seen(review, submitted) == ("直前の修正" if not isinstance(saved, Stale) else None)


def submitted_as_seen(review: Review, submitted: Any) -> str | None:
    """The late correction that the draft holds, if any; either it was submitted, or to submit it unseen was refused."""
    draft = canonical(review_content(now_of(review), read_draft(now_of(review))))
    correction = "直前の修正" if "直前の修正" in draft else None
    frozen = [found.content for found in Submission.objects.filter(review=review)]
    assert frozen == ([draft] if isinstance(submitted, Review) else [])
    assert isinstance(submitted, Review) or (isinstance(submitted, Overtaken) and correction is not None)
    return correction


def test_viewflow_locks_the_same_row(reviews: list[Review], cast: Cast) -> None:
    """Whoever holds the flow's lock keeps every service waiting."""
    review, order = reviews[0], []
    held = threading.Event()

    def hold() -> None:
        with ReviewFlow.lock(review.process_id):
            held.set()
            waited.wait(timeout=0.5)
            order.append("flow")

    def act() -> None:
        held.wait(timeout=20)
        save(review, cast.editor)
        order.append("service")
        waited.set()

    waited = threading.Event()
    all_at_once(hold, act)
    assert order == ["flow", "service"]


# ---- one plan


def test_two_reviews_of_a_plan_make_one_chain(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        save(review, cast.editor)
    results = all_at_once(*(partial(take, Action.SUBMIT, review, cast.lead) for review in reviews))
    assert refused(results) == []
    assert [event.sequence for event in Event.objects.order_by("sequence")] == [1, 2, 3, 4, 5, 6]


def test_plan_saved_before_or_after_submission_but_not_into_it(places: Places, cast: Cast) -> None:
    for year in (2026, 2027, 2028):
        plan = make_plan(places.civic, year, measures=1)
        (review,) = opened(plan, kind=CheckpointKind.PLAN)
        content = replace(draft_of(plan), summary="直前の修正")
        saving = partial(save_plan, by=cast.editor, plan_id=plan.pk, version=plan.version, content=content, now=NOW)
        submitted, saved = all_at_once(partial(take, Action.SUBMIT, review, cast.lead), saving)
        assert submitted_as_seen(review, submitted) == ("直前の修正" if not isinstance(saved, Refused) else None)


# ---- a whole checkpoint


def test_opened_by_many_at_once_each_plan_has_one_review(places: Places, cast: Cast) -> None:
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx)]
    checkpoint = make_checkpoint()
    opening = partial(open_checkpoint, checkpoint=checkpoint, by=None, now=NOW)
    results = all_at_once(*[opening] * 8)
    assert sum(result.opened for result in results) == len(plans)
    assert sorted(Review.objects.values_list("plan", flat=True)) == sorted(plan.pk for plan in plans)
    assert Event.objects.count() == len(plans)


def test_closed_by_many_at_once_is_closed_once(reviews: list[Review], cast: Cast) -> None:
    closing = partial(close_checkpoint, checkpoint=reviews[0].checkpoint, by=None, now=NOW)
    results = all_at_once(*[closing] * 8)
    assert [type(each) for each in refused(results)] == [Closed] * 7
    assert [event.kind for event in Event.objects.filter(review=reviews[0])] == ["opened", "lapsed"]


def test_closing_waits_for_the_step_under_way_or_ends_it(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        task_id = at(Stage.APPROVE, review, cast).task_id
        closing = partial(close_checkpoint, checkpoint=review.checkpoint, by=None, now=NOW)
        results = all_at_once(closing, *[partial(take, Action.APPROVE, review, cast.approver, task_id=task_id)] * 3)
        unfinished = results[0]
        assert now_of(review).stage == (Stage.LAPSED if unfinished else Stage.APPROVED)
        assert [each.event for each in refused(results)] == [last_event(review)] * (3 if unfinished else 2)


def test_closing_misses_no_approval_that_is_revoked_meanwhile(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        at(Stage.APPROVED, review, cast)
        closing = partial(close_checkpoint, checkpoint=review.checkpoint, by=None, now=NOW)
        unfinished, revoked = all_at_once(closing, partial(take, Action.REVOKE, review, cast.approver))
        assert (unfinished, now_of(review).stage) in [(1, Stage.LAPSED), (0, Stage.APPROVED)]
        assert isinstance(revoked, NotAllowed) == (unfinished == 0)


def test_one_checkpoint_closes_while_another_opens(places: Places, cast: Cast) -> None:
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx)]
    for kind, following in zip(QUARTERS, [*QUARTERS[1:], CheckpointKind.YEAREND], strict=True):
        running = opened(*plans, kind=kind)[0].checkpoint
        following_checkpoint = make_checkpoint(following)
        results = all_at_once(
            partial(close_checkpoint, checkpoint=running, by=None, now=NOW),
            *[partial(open_checkpoint, checkpoint=following_checkpoint, by=None, now=NOW)] * 3,
        )
        assert refused(results) == []
        assert following_checkpoint.reviews.count() == len(plans)
    assert MeasureReport.objects.count() == 0


def test_days_moved_while_a_step_is_taken_are_those_of_the_step_that_follows(reviews: list[Review], cast: Cast) -> None:
    for review in reviews:
        save(review, cast.editor)
        days = {name: getattr(review.checkpoint, name) for name in Days.__dataclass_fields__}
        days |= {"submit_due": date(2026, 10, 15), "review_due": date(2026, 10, 29)}
        moving = partial(change_days, checkpoint=review.checkpoint, days=Days(**days), by=None, now=NOW)
        results = all_at_once(moving, partial(take, Action.SUBMIT, review, cast.lead))
        assert (refused(results), now_of(review).due_on) == ([], date(2026, 10, 29))
        (moved,) = Event.objects.filter(review=review, kind="moved")
        assert moved.data["due"] in ("2026-10-15", "2026-10-29")  # whichever came first


# ---- rights


def test_rebuilding_all_rights_loses_no_appointment_made_meanwhile(places: Places, cast: Cast) -> None:
    """The hourly rebuild has just read the appointments when an administrator makes one and ends another."""
    read, done = threading.Event(), threading.Event()
    post = Appointment.objects.get(user=cast.auditor)

    def pause(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "departments_appointment" in sql and not read.is_set():
            read.set()
            done.wait(timeout=0.5)  # long enough for whoever is not kept waiting
        return result

    def rebuild() -> None:
        with connection.execute_wrapper(pause):
            rebuild_access(TODAY)

    def administer() -> None:
        read.wait(timeout=20)
        appoint(cast.stranger, places.city, Role.REVIEWER, on=TODAY)
        end_appointment(by=None, appointment=post, last_day=TODAY - timedelta(days=1), on=TODAY)
        done.set()

    all_at_once(rebuild, administer)
    assert not rebuild_access(TODAY, write=False)


def test_rights_rebuilt_and_appointments_made_at_once_do_not_wait_in_a_circle(places: Places, cast: Cast) -> None:
    people = [cast.stranger, cast.lead, cast.executive, cast.tax_lead]
    for role in (Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR):
        DepartmentGrant.objects.all().delete()  # so that the rebuild has everybody's rows to write
        appointing = [partial(appoint, person, places.city, role, on=TODAY) for person in people]
        results = all_at_once(*[partial(rebuild_access, TODAY)] * 4, *appointing)
        assert (refused(results), rebuild_access(TODAY, write=False)) == ([], (0, 0, 0))


def test_of_many_clicks_on_appoint_one_counts(places: Places, cast: Cast) -> None:
    results = all_at_once(*[partial(appoint, cast.stranger, places.civic, Role.EDITOR, on=TODAY)] * 8)
    assert [type(each) for each in refused(results)] == [Refused] * 7
    assert Appointment.objects.filter(user=cast.stranger).count() == 1
