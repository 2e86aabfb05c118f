"""Who may do what where. Appointments are the truth; guardian's rows are their projection, written here alone.

Views get objects only through the `visible_*` and `get_*` functions: what a person may not see is a 404.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from django.contrib.auth.models import Permission as PermissionRow
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from departments.models import ActionPlan, Appointment, Department, DepartmentGrant, PlanAuthor, Role, User
from departments.models.organisation import Permission
from departments.models.plans import PlanState

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Rights:
    """One person's rights on one day, fetched in two queries, three for those who decide.

    `granted`: permission → ids of the departments it holds for. Two facts bar from deciding: `served`, department id
    → last day (None: no end) of the person's work there as editor or lead, and `authored`, the ids of the plans that
    they have drafted or submitted something of.
    """

    granted: dict[str, frozenset[int]]
    served: dict[int, date | None]
    authored: frozenset[int] = frozenset()

    def departments(self, permission: Permission) -> frozenset[int]:
        return self.granted.get(permission, frozenset())

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
    granted: dict[str, set[int]] = defaultdict(set)
    rows = DepartmentGrant.objects.filter(Q(until=None) | Q(until__gte=on), user=user)
    for codename, department_id in rows.values_list("permission__codename", "content_object_id"):
        granted[codename].add(department_id)
    decides = Permission.REVIEW in granted or Permission.APPROVE in granted
    authored = PlanAuthor.objects.filter(user=user).values_list("plan", flat=True) if decides else ()
    return Rights(
        granted={codename: frozenset(ids) for codename, ids in granted.items()},
        served=served_departments([user.pk], on)[user.pk],
        authored=frozenset(authored),
    )


def served_departments(user_ids: Iterable[int], on: date) -> dict[int, dict[int, date | None]]:
    """Per person: the departments they work or worked in as editor or lead, with the last day (None: no end)."""
    served: dict[int, dict[int, date | None]] = defaultdict(dict)
    rows = Appointment.objects.filter(user__in=user_ids, role__in=[Role.EDITOR, Role.LEAD], valid_from__lte=on)
    for user_id, department_id, until in rows.values_list("user_id", "department_id", "valid_until"):
        known = served[user_id]
        known[department_id] = _later(known[department_id], until) if department_id in known else until
    return served


def _later(one: date | None, other: date | None) -> date | None:
    """The later of two last days, where None is no end."""
    return None if one is None or other is None else max(one, other)


def holders(permission: Permission, department_ids: Iterable[int], on: date) -> dict[int, list[User]]:
    """Department id → the active people who hold the permission there on the day, in order of user name."""
    found: dict[int, list[User]] = defaultdict(list)
    rows = (
        DepartmentGrant.objects.filter(Q(until=None) | Q(until__gte=on))
        .filter(permission__codename=permission, content_object__in=set(department_ids), user__is_active=True)
        .select_related("user")
        .order_by("user__username")
    )
    for row in rows:
        found[row.content_object_id].append(row.user)
    return found


class Grant(NamedTuple):
    user_id: int
    permission_id: int
    department_id: int


class Difference(NamedTuple):
    """How many grants a rebuild added, renewed with another last day and removed, or would have."""

    added: int
    renewed: int
    removed: int

    def __bool__(self) -> bool:
        return any(self)


def rebuild_access(on: date, *, users: Iterable[User] | None = None, write: bool = True) -> Difference:
    """Make guardian's rows say exactly what the appointments in force on the day say.

    With `users`, only theirs. With `write=False`, only count what is wrong. One rebuild at a time: whoever changes
    appointments or departments rebuilds in the same transaction, so that none works from rows about to change.
    """
    with transaction.atomic():
        permission_ids = _locked_permissions()
        appointments = Appointment.objects.in_force(on)
        rows = DepartmentGrant.objects.all()
        if users is not None:
            ids = [user.pk for user in users]
            appointments, rows = appointments.filter(user__in=ids), rows.filter(user__in=ids)
        wanted = _wanted_grants(appointments, permission_ids)
        found = {Grant(row.user_id, row.permission_id, row.content_object_id): row for row in rows}
        missing = [grant for grant in wanted if grant not in found]
        surplus = [row.pk for grant, row in found.items() if grant not in wanted]
        renewed = [grant for grant, row in found.items() if grant in wanted and row.until != wanted[grant]]
        difference = Difference(added=len(missing), renewed=len(renewed), removed=len(surplus))
        if write and difference:
            DepartmentGrant.objects.filter(pk__in=surplus + [found[grant].pk for grant in renewed]).delete()
            _add_grants({grant: wanted[grant] for grant in missing + renewed})
        return difference


def _add_grants(grants: dict[Grant, date | None]) -> None:
    DepartmentGrant.objects.bulk_create(
        (
            DepartmentGrant(
                user_id=grant.user_id,
                permission_id=grant.permission_id,
                content_object_id=grant.department_id,
                until=until,
            )
            for grant, until in grants.items()
        ),
        batch_size=500,
    )


def _locked_permissions() -> dict[str, int]:
    """Codename → id of the permissions' rows, held until the transaction ends; others may still refer to them."""
    rows = PermissionRow.objects.filter(
        content_type__app_label="departments", content_type__model="department", codename__in=Permission.values
    )
    return dict(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("codename", "pk"))


def _wanted_grants(appointments: QuerySet[Appointment], permission_ids: dict[str, int]) -> dict[Grant, date | None]:
    below = _departments_below()
    wanted: dict[Grant, date | None] = {}
    for user_id, department_id, role_value, until in appointments.values_list(
        "user_id", "department_id", "role", "valid_until"
    ):
        role = Role(role_value)
        for reached in below[department_id] if role.reaches_below else [department_id]:
            for permission in role.permissions:
                grant = Grant(user_id, permission_ids[permission], reached)
                wanted[grant] = _later(wanted[grant], until) if grant in wanted else until
    return wanted


def _departments_below() -> dict[int, list[int]]:
    """Department id → its own id and those of all departments below it."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent_id in Department.objects.values_list("pk", "parent_id"):
        children[parent_id].append(pk)
    below: dict[int, list[int]] = {}

    def collect(pk: int) -> list[int]:
        below[pk] = [pk, *(found for child in children[pk] for found in collect(child))]
        return below[pk]

    for root in children[None]:
        collect(root)
    return below


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


def _found(queryset: QuerySet[Row]) -> Row:
    row = queryset.first()
    if row is None:
        raise Http404
    return row
