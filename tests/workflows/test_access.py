"""Who may read and do what: the table against real people, lists against pages, and rights that end."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import Http404

from departments.access import Holder
from departments.models import Role, User
from departments.projection import rebuild_access
from tests.factories import appoint
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy, stand_in
from tests.workflows.moves import NOW, TODAY, at, closed, fresh, now_of, opened, save, take
from tests.workflows.states import brought, make_holders
from workflows import matrix
from workflows.access import (
    RULES,
    TURN,
    Action,
    Sight,
    actors,
    allowed,
    get_review,
    sight,
    visible_reviews,
    waiting_for,
)
from workflows.errors import Closed, NotAllowed, Stale
from workflows.matrix import Relation, State
from workflows.models import CheckpointKind, Review, Stage

TURN_ACTIONS = {Stage.PREPARE: {Action.SAVE}, Stage.REVIEW: {Action.PASS}, Stage.APPROVE: {Action.APPROVE}}


# ---- the table, against real people and through the services


@pytest.fixture
def holders(places: Places, cast: Cast) -> dict[tuple[Role, Relation], User]:
    return make_holders(places.civic)


def outcome(action: Action, review: Review, person: User) -> bool:
    """Whether the service carries the action out; what it did is undone."""
    undo = transaction.savepoint()
    try:
        take(action, review, person)
    except (NotAllowed, Stale, Closed):
        return False
    finally:
        transaction.savepoint_rollback(undo)
    return True


@pytest.mark.parametrize("state", list(State))
def test_services_do_exactly_what_the_table_allows(
    places: Places, cast: Cast, holders: dict[tuple[Role, Relation], User], state: State
) -> None:
    own, other = brought(state, places, cast)
    tried = {
        matrix.Cell(
            cell.role,
            cell.relation,
            state,
            cell.action,
            outcome(
                cell.action,
                other if cell.relation == Relation.OTHER else own,
                holders[cell.role, cell.relation],
            ),
        )
        for cell in matrix.cells()
        if cell.state == state
    }
    assert tried == {cell for cell in matrix.cells() if cell.state == state}


@pytest.mark.parametrize("state", list(State))
def test_everybody_reads_exactly_what_the_table_says(
    places: Places, cast: Cast, holders: dict[tuple[Role, Relation], User], state: State
) -> None:
    own, other = brought(state, places, cast)
    expected = [reading for reading in matrix.readings() if reading.state == state]
    found = []
    for reading in expected:
        person = fresh(holders[reading.role, reading.relation])
        review = other if reading.relation == Relation.OTHER else own
        assert opens(person, review) == (reading.sight > Sight.NOTHING)
        found.append(reading._replace(sight=sight(person, review, TODAY)))
    assert found == expected


def opens(person: User, review: Review, on: date = TODAY) -> bool:
    try:
        return get_review(person, review.pk, on) == review
    except Http404:
        return False


# ---- lists and pages agree, for everybody


@pytest.fixture
def reviews(places: Places, cast: Cast) -> list[Review]:
    """Three departments' reviews at four checkpoints, in every stage; and deputies of all kinds."""
    appoint(cast.editor, places.dx, Role.EDITOR, on=TODAY)
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx)]
    stages = {
        CheckpointKind.Q1: [Stage.APPROVED, Stage.REVIEW, Stage.APPROVED],
        CheckpointKind.Q2: [Stage.REVIEW, Stage.APPROVE, Stage.APPROVE],
        CheckpointKind.Q3: [Stage.PREPARE, Stage.APPROVED, Stage.REVIEW],
        CheckpointKind.YEAREND: [Stage.APPROVE, Stage.PREPARE, Stage.PREPARE],
    }
    made = []
    for kind, wanted in stages.items():
        for review, stage in zip(opened(*plans, kind=kind), wanted, strict=True):
            made.append(at(stage, review, cast))
    closed(made[0])
    take(Action.CANCEL, made[-1], cast.approver)
    make_deputies(places, cast)
    return [now_of(review) for review in made]


