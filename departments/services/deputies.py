"""Deputies (代決・代理): who acts in an absent person's place, in which post, on which days."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from departments.access import may_administer, rights
from departments.errors import Refused
from departments.models import Appointment, Department, Deputy, Role, User
from departments.models.deputies import DEPUTISED
from departments.models.organisation import Permission
from departments.projection import rebuild_access
from departments.services.rows import save_or_refuse
from departments.wording import days_text

log = structlog.get_logger("meguru.departments")

LONGEST = timedelta(days=366)


@transaction.atomic
def name_deputy(
    *,
    by: User | None,
    absent: User,
    role: str,
    department: Department,
    deputy: User,
    first_day: date,
    last_day: date,
    now: datetime,
    on: date,
) -> Deputy:
    """Let another person act in the absent one's place in one post, on these days, both included.

    The absent person has to hold the post on every one of them. What a deputy may do in somebody's place is no post
    of theirs, so it cannot be handed on. Raises Refused.
    """
    people = _locked(absent, deputy)
    absent, deputy = people[absent.pk], people[deputy.pk]
    _refuse_others(by, absent, on)
    row = Deputy(
        absent=absent,
        role=role,
        department=department,
        deputy=deputy,
        first_day=first_day,
        last_day=last_day,
        entered_by=by,
        entered_at=now,
    )
    _refuse_days(row, on)
    _refuse_deputy(row, by)
    _refuse_post(row)
    _refuse_decider(row, on)
    _refuse_twice(row)
    save_or_refuse(row)
    rebuild_access(on, users=[absent, deputy])
    log.info("deputy named", deputy=row.pk, absent=absent.pk, person=deputy.pk, role=role, by=by and by.pk)
    return row


@transaction.atomic
def end_deputy(*, by: User | None, deputy: Deputy, last_day: date, on: date) -> Deputy:
    """Let it end with an earlier day than planned, today at the earliest: what was done until now stays covered."""
    row = _open_row(by, deputy, on)
    if not max(on, row.first_day) <= last_day <= row.last_day:
        raise Refused(
            _("Choose a last day out of these: %(days)s. For more days, enter another absence.")
            % {"days": days_text(max(on, row.first_day), row.last_day)}
        )
    row.last_day = last_day
    save_or_refuse(row, update_fields=["last_day"])
    rebuild_access(on, users=[row.absent, row.deputy])
    log.info("deputy ended", deputy=row.pk, last_day=str(last_day), by=by and by.pk)
    return row


@transaction.atomic
def cancel_deputy(*, by: User | None, deputy: Deputy, on: date) -> Deputy:
    """Remove one that has not begun: nobody has acted by it, so there is nothing to keep on record."""
    row = _open_row(by, deputy, on)
    if row.first_day <= on:
        raise Refused(_("This absence has begun. It can be ended, not removed."))
    log.info("deputy cancelled", deputy=row.pk, absent=row.absent_id, by=by and by.pk)
    Deputy.objects.filter(pk=row.pk).delete()
    rebuild_access(on, users=[row.absent, row.deputy])
    return row


def _locked(*people: User) -> dict[int, User]:
    """The people's rows, locked one after the other, so that days of one person are looked at by one at a time."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=[person.pk for person in people])
    return {person.pk: person for person in rows.order_by("pk")}


def _open_row(by: User | None, deputy: Deputy, on: date) -> Deputy:
    """The row as it stands, its people locked; refused to others, and once it is over."""
    _locked(deputy.absent, deputy.deputy)
    row = Deputy.objects.select_related("absent", "deputy").filter(pk=deputy.pk).first()
    if row is None:
        raise Refused(_("This absence has been removed meanwhile."))
    _refuse_others(by, row.absent, on)
    if row.last_day < on:
        raise Refused(_("This absence is over. It stays on record as it was."))
    return row


def _refuse_others(by: User | None, absent: User, on: date) -> None:
    if by is not None and by.pk != absent.pk and not may_administer(by, on):
        raise Refused(_("Only the person themselves or an administrator can enter or change an absence."))


def _refuse_days(row: Deputy, on: date) -> None:
    if row.first_day < on:
        raise Refused(_("An absence can be entered from today on, not for days that have passed."))
    if row.last_day < row.first_day:
        raise Refused(_("The last day must not lie before the first."))
    if row.last_day - row.first_day >= LONGEST:
        raise Refused(_("An absence lasts a year at most. For longer ones, appoint somebody else to the post."))


def _refuse_deputy(row: Deputy, by: User | None) -> None:
    """The deputy is somebody else, at work on those days, and did not choose themselves."""
    if row.deputy_id == row.absent_id:
        raise Refused(_("Nobody can be their own deputy. Choose somebody else."))
    for person in (row.absent, row.deputy):
        if not person.is_active:
            raise Refused(_("%(person)s is deactivated and takes part in nothing.") % {"person": person})
    if by is not None and by.pk == row.deputy_id:
        raise Refused(_("You cannot make yourself somebody's deputy. Ask another administrator."))
    other = _overlapping(row, absent=row.deputy).first()
    if other is not None:
        raise Refused(
            _("%(person)s is absent too (%(days)s). Choose somebody else.")
            % {"person": row.deputy, "days": days_text(other.first_day, other.last_day)}
        )


def _refuse_post(row: Deputy) -> None:
    """An own appointment has to cover every day; a deputy holds none by standing in."""
    if row.role not in DEPUTISED:
        raise Refused(_("Only department leads, reviewers and approvers have deputies."))
    held = Appointment.objects.filter(user=row.absent_id, role=row.role, department=row.department_id)
    if not _cover(held.order_by("valid_from").values_list("valid_from", "valid_until"), row):
        raise Refused(
            _("%(person)s is not %(role)s at %(department)s on all of these days.")
            % {"person": row.absent, "role": Role(row.role).label, "department": row.department}
        )


def _refuse_decider(row: Deputy, on: date) -> None:
    """Whoever stands in for a lead is barred from deciding there all year, so it must not be one who decides."""
    known = rights(row.deputy, on)
    decides = known.own(Permission.REVIEW) | known.own(Permission.APPROVE)
    if row.role == Role.LEAD and row.department_id in decides:
        raise Refused(
            _("%(person)s reviews or approves what this department submits. Choose somebody else.")
            % {"person": row.deputy}
        )


def _cover(spans: Iterable[tuple[date, date | None]], row: Deputy) -> bool:
    """Whether the spans, in order of their first days, leave out none of the row's days."""
    day = row.first_day
    for first, last in spans:
        if first > day:
            return False
        if last is None or last >= row.last_day:
            return True
        day = max(day, last + timedelta(days=1))
    return False


def _refuse_twice(row: Deputy) -> None:
    """One deputy for a post on a day: two could each rely on the other."""
    other = _overlapping(row, absent=row.absent, role=row.role, department=row.department).first()
    if other is not None:
        raise Refused(
            _("%(deputy)s already stands in for this post (%(days)s). Choose days outside that, or end it first.")
            % {"deputy": other.deputy, "days": days_text(other.first_day, other.last_day)}
        )


def _overlapping(row: Deputy, **whose: object) -> QuerySet[Deputy]:
    rows = Deputy.objects.filter(first_day__lte=row.last_day, last_day__gte=row.first_day, **whose)
    return rows.select_related("deputy").order_by("first_day")
