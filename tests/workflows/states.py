"""Reviews in every state of the rights table, and one person for every role and relation in it."""

from datetime import date

from departments.models import Appointment, Department, Role, User
from departments.models.deputies import DEPUTISED
from departments.projection import rebuild_access
from tests.factories import YEAR_START
from tests.workflows.cast import LAST_DAY_BEFORE_TRANSFER, Cast, Places, make_approved_plan, stand_in
from tests.workflows.moves import TODAY, at, change_of, closed, now_of, opened, take, team_of
from workflows.access import Action
from workflows.matrix import Relation, State
from workflows.models import Review, Stage


def brought(state: State, places: Places, cast: Cast) -> tuple[Review, Review]:
    """The civic and the tax department's reviews in that state, by people who have nothing else to do with the test.

    Each has been submitted, and has a comment of the office that is still open.
    """
    plans = [make_approved_plan(places.civic), make_approved_plan(places.tax)]
    if state in (State.CHANGE, State.CHANGE_APPROVED):
        reviews = [change_of(plan, by) for plan, by in zip(plans, (cast.editor, cast.tax_editor), strict=True)]
    else:
        reviews = opened(*plans)
    for review in reviews:
        at(Stage.REVIEW, review, cast)
        take(Action.PIN, review, cast.second_reviewer)
        _bring(state, review, cast)
    if state in (State.LAPSED, State.APPROVED_CLOSED):
        closed(reviews[0])
    own, other = map(now_of, reviews)
    return own, other


def _bring(state: State, review: Review, cast: Cast) -> None:
    """From review to the state; what the closing of the checkpoint ends stays where that finds it."""
    if state.stage == Stage.PREPARE:
        take(Action.RETURN, review, cast.reviewer)
    elif state.stage == Stage.CANCELLED:
        take(Action.PASS, review, cast.reviewer)
        take(Action.CANCEL, review, cast.approver)
    elif state.stage in (Stage.APPROVE, Stage.APPROVED):
        take(Action.PASS, review, cast.reviewer)
    if state == State.APPROVE_AGAIN:
        take(Action.RETURN, review, cast.approver)
        take(Action.SUBMIT, review, team_of(review, cast)[1])
    elif state.stage == Stage.APPROVED:
        take(Action.APPROVE, review, cast.approver)


def make_holders(department: Department) -> dict[tuple[Role, Relation], User]:
    """For every role and relation a person: appointed at the department, or deputy of somebody who is.

    "Other" is about the review, so it is the same person as "own".
    """
    found = {}
    for role in Role:
        found[role, Relation.OWN] = found[role, Relation.OTHER] = _appointed(department, role, "own")
        found[role, Relation.SERVED] = _appointed(department, role, "served", served=True)
        if role in DEPUTISED:
            found |= _deputies(department, role)
    rebuild_access(TODAY)
    return found


def _deputies(department: Department, role: Role) -> dict[tuple[Role, Relation], User]:
    found = {}
    for relation in (relation for relation in Relation if relation.by_deputy):
        absent = _appointed(department, role, f"{relation}-absent", served=relation == Relation.DEPUTY_OF_SERVED)
        deputy = User.objects.create(username=f"{role}-{relation}", name=role)
        if relation == Relation.DEPUTY_SERVED:
            _serve(department, deputy)
        stand_in(deputy, absent, role, department)
        found[role, relation] = deputy
    return found


def _appointed(department: Department, role: Role, name: str, *, served: bool = False) -> User:
    user = User.objects.create(username=f"{role}-{name}", name=role)
    Appointment.objects.create(user=user, department=department, role=role, valid_from=YEAR_START)
    if served:
        _serve(department, user)
    return user


def _serve(department: Department, user: User) -> None:
    """Let the person have been the department's editor until September."""
    Appointment.objects.create(
        user=user,
        department=department,
        role=Role.EDITOR,
        valid_from=date(2026, 3, 31),
        valid_until=LAST_DAY_BEFORE_TRANSFER,
    )
