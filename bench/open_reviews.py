"""Very many open reviews over many cities, their due days spread over a year, written as rows by the million."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission as PermissionRow

from bench.city import NOW, TODAY, build_checkpoint
from bench.plain import Plain
from departments.fiscal import BusinessCalendar
from departments.models import Role
from workflows.models import ROUNDS

DIVISIONS, OF_A_DIVISION = 6, 10  # so a city has 60 departments, as cities have
KINDS = ("action", "execution")
OF_A_DEPARTMENT = len(KINDS) * len(ROUNDS)
YEAR = TODAY.year
FIRST_DUE = date(YEAR, 8, 1)  # two months ago, so that a tenth or so has a rule day on one day
STAGES = ["prepare"] * 7 + ["review"] * 2 + ["approve"]
SINCE = datetime(YEAR, 7, 1, tzinfo=NOW.tzinfo)

COLUMNS = {
    "departments_department": "id code name position parent_id",
    "departments_user": "id password is_superuser username is_staff is_active date_joined name email language",
    "departments_appointment": "id user_id department_id role valid_from",
    "departments_departmentgrant": "user_id permission_id content_object_id",
    "departments_actionplan": "id department_id fiscal_year kind summary state version",
    "workflows_review": "id plan_id checkpoint_id department_id process_id task_id stage due_on stage_since round "
    "returned_from change_number version",
}
CITIES_AT_ONCE = 100


def build(plain: Plain, reviews: int) -> int:
    """Write about so many open reviews with all whom they concern; returns how many."""
    writer = Writer(plain)
    cities = -(-reviews // (DIVISIONS * OF_A_DIVISION * OF_A_DEPARTMENT))
    for number in range(cities):
        writer.add_city(number)
        if number % CITIES_AT_ONCE == CITIES_AT_ONCE - 1:
            writer.flush()
    writer.flush()
    plain.settle()
    return cities * DIVISIONS * OF_A_DIVISION * OF_A_DEPARTMENT


class Writer:
    """Collects the rows of one city after the other; their numbers follow those that are there."""

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.last = {table: plain.last(table) for table in COLUMNS}
        self.checkpoints = [build_checkpoint(YEAR, kind).pk for kind in ROUNDS]
        self.permissions = dict(PermissionRow.objects.values_list("codename", "pk"))
        self.due_days = list(_business_days(FIRST_DUE, FIRST_DUE + timedelta(days=364)))

    def next(self, table: str) -> int:
        self.last[table] += 1
        return self.last[table]

    def flush(self) -> None:
        for table, columns in COLUMNS.items():
            self.plain.insert(table, columns.split(), self.rows.pop(table, []))

    def add_city(self, number: int) -> None:
        """A city with its office of three and an administrator; each 部 has a head, each 課 a lead and an editor."""
        root = self._department(f"{number}", None)
        office = [
            (self._person(f"{role}-{number}", role, root), role) for role in (*[Role.REVIEWER] * 2, Role.APPROVER)
        ]
        office.append((self._person(f"administrator-{number}", Role.ADMINISTRATOR, root), Role.ADMINISTRATOR))
        for at in range(DIVISIONS):
            division = self._department(f"{number}-{at}", root)
            self._grant(self._person("head", Role.EXECUTIVE, division), Role.EXECUTIVE, division)
            for below in range(OF_A_DIVISION):
                self._add_department(f"{number}-{at}-{below}", division, office)

    def _add_department(self, code: str, division: int, office: list[tuple[int, Role]]) -> None:
        department = self._department(code, division)
        for role in (Role.LEAD, Role.EDITOR):
            self._grant(self._person(code, role, department), role, department)
        for user, role in office:
            self._grant(user, role, department)
        for kind in KINDS:
            plan = self.next("departments_actionplan")
            row = (plan, department, YEAR, kind, "", "approved", 1)
            self.rows["departments_actionplan"].append(row)
            for checkpoint in self.checkpoints:
                self._add_review(plan, checkpoint, department)

    def _add_review(self, plan: int, checkpoint: int, department: int) -> None:
        number = self.next("workflows_review")
        stage = STAGES[number * 7 % len(STAGES)]
        due_on = self.due_days[number * 101 % len(self.due_days)]
        row = (number, plan, checkpoint, department, number, number, stage, due_on, SINCE)
        self.rows["workflows_review"].append((*row, int(stage != "prepare"), "", 0, 1))

    def _department(self, code: str, parent: int | None) -> int:
        number = self.next("departments_department")
        self.rows["departments_department"].append((number, f"m{code}", "第一課", 0, parent))
        return number

    def _person(self, name: str, role: Role, department: int) -> int:
        number = self.next("departments_user")
        username = f"m{number}-{name}"
        row = (number, "!", False, username, False, True, NOW, role.value, f"{number}@city.example", "ja")
        self.rows["departments_user"].append(row)
        appointment = (self.next("departments_appointment"), number, department, role.value, date(YEAR, 4, 1))
        self.rows["departments_appointment"].append(appointment)
        return number

    def _grant(self, user: int, role: Role, department: int) -> None:
        for permission in role.permissions:
            row = (user, self.permissions[permission.value], department)
            self.rows["departments_departmentgrant"].append(row)


def _business_days(first: date, last: date) -> Iterator[date]:
    calendar = BusinessCalendar()
    for count in range((last - first).days + 1):
        day = first + timedelta(days=count)
        if calendar.is_business_day(day):
            yield day
