"""guardian's rows as the projection of appointments, and deputies' rows as that of deputies; written here alone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.contrib.auth.models import Permission as PermissionRow
from django.db import transaction
from django.db.models import Q, QuerySet

from departments.access import later
from departments.models import Appointment, Department, DepartmentGrant, Deputy, DeputyGrant, Role, User
from departments.models.deputies import DEPUTISED
from departments.models.organisation import Permission


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

    def __add__(self, other: "Difference") -> "Difference":  # type: ignore[override]
        return Difference(*map(sum, zip(self, other, strict=True)))


def rebuild_access(on: date, *, users: Iterable[User] | None = None, write: bool = True) -> Difference:
    """Make guardian's rows say exactly what the appointments in force on the day say, and deputies' rows the deputies.

    With `users`, only theirs, and what is held in their place. With `write=False`, only count what is wrong. One
    rebuild at a time: whoever changes appointments, deputies or departments rebuilds in the same transaction, so that
    none works from rows about to change.
    """
    with transaction.atomic():
        permission_ids = _locked_permissions()
        appointments = Appointment.objects.in_force(on)
        rows = DepartmentGrant.objects.all()
        ids = None if users is None else [user.pk for user in users]
        if ids is not None:
            appointments, rows = appointments.filter(user__in=ids), rows.filter(user__in=ids)
        below = _departments_below()
        wanted = _wanted_grants(appointments, permission_ids, below)
        found = {Grant(row.user_id, row.permission_id, row.content_object_id): row for row in rows}
        missing = [grant for grant in wanted if grant not in found]
        surplus = [row.pk for grant, row in found.items() if grant not in wanted]
        renewed = [grant for grant, row in found.items() if grant in wanted and row.until != wanted[grant]]
        difference = Difference(added=len(missing), renewed=len(renewed), removed=len(surplus))
        if write and difference:
            DepartmentGrant.objects.filter(pk__in=surplus + [found[grant].pk for grant in renewed]).delete()
            _add_grants({grant: wanted[grant] for grant in missing + renewed})
        return difference + _rebuild_deputies(on, ids, below, write=write)


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


def _wanted_grants(
    appointments: QuerySet[Appointment], permission_ids: dict[str, int], below: dict[int, list[int]]
) -> dict[Grant, date | None]:
    wanted: dict[Grant, date | None] = {}
    for user_id, department_id, role_value, until in appointments.values_list(
        "user_id", "department_id", "role", "valid_until"
    ):
        role = Role(role_value)
        for reached in below[department_id] if role.reaches_below else [department_id]:
            for permission in role.permissions:
                grant = Grant(user_id, permission_ids[permission], reached)
                wanted[grant] = later(wanted[grant], until) if grant in wanted else until
    return wanted


class DeputyKey(NamedTuple):
    user_id: int
    absent_id: int
    permission: str
    department_id: int


def _rebuild_deputies(on: date, ids: list[int] | None, below: dict[int, list[int]], *, write: bool) -> Difference:
    """The same for what deputies hold; a person's rights change with their own and their absent people's rows."""
    deputies, rows = Deputy.objects.in_force(on), DeputyGrant.objects.all()
    if ids is not None:
        deputies = deputies.filter(Q(absent__in=ids) | Q(deputy__in=ids))
        rows = rows.filter(Q(absent__in=ids) | Q(user__in=ids))
    wanted = _wanted_deputy_grants(deputies, on, below)
    found = {DeputyKey(row.user_id, row.absent_id, row.permission, row.department_id): row for row in rows}
    missing = [key for key in wanted if key not in found]
    renewed = [key for key, row in found.items() if key in wanted and row.until != wanted[key]]
    surplus = [key for key in found if key not in wanted]
    if write and (missing or renewed or surplus):
        DeputyGrant.objects.filter(pk__in=[found[key].pk for key in surplus + renewed]).delete()
        DeputyGrant.objects.bulk_create(
            [DeputyGrant(**key._asdict(), until=wanted[key]) for key in missing + renewed], batch_size=500
        )
    return Difference(added=len(missing), renewed=len(renewed), removed=len(surplus))


def _wanted_deputy_grants(deputies: QuerySet[Deputy], on: date, below: dict[int, list[int]]) -> dict[DeputyKey, date]:
    """Only what the absent person holds by their own appointment: there is no deputy of a deputy."""
    absent = deputies.order_by().values("absent")
    held = Appointment.objects.in_force(on).filter(user__in=absent, role__in=DEPUTISED)
    posts = held.values_list("user_id", "role", "department_id", "valid_until")
    until = {(user_id, role, department_id): last for user_id, role, department_id, last in posts}
    wanted: dict[DeputyKey, date] = {}
    for row in deputies:
        post = (row.absent_id, row.role, row.department_id)
        if post not in until:
            continue
        last = min(row.last_day, until[post] or row.last_day)
        role = Role(row.role)
        for reached in below[row.department_id] if role.reaches_below else [row.department_id]:
            for permission in role.permissions:
                key = DeputyKey(row.deputy_id, row.absent_id, permission.value, reached)
                wanted[key] = max(wanted.get(key, last), last)
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
