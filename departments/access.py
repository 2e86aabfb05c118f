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

from departments.directory import posts_of
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
    """One person's rights on one day, fetched in one query, two for a deputy.

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
        kept[on] = _fetch_rights([user.pk], on)[user.pk]
    return kept[on]


def keep_rights(users: Iterable[User], on: date) -> None:
    """Fetch the rights of many people at once and keep them as `rights` does; one query, two if any is a deputy."""
    asked = [user for user in users if user.is_active]
    found = _fetch_rights({user.pk for user in asked}, on) if asked else {}
    for user in asked:
        user.__dict__.setdefault("_rights", {})[on] = found[user.pk]


def _fetch_rights(user_ids: Iterable[int], on: date) -> dict[int, Rights]:
    people, found = sorted(user_ids), _RightsRows()
    sql = f"{GRANTS} UNION ALL {BARS}".format(people=_places(people))
    found.read(sql, *_of_grants(people, on), *_of_bars(people, on))
    absent = sorted({person for _user, person in found.granted if person is not None})
    if absent:
        found.read(BARS.format(people=_places(absent)), *_of_bars(absent, on))
    return {person: replace(found.rights(person), mandates=found.mandates(person)) for person in people}


def bars(user_ids: Iterable[int], on: date) -> dict[int, Rights]:
    """What bars each of the people from deciding, as rights without any grant; one query."""
    people, found = list(user_ids), _RightsRows()
    found.read(BARS.format(people=_places(people)), *_of_bars(people, on))
    return {person: found.rights(person) for person in people}


# Rows (what, person, in whose place, codename, department or plan, last day or None). In plain SQL, for they are asked
# at every click: Django takes longer to spell a union than a database to answer it.
GRANTS = """
SELECT 'granted', granted.user_id, CAST(NULL AS bigint), permission.codename, granted.content_object_id,
    CAST(NULL AS date)
FROM departments_departmentgrant granted JOIN auth_permission permission ON permission.id = granted.permission_id
WHERE granted.user_id IN {people} AND (granted.until IS NULL OR granted.until >= %s)
UNION ALL
SELECT 'granted', user_id, absent_id, permission, department_id, NULL
FROM departments_deputygrant granted JOIN departments_user absent ON absent.id = granted.absent_id
WHERE user_id IN {people} AND until >= %s AND absent.is_active
"""
# What bars from deciding: work as editor or lead, having stood in for a lead, and plans drafted or submitted.
BARS = """
SELECT 'served', user_id, CAST(NULL AS bigint), CAST(NULL AS varchar), department_id, valid_until
FROM departments_appointment WHERE user_id IN {people} AND role IN (%s, %s) AND valid_from <= %s
UNION ALL
SELECT 'served', deputy_id, NULL, NULL, department_id, last_day FROM departments_deputy
WHERE deputy_id IN {people} AND role = %s AND first_day <= %s
UNION ALL
SELECT 'authored', user_id, NULL, NULL, plan_id, NULL FROM departments_planauthor WHERE user_id IN {people}
"""


def _of_grants(people: list[int], on: date) -> list[int | date]:
    return [*people, on, *people, on]


def _of_bars(people: list[int], on: date) -> list[int | str | date]:
    return [*people, Role.EDITOR, Role.LEAD, on, *people, Role.LEAD, on, *people]


def _places(values: Sequence[object]) -> str:
    """As many placeholders; nothing is in (NULL)."""
    return f"({', '.join(['%s'] * len(values)) or 'NULL'})"


class _RightsRows:
    """The rows read, sorted by what they are and whose."""

    def __init__(self) -> None:
        # By the person and in whose place.
        self.granted: dict[tuple[int, int | None], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.served: dict[int, dict[int, date | None]] = defaultdict(dict)
        self.authored: dict[int, set[int]] = defaultdict(set)

    def read(self, sql: str, *values: int | str | date) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            for what, person, absent, codename, number, last in cursor.fetchall():
                if what == "granted":
                    self.granted[person, absent][codename].add(number)
                elif what == "authored":
                    self.authored[person].add(number)
                else:
                    # SQLite keeps days as text.
                    self._note_served(person, number, date.fromisoformat(last) if isinstance(last, str) else last)

    def _note_served(self, person: int, department: int, last: date | None) -> None:
        known = self.served[person]
        known[department] = later(known[department], last) if department in known else last

    def rights(self, person: int) -> Rights:
        """What the person has by appointments of their own, with what bars them."""
        return self._with_bars(person, self.granted.get((person, None), {}))

    def mandates(self, person: int) -> tuple[Mandate, ...]:
        """What the person has in the place of each absent one, with what bars that one."""
        theirs = sorted(absent for user, absent in self.granted if user == person and absent is not None)
        return tuple(Mandate(absent, self._with_bars(absent, self.granted[person, absent])) for absent in theirs)

    def _with_bars(self, person: int, granted: dict[str, set[int]]) -> Rights:
        frozen = {codename: frozenset(ids) for codename, ids in granted.items()}
        return Rights(granted=frozen, served=self.served[person], authored=frozenset(self.authored[person]))


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
    for grant in in_place.select_related("user", "absent").order_by("user__username", "absent"):
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


def visible_appointments(user: User, on: date) -> QuerySet[Appointment]:
    """The appointments in force that the person's pages name.

    All of them for those who keep people and for those who choose a deputy; else who drafts what the person reads.
    """
    in_force = Appointment.objects.in_force(on)
    if _knows_everybody(user, on):
        return in_force
    read = rights(user, on).departments(Permission.READ_DRAFTS)
    return in_force.filter(department__in=read, role__in=[Role.EDITOR, Role.LEAD])


def visible_people(user: User, on: date) -> QuerySet[User]:
    """The people whom the person's pages name: as `visible_appointments`; those who left, for administrators alone."""
    if may_administer(user, on):
        return User.objects.all()
    active = User.objects.filter(is_active=True)
    if _knows_everybody(user, on):
        return active
    return active.filter(pk__in=visible_appointments(user, on).order_by().values("user"))


def _knows_everybody(user: User, on: date) -> bool:
    return may_administer(user, on) or posts_of(user, on).exists()


def visible_departments(user: User, on: date) -> QuerySet[Department]:
    """The departments that the person has to do with, and all, the abolished too, for those who keep them."""
    if may_administer(user, on):
        return Department.objects.all()
    known = rights(user, on)
    return Department.objects.in_force(on).filter(pk__in=frozenset().union(*map(known.departments, Permission)))


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
