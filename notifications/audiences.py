"""Who an audience of the reminder rules is: lean rows of ids, for a million reviews ask for no model objects."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from django.db.models import Q, QuerySet

from departments.access import bars
from departments.models import Appointment, Department, DepartmentGrant, Deputy, DeputyGrant, Role
from departments.models.organisation import Permission
from notifications.choices import resting
from notifications.models import Audience
from workflows.access import TURN, barred_from

# What makes somebody one of them, at the review's own department.
HOLD: dict[str, Permission] = {
    Audience.LEAD: Permission.SUBMIT,
    Audience.REVIEWER: Permission.REVIEW,
    Audience.APPROVER: Permission.APPROVE,
    Audience.ADMINISTRATOR: Permission.ADMINISTER,
}
HEADS = (Role.LEAD, Role.EXECUTIVE)


class Subject(Protocol):
    """A review, or what is to become one, as far as it decides who is told of it."""

    @property
    def stage(self) -> str: ...
    @property
    def department_id(self) -> int: ...
    @property
    def plan_id(self) -> int: ...
    @property
    def fiscal_year(self) -> int: ...


class Person(NamedTuple):
    """The id of one of an audience; `absent_id`: in whose place, if it is a deputy."""

    user_id: int
    absent_id: int | None = None


By = dict[int, list[Person]]  # department id → people


class Cast:
    """Who is who at some departments on a day: a handful of queries, however many departments.

    `departments` selects their ids. `audiences` and `stages` are those that will be asked about. With
    `own_rights_only`, deputies and pauses are left aside.
    """

    def __init__(
        self,
        departments: QuerySet[Any, Any],
        *,
        audiences: Collection[str],
        stages: Collection[str],
        on: date,
        own_rights_only: bool = False,
    ) -> None:
        self._own_rights_only = own_rights_only
        turns = {TURN[stage] for stage in stages}
        held = _held(departments, _permissions(audiences) | {permission for permission, _ in turns}, on)
        if own_rights_only:
            held = {name: _own(by) for name, by in held.items()}
        self._held = held
        self._heads = _division_heads(departments, on) if Audience.DIVISION_HEAD in audiences else {}
        self._resting = frozenset() if own_rights_only else resting(on)
        deciding = {permission for permission, decides in turns if decides}
        deciders = {pk for name in deciding for people in held[name].values() for who in people for pk in who if pk}
        self._bars = bars(deciders, on) if deciders else {}

    def told(self, audience: str, subject: Subject) -> set[int]:
        """The ids of the audience's people for the review.

        Whom separation of duties bars is not told that it is their turn, and who pauses not what a deputy is.
        """
        found = self.members(audience, subject.department_id)
        permission, decides = TURN[subject.stage]
        if decides and HOLD.get(audience) == permission:
            found = [who for who in found if not self._is_barred(who, subject)]
        return self._without_rest(found)

    def informed(self, audience: str, department_id: int) -> set[int]:
        """The ids of the audience's people at the department, for what is nobody's turn."""
        return self._without_rest(self.members(audience, department_id))

    def _without_rest(self, found: Sequence[Person]) -> set[int]:
        """Whom a deputy stands in for is left out, if they chose so."""
        people = {who.user_id for who in found}
        return people - (self._resting & {who.absent_id for who in found}) if self._resting else people

    def turn(self, subject: Subject) -> set[int]:
        """The ids of those who may act next in the review; `workflows.access.actors` without model objects."""
        permission, decides = TURN[subject.stage]
        found = self._held[permission].get(subject.department_id, ())
        return {who.user_id for who in found if not (decides and self._is_barred(who, subject))}

    def members(self, audience: str, department_id: int) -> Sequence[Person]:
        """All of the audience at the department, whatever bars them."""
        if audience == Audience.DIVISION_HEAD:
            return self._heads.get(department_id, ())
        if audience != Audience.EDITOR:
            return self._held[HOLD[audience]].get(department_id, ())
        leads = {who.user_id for who in self._held[Permission.SUBMIT].get(department_id, ())}
        drafters = self._held[Permission.DRAFT].get(department_id, ())
        return [who for who in drafters if who.user_id not in leads]

    def _is_barred(self, who: Person, subject: Subject) -> bool:
        return any(
            barred_from(self._bars[pk], subject.plan_id, subject.department_id, subject.fiscal_year)
            for pk in who
            if pk is not None
        )


def _permissions(audiences: Collection[str]) -> set[Permission]:
    """What has to be known to tell who they are."""
    found = {HOLD[audience] for audience in audiences if audience in HOLD}
    return found | {Permission.DRAFT, Permission.SUBMIT} if Audience.EDITOR in audiences else found


def _held(departments: QuerySet[Any, Any], permissions: set[Permission], on: date) -> dict[str, By]:
    """Permission → who holds it where; `departments.access.holders_by` without model objects."""
    found: dict[str, By] = {permission.value: defaultdict(list) for permission in permissions}
    own = DepartmentGrant.objects.filter(Q(until=None) | Q(until__gte=on), user__is_active=True)
    own = own.filter(permission__codename__in=permissions, content_object__in=departments)
    for name, department_id, user_id in own.values_list("permission__codename", "content_object", "user"):
        found[name][department_id].append(Person(user_id))
    in_place = DeputyGrant.objects.filter(until__gte=on, user__is_active=True, absent__is_active=True)
    in_place = in_place.filter(permission__in=permissions, department__in=departments)
    for name, department_id, *who in in_place.values_list("permission", "department", "user", "absent"):
        found[name][department_id].append(Person(*who))
    return found


def _own(by: By) -> By:
    return {pk: [who for who in people if who.absent_id is None] for pk, people in by.items()}


def _division_heads(departments: QuerySet[Any, Any], on: date) -> By:
    """Department id → the heads of its 部, and who stands in for them there."""
    below = Department.objects.filter(pk__in=departments, parent__parent__isnull=False)
    posts = Appointment.objects.in_force(on).filter(role__in=HEADS, department__in=below.order_by().values("parent"))
    heads: By = defaultdict(list)
    for division, *who in posts.order_by().values_list("department", "user"):
        heads[division].append(Person(*who))
    deputies = Deputy.objects.in_force(on).filter(role=Role.LEAD, department__in=heads)
    for division, user_id, absent_id in deputies.order_by().values_list("department", "deputy", "absent"):
        if Person(absent_id) in heads[division]:
            heads[division].append(Person(user_id, absent_id))
    return {pk: heads[parent] for pk, parent in below.order_by().values_list("pk", "parent") if parent in heads}
