"""Who may do what where: from the rows that `projection` makes of appointments and deputies.

Views get objects only through the `visible_*` and `get_*` functions: what a person may not see is a 404.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from departments.models import (
    ActionPlan,
    Appointment,
    Department,
    DepartmentGrant,
    Deputy,
    DeputyGrant,
    Role,
    User,
)
from departments.models.organisation import Permission
from departments.models.plans import PlanState

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Rights:
    """One person's rights on one day, fetched in two queries, three for those who decide.

    `granted`: permission → ids of the departments it holds for. Two facts bar from deciding: `served`, department id
    → last day (None: no end) of the person's work there as editor or lead, and `authored`, the ids of the plans that
    they have drafted or submitted something of. `mandates`: what they may do in the place of absent people.
    """

    granted: dict[str, frozenset[int]]
    served: dict[int, date | None]
    authored: frozenset[int] = frozenset()
    mandates: tuple["Mandate", ...] = ()

    def own(self, permission: Permission) -> frozenset[int]:
        """The departments where the person holds it by an appointment of their own."""
        return self.granted.get(permission, frozenset())

    def departments(self, permission: Permission) -> frozenset[int]:
        """The departments where the person holds it, be it in somebody's place."""
        return self.own(permission).union(*(mandate.rights.own(permission) for mandate in self.mandates))

    def has(self, permission: Permission, department_id: int) -> bool:
        return department_id in self.departments(permission)

    def anywhere(self, permission: Permission) -> bool:
        return bool(self.departments(permission))

    def served_since(self, department_id: int, day: date) -> bool:
        """Whether the person is, or was on or after the day, editor or lead of the department."""
        if department_id not in self.served:
            return False
        last = self.served[department_id]
        return last is None or last >= day


class Mandate(NamedTuple):
    """What a deputy (代理) may do in the place of one absent person; `rights` also hold what bars that person."""

    absent_id: int
    rights: Rights


NOBODY = Rights(granted={}, served={})


def rights(user: User, on: date) -> Rights:
    """The person's rights, kept on the user object for the request."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    kept: dict[date, Rights] = user.__dict__.setdefault("_rights", {})
    if on not in kept:
        kept[on] = _fetch_rights(user, on)
    return kept[on]


def _fetch_rights(user: User, on: date) -> Rights:
    granted: dict[int | None, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for codename, department_id, absent_id in _rows(GRANTS, user.pk, on, user.pk, on):
        granted[absent_id][codename].add(department_id)
    people = {user.pk, *filter(None, granted)}
    served = served_departments(people, on)
    decide = any({Permission.REVIEW, Permission.APPROVE} & grants.keys() for grants in granted.values())
    authored = _authored_plans(people) if decide else {}
    own, *others = (
        Rights(
            granted={codename: frozenset(ids) for codename, ids in granted[absent_id].items()},
            served=served[absent_id or user.pk],
            authored=frozenset(authored.get(absent_id or user.pk, ())),
        )
        for absent_id in [None, *sorted(filter(None, granted))]
    )
    return replace(own, mandates=tuple(map(Mandate, sorted(filter(None, granted)), others)))


# The person's own grants and those of a deputy: (codename, department, absent person or None).
GRANTS = """
SELECT permission.codename, granted.content_object_id, NULL
FROM departments_departmentgrant granted JOIN auth_permission permission ON permission.id = granted.permission_id
WHERE granted.user_id = %s AND (granted.until IS NULL OR granted.until >= %s)
UNION ALL
SELECT permission, department_id, absent_id
FROM departments_deputygrant granted JOIN departments_user absent ON absent.id = granted.absent_id
WHERE user_id = %s AND until >= %s AND absent.is_active
"""
# (person, department, last day or None) of the work as editor or lead; whoever stood in for a lead has led.
SERVED = """
SELECT user_id, department_id, valid_until FROM departments_appointment
WHERE user_id IN {people} AND role IN (%s, %s) AND valid_from <= %s
UNION ALL
SELECT deputy_id, department_id, last_day FROM departments_deputy
WHERE deputy_id IN {people} AND role = %s AND first_day <= %s
"""
AUTHORED = "SELECT user_id, plan_id FROM departments_planauthor WHERE user_id IN {people}"


def _rows(sql: str, *values: int | str | date) -> list[tuple]:
    """In plain SQL, for it is asked at every click: Django takes longer to spell a union than a database to answer."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _authored_plans(user_ids: Iterable[int]) -> dict[int, set[int]]:
    """Per person: the plans that they have drafted or submitted something of."""
    people = list(user_ids)
    found: dict[int, set[int]] = defaultdict(set)
    for user_id, plan_id in _rows(AUTHORED.format(people=_places(people)), *people):
        found[user_id].add(plan_id)
    return found


def served_departments(user_ids: Iterable[int], on: date) -> dict[int, dict[int, date | None]]:
    """Per person: the departments they work or worked in as editor or lead, with the last day (None: no end).

    Whoever stood in for a lead has led the department on those days.
    """
    people = list(user_ids)
    served: dict[int, dict[int, date | None]] = defaultdict(dict)
    sql = SERVED.format(people=_places(people))
    for user_id, department_id, until in _rows(sql, *people, Role.EDITOR, Role.LEAD, on, *people, Role.LEAD, on):
        last = date.fromisoformat(until) if isinstance(until, str) else until  # SQLite keeps days as text
        known = served[user_id]
        known[department_id] = later(known[department_id], last) if department_id in known else last
    return served


