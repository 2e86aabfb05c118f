"""Reviews in every state of the rights table, and one person for every role in it."""

from datetime import timedelta

from departments.models import Appointment, Department, Role, User
from departments.projection import rebuild_access
from tests.factories import YEAR_START
from tests.workflows.cast import LAST_DAY_BEFORE_TRANSFER, Cast, Places, make_approved_plan
from tests.workflows.moves import TODAY, at, closed, now_of, opened, save, take, team_of
from workflows.access import Action
from workflows.matrix import State
from workflows.models import Review, Stage


def brought(state: State, places: Places, cast: Cast) -> tuple[Review, Review]:
    """The civic and the tax department's reviews in that state, by people who have nothing else to do with the test."""
    reviews = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    for review in reviews:
        if state == State.PREPARE:
            save(review, team_of(review, cast)[0])
        elif state == State.LAPSED:
            at(Stage.REVIEW, review, cast)
        else:
            at(state.stage, review, cast)
        if state == State.APPROVE_AGAIN:
            take(Action.RETURN, review, cast.approver)
            take(Action.SUBMIT, review, team_of(review, cast)[1])
    if state == State.LAPSED:
        closed(reviews[0])
    own, other = map(now_of, reviews)
    return own, other


def make_holders(department: Department) -> dict[tuple[Role, bool], User]:
    """One person a role, appointed at the department; and with True another who was also its editor until September."""
    people = [(role, served) for role in Role for served in (False, True)]
    User.objects.bulk_create(User(username=f"{role}-{served}", name=f"{role}") for role, served in people)
    found = {(role, served): User.objects.get(username=f"{role}-{served}") for role, served in people}
    Appointment.objects.bulk_create(
        Appointment(user=user, department=department, role=role, valid_from=YEAR_START)
        for (role, _served), user in found.items()
    )
    Appointment.objects.bulk_create(
        Appointment(
            user=user,
            department=department,
            role=Role.EDITOR,
            valid_from=YEAR_START - timedelta(days=1),
            valid_until=LAST_DAY_BEFORE_TRANSFER,
        )
        for (_role, served), user in found.items()
        if served
    )
    rebuild_access(TODAY)
    return found
