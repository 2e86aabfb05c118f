"""Departments and people as the administration pages list them."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from departments.folding import fold
from departments.models import Appointment, Department, Deputy, User
from departments.models.deputies import DEPUTISED


@dataclass(frozen=True)
class DepartmentRow:
    """A department in the tree; `depth` 0 is a root, `people` counts those appointed at it on the day."""

    department: Department
    depth: int
    people: int


def department_rows(on: date) -> list[DepartmentRow]:
    """Every department, the abolished ones too, each below its parent (two queries)."""
    appointments = Appointment.objects.in_force(on).order_by().values("department")
    people = dict(appointments.annotate(people=Count("user", distinct=True)).values_list("department", "people"))
    return [DepartmentRow(row, row.tree_depth, people.get(row.pk, 0)) for row in Department.objects.with_tree_fields()]


def find_people(query: str, on: date) -> QuerySet[User]:
    """People whose user name, name, address or department has the text in it; all of them for an empty one.

    Names are found however they are spelt (`folding`).

    Each has `current`, their appointments in force on the day.
    """
    in_force = Appointment.objects.in_force(on)
    people = User.objects.order_by("-is_active", "username")
    if query:
        there = in_force.filter(department__folded__contains=fold(query)).values("user")
        people = people.filter(
            Q(folded__contains=fold(query)) | Q(username__icontains=query) | Q(email__icontains=query) | Q(pk__in=there)
        )
    return people.prefetch_related(
        Prefetch("appointments", queryset=in_force.select_related("department"), to_attr="current")
    )


def appointments_of(person: User) -> QuerySet[Appointment]:
    """All that the person was ever appointed to, what began last first."""
    return person.appointments.select_related("department", "department__parent").order_by("-valid_from", "-pk")


def posts_of(person: User, on: date) -> QuerySet[Appointment]:
    """The person's appointments in which somebody can stand in for them, on the day or later."""
    return (
        person.appointments.filter(Q(valid_until=None) | Q(valid_until__gte=on), role__in=DEPUTISED)
        .select_related("department")
        .order_by("valid_from", "pk")
    )


def absences_of(person: User) -> QuerySet[Deputy]:
    """All absences of the person, what begins last first."""
    return person.absences.select_related("department", "deputy", "entered_by")


def deputyships_of(person: User, on: date) -> QuerySet[Deputy]:
    """In whose place the person acts on the day or will act, soonest first."""
    found = person.deputyships.filter(last_day__gte=on, absent__is_active=True)
    return found.select_related("department", "absent").order_by("first_day", "pk")
