"""Appointments are the truth; guardian's rows are their projection, and both say the same of everybody."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import Http404

from departments.access import (
    NOBODY,
    Holder,
    Rights,
    bars,
    get_appointment,
    get_department,
    get_person,
    get_plan,
    get_plan_to_edit,
    holders,
    may_administer,
    rights,
    visible_plans,
)
from departments.models import Appointment, Department, DepartmentGrant, Role, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState
from departments.projection import Difference, rebuild_access
from departments.services.appointments import cancel_appointment, end_appointment
from departments.services.organisation import abolish_department, add_department, change_department
from departments.services.people import deactivate_person, reactivate_person
from tests.factories import YEAR_START, appoint, make_plan, make_user
from tests.workflows.cast import Cast, Places, make_cast, make_places
from tests.workflows.moves import TODAY, fresh

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def places(db: None) -> Places:
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


def grants() -> set[tuple[Any, ...]]:
    return set(DepartmentGrant.objects.values_list("user", "permission__codename", "content_object", "until"))


def granted(user: User, on: date = TODAY) -> dict[str, set[str]]:
    """Permission → codes of the departments that the person has it for."""
    codes = dict(Department.objects.values_list("pk", "code"))
    return {name: {codes[pk] for pk in ids} for name, ids in rights(fresh(user), on).granted.items()}


# ---- the projection


def test_guardian_says_the_same_as_rights_of_everybody_everywhere(cast: Cast) -> None:
    """But for the superuser, whom Django lets do anything: nothing in this system asks it that way."""
    departments = list(Department.objects.all())
    ordinary = [fresh(user) for user in cast.everybody() if user != cast.superuser]
    differing = [
        (user.username, permission.value, department.code)
        for user in ordinary
        for department in departments
        for permission in Permission
        if user.has_perm(f"departments.{permission}", department) != rights(user, TODAY).has(permission, department.pk)
    ]
    assert differing == []
    assert any(rights(user, TODAY).granted for user in ordinary)
    assert rights(fresh(cast.superuser), TODAY) == Rights(granted={}, served={})


def test_nobody_has_a_permission_everywhere_at_once(cast: Cast) -> None:
    """A model-wide permission would pass by every department's border."""
    assert [
        (user.username, permission)
        for user in map(fresh, cast.everybody())
        for permission in Permission
        if user != cast.superuser and user.has_perm(f"departments.{permission}")
    ] == []


@pytest.mark.parametrize("role", list(Role))
def test_role_reaches_as_far_as_it_should(places: Places, role: Role) -> None:
    user = make_user("sato")
    life = places.civic.parent
    appoint(user, life, role, on=TODAY)
    reached = {"life"} if role in (Role.EDITOR, Role.LEAD) else {"life", "civic", "tax"}
    assert granted(user) == dict.fromkeys(role.permissions, reached)


def test_roles_give_these_permissions_and_no_others() -> None:
    assert {role.value: sorted(role.permissions) for role in Role} == {
        "editor": ["draft_reports", "read_approved", "read_board", "read_drafts", "read_submissions"],
        "lead": ["draft_reports", "read_approved", "read_board", "read_drafts", "read_submissions", "submit_reports"],
        "reviewer": ["read_approved", "read_board", "read_submissions", "review_reports"],
        "approver": ["approve_reports", "read_approved", "read_board", "read_submissions"],
        "executive": ["read_approved", "read_board"],
        "auditor": ["read_approved", "read_board", "read_drafts", "read_submissions"],
        "administrator": ["administer", "read_board"],
    }


def test_rebuilding_again_changes_nothing(cast: Cast) -> None:
    before = grants()
    assert not rebuild_access(TODAY)
    assert (grants(), bool(before)) == (before, True)


def test_rebuild_mends_whatever_was_done_to_the_rows(cast: Cast, places: Places) -> None:
    before = grants()
    forged = DepartmentGrant.objects.first()
    DepartmentGrant.objects.filter(user=cast.lead).delete()
    DepartmentGrant.objects.filter(user=cast.approver).update(until=TODAY)
    DepartmentGrant.objects.create(user=cast.stranger, permission=forged.permission, content_object=places.tax)
    lead, approver = len(Role.LEAD.permissions), 6 * len(Role.APPROVER.permissions)
    expected = Difference(added=lead, renewed=approver, removed=1)
    assert rebuild_access(TODAY, write=False) == expected
    assert rebuild_access(TODAY) == expected
    assert grants() == before


def test_rebuild_of_some_leaves_the_others_alone(cast: Cast) -> None:
    DepartmentGrant.objects.all().delete()
    rebuild_access(TODAY, users=[cast.lead])
    assert set(DepartmentGrant.objects.values_list("user", flat=True)) == {cast.lead.pk}


