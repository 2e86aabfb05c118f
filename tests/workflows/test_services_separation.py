"""Separation of duties (職務分掌): nobody decides on what they drafted, submitted or lead."""

from datetime import date

import pytest

from departments.access import Holder
from departments.models import Role
from tests.factories import appoint
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import TODAY, at, fresh, now_of, opened, save, take
from workflows.access import Action, actors, waiting_for
from workflows.errors import NotAllowed
from workflows.models import Review, Stage

BEFORE_THE_YEAR = date(2026, 3, 31)


def test_lead_who_approves_has_no_say_about_the_own_plan(places: Places, cast: Cast) -> None:
    appoint(cast.editor, places.dx, Role.EDITOR, on=TODAY)
    (review,) = opened(make_approved_plan(places.dx))
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.dx_lead)
    take(Action.PASS, review, cast.reviewer)
    for action in (Action.APPROVE, Action.RETURN):
        with pytest.raises(NotAllowed) as refusal:
            take(action, review, cast.dx_lead)
        assert str(refusal.value) != "", action
    assert take(Action.APPROVE, review, cast.approver).stage == Stage.APPROVED


def test_lead_who_approves_decides_on_everybody_else(review: Review, cast: Cast) -> None:
    at(Stage.APPROVE, review, cast)
    assert take(Action.APPROVE, review, cast.dx_lead).stage == Stage.APPROVED


@pytest.mark.parametrize("action", [Action.PASS, Action.RETURN])
def test_editor_in_another_post_has_no_say_there(places: Places, cast: Cast, action: Action) -> None:
    civic, tax = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    save(tax, cast.tax_editor)
    take(Action.SUBMIT, tax, cast.tax_lead)
    with pytest.raises(NotAllowed):
        take(action, tax, cast.doubled)
    at(Stage.REVIEW, civic, cast)
    assert take(action, civic, cast.doubled).stage != Stage.REVIEW


@pytest.mark.parametrize("action", [Action.PASS, Action.RETURN])
def test_transfer_does_not_free_from_what_was_drafted_this_year(review: Review, cast: Cast, action: Action) -> None:
    at(Stage.REVIEW, review, cast)
    with pytest.raises(NotAllowed):
        take(action, review, cast.moved)
    assert take(action, review, cast.second_reviewer).stage != Stage.REVIEW


@pytest.mark.parametrize("who", ["editor", "lead"])
def test_appointments_corrected_later_do_not_free_an_author(
    places: Places, cast: Cast, review: Review, who: str
) -> None:
    """Whoever drafted or submitted stays barred, even if their post is said to have ended before the year began."""
    author = getattr(cast, who)
    at(Stage.REVIEW, review, cast)
    author.appointments.update(valid_from=BEFORE_THE_YEAR, valid_until=BEFORE_THE_YEAR)
    appoint(author, places.city, Role.REVIEWER, on=TODAY)
    with pytest.raises(NotAllowed):
        take(Action.PASS, review, author)
    assert Holder(author) not in actors([now_of(review)], TODAY)[review.pk]
    assert review not in waiting_for(fresh(author), TODAY)
    (other,) = opened(make_approved_plan(places.tax))
    save(other, cast.tax_editor)
    take(Action.SUBMIT, other, cast.tax_lead)
    assert take(Action.PASS, other, author).stage == Stage.APPROVE


def test_superuser_has_no_say(review: Review, cast: Cast) -> None:
    for stage, action in [
        (Stage.PREPARE, Action.SAVE),
        (Stage.PREPARE, Action.SUBMIT),
        (Stage.REVIEW, Action.WITHDRAW),
        (Stage.REVIEW, Action.PASS),
        (Stage.REVIEW, Action.RETURN),
    ]:
        if stage == Stage.REVIEW and now_of(review).stage == Stage.PREPARE:
            at(Stage.REVIEW, review, cast)
        with pytest.raises(NotAllowed):
            take(action, review, cast.superuser)