def _places(values: Sequence[object]) -> str:
    """As many placeholders; nothing is in (NULL)."""
    return f"({', '.join(['%s'] * len(values)) or 'NULL'})"


def later(one: date | None, other: date | None) -> date | None:
    """The later of two last days, where None is no end."""
    return None if one is None or other is None else max(one, other)


class Holder(NamedTuple):
    """Who holds a permission; `absent` is the person in whose place, if it is a deputy."""

    user: User
    absent: User | None = None

    def __str__(self) -> str:
        if self.absent is None:
            return str(self.user)
        return gettext("%(deputy)s (in place of %(absent)s)") % {"deputy": self.user, "absent": self.absent}


def holders(permission: Permission, department_ids: Iterable[int], on: date) -> dict[int, list[Holder]]:
    """Department id → the active people who hold the permission there on the day, in order of user name.

    Then those who hold it in an absent person's place, once for each such person.
    """
    return holders_by({permission}, department_ids, on)[permission]


def holders_by(
    permissions: Iterable[Permission], department_ids: Iterable[int], on: date
) -> dict[str, dict[int, list[Holder]]]:
    """The same for several permissions, by permission, in two queries."""
    found: dict[str, dict[int, list[Holder]]] = defaultdict(lambda: defaultdict(list))
    codenames, ids = list(permissions), set(department_ids)
    own = (
        DepartmentGrant.objects.filter(Q(until=None) | Q(until__gte=on))
        .filter(permission__codename__in=codenames, content_object__in=ids, user__is_active=True)
        .select_related("user", "permission")
        .order_by("user__username")
    )
    for row in own:
        found[row.permission.codename][row.content_object_id].append(Holder(row.user))
    in_place = DeputyGrant.objects.filter(until__gte=on, permission__in=codenames, department__in=ids)
    in_place = in_place.filter(user__is_active=True, absent__is_active=True)
    for grant in in_place.select_related("user", "absent").order_by("user__username"):
        found[grant.permission][grant.department_id].append(Holder(grant.user, grant.absent))
    return found


def each_once(people: Iterable[Holder]) -> Iterator[Holder]:
    """The first line of each person: who holds it themselves is not named as deputy as well."""
    seen: set[int] = set()
    for holder in people:
        if holder.user.pk not in seen:
            seen.add(holder.user.pk)
            yield holder


def visible_plans(user: User, on: date) -> QuerySet[ActionPlan]:
    """The plans the person may read: drafts of their own departments, approved ones where they read those."""
    known = rights(user, on)
    return ActionPlan.objects.filter(
        Q(department__in=known.departments(Permission.READ_DRAFTS))
        | Q(department__in=known.departments(Permission.READ_APPROVED), state=PlanState.APPROVED)
    ).select_related("department", "department__parent")


def reads_plan(known: Rights, plan: ActionPlan) -> bool:
    """Whether `visible_plans` has the plan; the same condition, without a query."""
    if known.has(Permission.READ_DRAFTS, plan.department_id):
        return True
    return plan.state == PlanState.APPROVED and known.has(Permission.READ_APPROVED, plan.department_id)


def get_plan(user: User, pk: int, on: date) -> ActionPlan:
    """A plan that the person may read, or Http404."""
    return _found(visible_plans(user, on).filter(pk=pk))


def get_plan_to_edit(user: User, pk: int, on: date) -> ActionPlan:
    """A plan whose department the person drafts for, whatever its state; the service refuses all but drafts."""
    return _found(
        ActionPlan.objects.filter(pk=pk, department__in=rights(user, on).departments(Permission.DRAFT)).select_related(
            "department", "department__parent"
        )
    )


def may_administer(user: User, on: date) -> bool:
    """Whether the person is an administrator (管理者), wherever they are appointed."""
    return rights(user, on).anywhere(Permission.ADMINISTER)


def require_administrator(user: User, on: date) -> None:
    """Raise Http404 for everybody else: the pages are not there for them."""
    if not may_administer(user, on):
        raise Http404


def _administered(queryset: QuerySet[Row], user: User, pk: int, on: date) -> Row:
    require_administrator(user, on)
    return _found(queryset.filter(pk=pk))


def get_department(user: User, pk: int, on: date) -> Department:
    """A department for those who keep them, else Http404."""
    return _administered(Department.objects.select_related("parent"), user, pk, on)


def get_person(user: User, pk: int, on: date) -> User:
    """A person for those who keep them, else Http404."""
    return _administered(User.objects.all(), user, pk, on)


def get_appointment(user: User, pk: int, on: date) -> Appointment:
    """An appointment for those who keep them, else Http404."""
    return _administered(Appointment.objects.select_related("user", "department"), user, pk, on)


def get_absence(user: User, pk: int, on: date) -> Deputy:
    """An absence that is not over, for the absent person and those who keep people, else Http404."""
    rows = Deputy.objects.filter(pk=pk, last_day__gte=on).select_related("absent", "deputy", "department")
    return _found(rows if may_administer(user, on) else rows.filter(absent=user.pk))


def _found(queryset: QuerySet[Row]) -> Row:
    row = queryset.first()
    if row is None:
        raise Http404
    return row