def test_check_tells_and_leaves_everything_as_it_is(places: Places) -> None:
    user = make_user("sato")
    appoint(user, places.civic, Role.EDITOR)
    out = io.StringIO()
    call_command("rebuild_access", "--check", stdout=out)
    assert out.getvalue() == "added 0, renewed 0, removed 0\n"
    DepartmentGrant.objects.all().delete()
    with pytest.raises(CommandError, match="would be added 5, renewed 0, removed 0"):
        call_command("rebuild_access", "--check")
    assert not DepartmentGrant.objects.exists()
    call_command("rebuild_access", stdout=out)
    call_command("rebuild_access", "--check", stdout=out)
    assert DepartmentGrant.objects.count() == 5


def test_two_appointments_that_give_the_same_last_as_long_as_the_longer(places: Places) -> None:
    user = make_user("sato")
    appoint(user, places.city, Role.EXECUTIVE, valid_until=TOMORROW, on=TODAY)
    appoint(user, places.civic, Role.EXECUTIVE, on=TODAY)
    appoint(user, places.tax, Role.EXECUTIVE, valid_until=TODAY, on=TODAY)
    assert granted(user)["read_board"] == {"city", "policy", "life", "dx", "civic", "tax"}
    assert granted(user, TOMORROW)["read_board"] == {"city", "policy", "life", "dx", "civic", "tax"}
    assert granted(user, TOMORROW + timedelta(days=1)) == {name: {"civic"} for name in ("read_approved", "read_board")}


# ---- what changes rights, at once


def test_ending_a_post_takes_the_rights_with_its_last_day(places: Places) -> None:
    user = make_user("sato")
    post = appoint(user, places.civic, Role.LEAD, on=TODAY)
    end_appointment(by=None, appointment=post, last_day=TODAY, on=TODAY)
    assert set(granted(user)) == set(Role.LEAD.permissions)
    assert granted(user, TOMORROW) == {}
    end_appointment(by=None, appointment=post, last_day=YESTERDAY, on=TODAY)
    assert (granted(user), grants()) == ({}, set())


def test_post_that_was_cancelled_never_counts(places: Places) -> None:
    user = make_user("sato")
    post = appoint(user, places.civic, Role.LEAD, valid_from=TOMORROW, on=TODAY)
    cancel_appointment(by=None, appointment=post, on=TODAY)
    assert not rebuild_access(TOMORROW)
    assert granted(user, TOMORROW) == {}


def test_deactivated_and_back_again(cast: Cast) -> None:
    before = granted(cast.reviewer)
    deactivate_person(by=None, person=cast.reviewer, on=TODAY)
    assert rights(fresh(cast.reviewer), TODAY) == NOBODY
    assert not DepartmentGrant.objects.filter(user=cast.reviewer).exists()
    reactivate_person(by=None, person=cast.reviewer, on=TODAY)
    assert granted(cast.reviewer) == before


def test_office_reaches_a_department_as_soon_as_it_is_there(cast: Cast, places: Places) -> None:
    new = add_department(by=None, code="new", name="新設課", parent=places.civic.parent, on=TODAY)
    assert rights(fresh(cast.reviewer), TODAY).has(Permission.REVIEW, new.pk)
    assert not rights(fresh(cast.editor), TODAY).has(Permission.DRAFT, new.pk)


def test_department_moved_in_the_tree_leaves_its_old_readers(places: Places) -> None:
    user = make_user("sato")
    appoint(user, places.civic.parent, Role.EXECUTIVE, on=TODAY)
    tax = places.tax
    change_department(
        by=None, department=tax, code=tax.code, name=tax.name, parent=places.dx.parent, position=9, on=TODAY
    )
    assert granted(user)["read_board"] == {"life", "civic"}


def test_abolished_department_keeps_its_readers(cast: Cast, places: Places) -> None:
    before = granted(cast.auditor)
    abolish_department(by=None, department=places.tax, abolished_on=TODAY, on=TODAY)
    assert granted(cast.auditor) == before


# ---- who served where


def test_served_lasts_from_the_first_day_to_the_end_of_the_year(cast: Cast, places: Places) -> None:
    moved = rights(fresh(cast.moved), TODAY)
    assert moved.served == {places.civic.pk: date(2026, 9, 30)}
    days = [date(2026, 4, 1), date(2026, 9, 30), date(2026, 10, 1), date(2027, 4, 1)]
    assert [moved.served_since(places.civic.pk, day) for day in days] == [True, True, False, False]
    lead = rights(fresh(cast.lead), TODAY)
    assert [lead.served_since(places.civic.pk, day) for day in days] == [True] * 4
    assert not lead.served_since(places.tax.pk, days[0])


