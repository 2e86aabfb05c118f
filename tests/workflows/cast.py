"""A small city: two departments that plan, the DX office, and everybody who has to do with them."""

from dataclasses import dataclass, fields
from datetime import date

from departments.models import ActionPlan, Appointment, Department, Deputy, Role, User
from departments.models.plans import PlanState
from departments.projection import rebuild_access
from tests.factories import YEAR_START, make_plan
from tests.workflows.moves import NOW, TODAY

LAST_DAY_BEFORE_TRANSFER = date(2026, 9, 30)
FIRST_DAY_AFTER_TRANSFER = date(2026, 10, 1)


@dataclass(frozen=True)
class Places:
    city: Department
    dx: Department
    civic: Department
    tax: Department


@dataclass(frozen=True)
class Cast:
    """Named by what they are. Office and reading roles are appointed at the city, and so reach every department."""

    editor: User  # of civic
    lead: User  # of civic
    tax_editor: User
    tax_lead: User
    dx_lead: User  # and approver
    reviewer: User
    second_reviewer: User
    approver: User
    moved: User  # editor of civic until the end of September, reviewer since
    doubled: User  # reviewer, and editor of tax in another post
    executive: User
    auditor: User
    administrator: User
    superuser: User  # without any appointment
    leaver: User  # deactivated; the appointment as reviewer still stands
    stranger: User  # without any appointment

    def everybody(self) -> list[User]:
        return [getattr(self, field.name) for field in fields(self)]


def make_places() -> Places:
    city = Department.objects.create(code="city", name="市")
    policy = Department.objects.create(code="policy", name="政策部", parent=city, position=1)
    life = Department.objects.create(code="life", name="市民部", parent=city, position=2)
    return Places(
        city=city,
        dx=Department.objects.create(code="dx", name="DX推進課", parent=policy, position=1),
        civic=Department.objects.create(code="civic", name="市民課", parent=life, position=1),
        tax=Department.objects.create(code="tax", name="税務課", parent=life, position=2),
    )


def make_cast(places: Places) -> Cast:
    """All of them in a few queries: so many tests want them."""
    posts: dict[str, list[tuple[Department, Role]]] = {
        "editor": [(places.civic, Role.EDITOR)],
        "lead": [(places.civic, Role.LEAD)],
        "tax_editor": [(places.tax, Role.EDITOR)],
        "tax_lead": [(places.tax, Role.LEAD)],
        "dx_lead": [(places.dx, Role.LEAD), (places.city, Role.APPROVER)],
        "reviewer": [(places.city, Role.REVIEWER)],
        "second_reviewer": [(places.city, Role.REVIEWER)],
        "approver": [(places.city, Role.APPROVER)],
        "moved": [(places.civic, Role.EDITOR), (places.city, Role.REVIEWER)],
        "doubled": [(places.city, Role.REVIEWER), (places.tax, Role.EDITOR)],
        "executive": [(places.city, Role.EXECUTIVE)],
        "auditor": [(places.city, Role.AUDITOR)],
        "administrator": [(places.city, Role.ADMINISTRATOR)],
        "superuser": [],
        "leaver": [(places.city, Role.REVIEWER)],
        "stranger": [],
    }
    User.objects.bulk_create(
        User(
            username=name,
            name=name,
            email=f"{name}@city.example",
            is_active=name != "leaver",
            is_superuser=name == "superuser",
            is_staff=name == "superuser",
        )
        for name in posts
    )
    cast = Cast(**{user.username: user for user in User.objects.filter(username__in=posts)})
    Appointment.objects.bulk_create(
        Appointment(user=getattr(cast, name), department=department, role=role, **_days(name, role))
        for name, held in posts.items()
        for department, role in held
    )
    rebuild_access(TODAY)
    return cast


def _days(name: str, role: Role) -> dict[str, date]:
    if name != "moved":
        return {"valid_from": YEAR_START}
    if role == Role.EDITOR:
        return {"valid_from": YEAR_START, "valid_until": LAST_DAY_BEFORE_TRANSFER}
    return {"valid_from": FIRST_DAY_AFTER_TRANSFER}


def make_deputy(places: Places, cast: Cast) -> User:
    """Somebody without any post, who stands in for the approver in October."""
    deputy = User.objects.create(username="deputy", name="deputy", email="deputy@city.example")
    stand_in(deputy, cast.approver, Role.APPROVER, places.city)
    rebuild_access(TODAY)
    return deputy


def stand_in(deputy: User, absent: User, role: Role, department: Department) -> Deputy:
    """The row alone; the projection is the caller's."""
    return Deputy.objects.create(
        absent=absent,
        role=role,
        department=department,
        deputy=deputy,
        first_day=date(2026, 10, 1),
        last_day=date(2026, 10, 31),
        entered_at=NOW,
    )


def make_approved_plan(department: Department, measures: int = 1) -> ActionPlan:
    return make_plan(department, measures=measures, state=PlanState.APPROVED)