def make_deputies(places: Places, cast: Cast) -> None:
    """In October: for the approver somebody without a post and a lead; for a reviewer and for a lead an auditor."""
    for deputy, absent, role, place in [
        (make_deputy(places, cast), cast.dx_lead, Role.APPROVER, places.city),
        (cast.tax_lead, cast.approver, Role.APPROVER, places.city),
        (cast.auditor, cast.second_reviewer, Role.REVIEWER, places.city),
        (cast.auditor, cast.lead, Role.LEAD, places.civic),
    ]:
        stand_in(deputy, absent, role, place)
    rebuild_access(TODAY)


def everybody() -> list[User]:
    """As in new requests, deputies without a post included."""
    return list(User.objects.order_by("pk"))


@pytest.mark.parametrize("on", [TODAY, date(2027, 3, 31), date(2027, 4, 1), date(2028, 4, 1)])
def test_lists_show_exactly_what_opens(cast: Cast, reviews: list[Review], on: date) -> None:
    assert {review.stage for review in reviews} == set(Stage)
    for person in everybody():
        listed = set(visible_reviews(person, on))
        assert listed == {review for review in reviews if opens(person, review, on)}, person
        assert listed == {review for review in reviews if sight(person, review, on) > Sight.NOTHING}, person


def users(found: Iterable[Holder]) -> list[User]:
    return [holder.user for holder in found]


@pytest.mark.parametrize("on", [TODAY, date(2027, 3, 31), date(2027, 4, 1), date(2028, 4, 1)])
def test_inbox_shows_exactly_where_one_may_act(cast: Cast, reviews: list[Review], on: date) -> None:
    by_review = actors(reviews, on)
    for person in everybody():
        waiting = list(waiting_for(person, on))
        assert len(waiting) == len(set(waiting))
        assert set(waiting) == {review for review in reviews if person in users(by_review.get(review.pk, []))}, person
        assert set(waiting) == {
            review for review in reviews if allowed(person, review, on) & TURN_ACTIONS.get(Stage(review.stage), set())
        }, person
        assert waiting == sorted(waiting, key=lambda review: (review.due_on, review.department.position, review.pk))


def test_who_may_act_on_each(places: Places, cast: Cast, reviews: list[Review]) -> None:
    """The same, spelt out by hand."""
    found = actors(reviews, TODAY)
    names = {
        (review.department.code, review.checkpoint.kind): [str(holder) for holder in found[review.pk]]
        for review in reviews
        if review.is_open
    }
    assert names == {
        ("civic", "q2"): ["doubled", "reviewer", "second_reviewer"],
        ("civic", "q3"): ["editor", "lead", "auditor(leadの代理)"],
        ("civic", "yearend"): ["approver", "dx_lead", "deputy(approverの代理)", "tax_lead(approverの代理)"],
        ("tax", "q2"): ["approver", "dx_lead", "deputy(approverの代理)"],
        ("tax", "yearend"): ["doubled", "tax_editor", "tax_lead"],
        ("dx", "q2"): ["approver", "deputy(approverの代理)", "tax_lead(approverの代理)"],
        ("dx", "q3"): ["doubled", "moved", "reviewer", "second_reviewer", "auditor(second_reviewerの代理)"],
    }


def test_questions_about_many_take_few_queries(
    cast: Cast, reviews: list[Review], django_assert_max_num_queries: Any
) -> None:
    loaded = list(Review.objects.select_related("plan", "checkpoint"))
    with django_assert_max_num_queries(5):
        actors(loaded, TODAY)
    reviewer = fresh(cast.reviewer)
    with django_assert_max_num_queries(4):
        list(waiting_for(reviewer, TODAY))
        [allowed(reviewer, review, TODAY) for review in loaded]


def test_every_action_has_its_rule_and_every_open_stage_its_turn() -> None:
    assert set(RULES) == set(Action)
    assert set(TURN) == {stage for stage in Stage if stage.is_open}
    permissions = {(rule.permission, stage) for rules in RULES.values() for rule in rules for stage in rule.stages}
    assert {(permission, stage) for stage, (permission, _decides) in TURN.items()} <= permissions


# ---- rights that end


def powers(person: User, reviews: Iterable[Review], on: date) -> Iterator[bool]:
    """Every way in which a person could still have something to do with the reviews."""
    person = fresh(person)
    for review in reviews:
        yield bool(allowed(person, review, on))
        yield sight(person, review, on) > Sight.NOTHING
        yield Holder(person) in actors([review], on).get(review.pk, [])
    yield visible_reviews(person, on).exists()
    yield waiting_for(person, on).exists()