def test_served_counts_the_longest_of_several_posts(places: Places) -> None:
    user = make_user("sato")
    for role, first, last in [
        (Role.EDITOR, YEAR_START, date(2026, 5, 31)),
        (Role.LEAD, YEAR_START, date(2026, 8, 31)),
        (Role.EDITOR, date(2026, 6, 1), date(2026, 6, 30)),
        (Role.REVIEWER, YEAR_START, None),
    ]:
        appoint(user, places.civic, role, valid_from=first, valid_until=last, on=TODAY)
    appoint(user, places.tax, Role.EDITOR, valid_from=TOMORROW, on=TODAY)
    assert bars([user.pk], TODAY)[user.pk].served == {places.civic.pk: date(2026, 8, 31)}
    appoint(user, places.civic, Role.EDITOR, valid_from=date(2026, 9, 1), on=TODAY)
    assert bars([user.pk], TOMORROW)[user.pk].served == {places.civic.pk: None, places.tax.pk: None}


def test_deactivated_person_served_all_the_same(cast: Cast, places: Places) -> None:
    deactivate_person(by=None, person=cast.lead, on=TODAY)
    assert bars([cast.lead.pk], TODAY)[cast.lead.pk].served == {places.civic.pk: None}


# ---- who holds a permission


def test_holders_are_the_active_people_who_have_it(cast: Cast, places: Places) -> None:
    ids = [places.civic.pk, places.tax.pk]
    for permission in Permission:
        assert holders(permission, ids, TODAY) == {
            pk: found
            for pk in ids
            if (found := [Holder(user) for user in sorted_people() if rights(user, TODAY).has(permission, pk)])
        }
    assert Holder(cast.leaver) not in holders(Permission.REVIEW, ids, TODAY)[places.civic.pk]


def sorted_people() -> list[User]:
    return list(User.objects.order_by("username"))


def test_holders_of_nothing(cast: Cast) -> None:
    assert holders(Permission.REVIEW, [], TODAY) == {}


# ---- what opens for whom


def test_plans_listed_are_the_plans_that_open(cast: Cast, places: Places) -> None:
    plans = [
        make_plan(place, year, state=state)
        for place in (places.civic, places.tax, places.dx)
        for year, state in ((2025, PlanState.APPROVED), (2026, PlanState.DRAFT), (2027, PlanState.SUBMITTED))
    ]
    seen = {}
    for user in map(fresh, cast.everybody()):
        listed = set(visible_plans(user, TODAY))
        assert listed == {plan for plan in plans if opens(get_plan, user, plan.pk)}, user
        seen[user.username] = sorted(f"{plan.department.code} {plan.fiscal_year}" for plan in listed)
    approved = ["civic 2025", "dx 2025", "tax 2025"]
    everything = sorted(f"{plan.department.code} {plan.fiscal_year}" for plan in plans)
    civic, tax = ([name for name in everything if name.startswith(code)] for code in ("civic", "tax"))
    assert seen == {
        "editor": civic,
        "lead": civic,
        "tax_editor": tax,
        "tax_lead": tax,
        "dx_lead": ["civic 2025", "dx 2025", "dx 2026", "dx 2027", "tax 2025"],
        "reviewer": approved,
        "second_reviewer": approved,
        "approver": approved,
        "moved": approved,
        "doubled": ["civic 2025", "dx 2025", *tax],
        "executive": approved,
        "auditor": everything,
        "administrator": [],
        "superuser": [],
        "leaver": [],
        "stranger": [],
    }


def opens(get: Any, user: User, pk: int) -> bool:
    try:
        return get(user, pk, TODAY).pk == pk
    except Http404:
        return False


def test_plan_to_edit_opens_for_those_who_draft_it(cast: Cast, places: Places) -> None:
    plan = make_plan(places.civic)
    assert [user.username for user in map(fresh, cast.everybody()) if opens(get_plan_to_edit, user, plan.pk)] == [
        "editor",
        "lead",
    ]


def test_administration_opens_for_administrators_alone(cast: Cast, places: Places) -> None:
    rows = [
        (get_department, places.civic.pk),
        (get_person, cast.lead.pk),
        (get_appointment, Appointment.objects.first().pk),
    ]
    for user in map(fresh, cast.everybody()):
        administers = user == cast.administrator
        assert may_administer(user, TODAY) == administers
        assert [opens(get, user, pk) for get, pk in rows] == [administers] * 3, user


def test_what_is_not_there_is_a_404_for_administrators_too(cast: Cast) -> None:
    for get in (get_department, get_person, get_appointment, get_plan, get_plan_to_edit):
        assert not opens(get, fresh(cast.administrator), 10**9)


def test_rights_of_a_request_take_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    for user, queries in ((fresh(cast.lead), 1), (fresh(cast.doubled), 1)):
        with django_assert_num_queries(queries):
            for permission in Permission:
                rights(user, TODAY).departments(permission)
