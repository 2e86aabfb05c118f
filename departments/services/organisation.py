"""The tree of departments: each change also moves the rights that reach down the tree."""

from datetime import date

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.models import Department, User
from departments.projection import rebuild_access
from departments.services.rows import save_or_refuse
from departments.wording import day_text

log = structlog.get_logger("meguru.departments")


@transaction.atomic
def add_department(
    *,
    by: User | None,
    code: str,
    name: str,
    parent: Department | None,
    position: int = 0,
    on: date | None = None,
) -> Department:
    """Add a department (所属) below `parent`, or as a root of the tree."""
    _lock_tree()
    department = Department(code=code, name=name, parent=parent, position=position)
    _refuse_abolished_parent(department)
    save_or_refuse(department)
    rebuild_access(on or timezone.localdate())
    log.info("department added", department=department.pk, by=by and by.pk)
    return department


@transaction.atomic
def change_department(
    *,
    by: User | None,
    department: Department,
    code: str,
    name: str,
    parent: Department | None,
    position: int,
    on: date | None = None,
) -> Department:
    """Rename, renumber or move a department. It cannot be moved below itself."""
    _lock_tree()
    department.code, department.name = code, name
    department.parent, department.position = parent, position
    _refuse_abolished_parent(department)
    save_or_refuse(department, update_fields=["code", "name", "parent", "position"])
    rebuild_access(on or timezone.localdate())
    log.info("department changed", department=department.pk, by=by and by.pk)
    return department


@transaction.atomic
def abolish_department(
    *, by: User | None, department: Department, abolished_on: date | None, on: date | None = None
) -> Department:
    """Abolish a department from the day on (廃止日); None takes it back. Its plans and its past stay readable."""
    _lock_tree()
    below = Department.objects.filter(parent=department).in_force(abolished_on) if abolished_on else []
    if abolished_on and below:
        names = "、".join(child.name for child in below)
        raise Refused(
            _("%(names)s would still stand below it on %(day)s. Abolish or move those first.")
            % {"names": names, "day": day_text(abolished_on)}
        )
    department.abolished_on = abolished_on
    _refuse_abolished_parent(department)
    save_or_refuse(department, update_fields=["abolished_on"])
    rebuild_access(on or timezone.localdate())
    log.info("department abolished", department=department.pk, day=abolished_on and str(abolished_on), by=by and by.pk)
    return department


def _refuse_abolished_parent(department: Department) -> None:
    # As it stands behind the lock: the form was filled in before, and the parent may have been abolished meanwhile.
    parent = Department.objects.filter(pk=department.parent_id).exclude(abolished_on=None).first()
    if parent is None:
        return
    if department.abolished_on is None or department.abolished_on > parent.abolished_on:
        raise Refused(
            _("%(department)s is abolished as of %(day)s.")
            % {"department": parent, "day": day_text(parent.abolished_on)}
        )


def _lock_tree() -> None:
    """One change of the tree at a time: two moves at once could close a circle that neither sees."""
    list(Department.objects.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