def test_appointment_ends_with_its_last_day_without_any_rebuild(places: Places, cast: Cast, review: Review) -> None:
    appoint(cast.stranger, places.city, Role.REVIEWER, valid_until=TODAY, on=TODAY)
    at(Stage.REVIEW, review, cast)
    review = now_of(review)
    assert all(powers(cast.stranger, [review], TODAY))
    tomorrow = NOW + timedelta(days=1)
    assert not any(powers(cast.stranger, [review], tomorrow.date()))
    assert cast.stranger.departmentgrant_set.exists()
    with pytest.raises(NotAllowed):
        take(Action.PASS, review, cast.stranger, now=tomorrow)
    assert take(Action.PASS, review, cast.stranger).stage == Stage.APPROVE


def test_day_counts_in_tokyo(places: Places, cast: Cast, review: Review) -> None:
    """Two minutes to midnight there is the afternoon in London; two minutes after is another day."""
    appoint(cast.stranger, places.city, Role.REVIEWER, valid_until=TODAY, on=TODAY)
    at(Stage.REVIEW, review, cast)
    midnight = NOW.replace(hour=0, minute=0) + timedelta(days=1)
    with pytest.raises(NotAllowed):
        take(Action.PASS, review, cast.stranger, now=midnight + timedelta(minutes=2))
    assert take(Action.PASS, review, cast.stranger, now=midnight - timedelta(minutes=2)).stage == Stage.APPROVE


def test_deactivated_person_is_powerless_even_before_a_rebuild(cast: Cast, reviews: list[Review]) -> None:
    assert not any(powers(cast.leaver, reviews, TODAY))
    for person in (cast.reviewer, cast.approver, cast.editor, cast.lead, cast.auditor, cast.executive):
        assert any(powers(person, reviews, TODAY))
        User.objects.filter(pk=person.pk).update(is_active=False)
        assert not any(powers(person, reviews, TODAY))


def test_nobody_without_appointment_has_any_power(cast: Cast, reviews: list[Review]) -> None:
    for person in (cast.stranger, cast.superuser):
        assert not any(powers(person, reviews, TODAY))


def test_administrator_has_no_say_and_sees_no_review(cast: Cast, reviews: list[Review]) -> None:
    assert not any(powers(cast.administrator, reviews, TODAY))


def test_appointment_that_has_not_begun_gives_nothing(places: Places, cast: Cast, reviews: list[Review]) -> None:
    tomorrow = TODAY + timedelta(days=1)
    appoint(cast.stranger, places.city, Role.REVIEWER, valid_from=tomorrow, on=TODAY)
    assert not any(powers(cast.stranger, reviews, TODAY))
    rebuild_access(tomorrow)
    assert any(powers(cast.stranger, reviews, tomorrow))


def test_new_editor_elsewhere_keeps_what_the_office_may_do(places: Places, cast: Cast) -> None:
    """Being barred at one department takes nothing away at another."""
    civic, tax = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    for review in (civic, tax):
        at(Stage.REVIEW, review, cast)
    waiting = {name: set(waiting_for(fresh(getattr(cast, name)), TODAY)) for name in ("doubled", "moved", "reviewer")}
    assert waiting == {"doubled": {civic}, "moved": {tax}, "reviewer": {civic, tax}}


def test_saving_a_draft_gives_no_say_either(places: Places, cast: Cast, review: Review) -> None:
    """Whoever writes is barred through the appointment that let them write, from its first day on."""
    appoint(cast.second_reviewer, places.civic, Role.EDITOR, valid_from=TODAY, valid_until=TODAY, on=TODAY)
    save(review, cast.second_reviewer)
    take(Action.SUBMIT, review, cast.lead)
    later = NOW + timedelta(days=30)
    rebuild_access(later.date())
    with pytest.raises(NotAllowed):
        take(Action.PASS, review, cast.second_reviewer, now=later)
    assert take(Action.PASS, review, cast.reviewer, now=later).stage == Stage.APPROVE
