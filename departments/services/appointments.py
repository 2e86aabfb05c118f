"""Appointments (任用): the truth about who may do what, and since when."""

from datetime import date

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.models import Appointment, Department, Role, User
from departments.projection import rebuild_access
from departments.services.rows import save_or_refuse
from departments.wording import day_text

log = structlog.get_logger("meguru.departments")


@transaction.atomic
def appoint(
    *,
    by: User | None,
    user: User,
    department: Department,
    role: str,
    valid_from: date,
    valid_until: date | None = None,
    on: date | None = None,
) -> Appointment:
    """Appoint a person to a role at a department, from a day and perhaps until a day, both included."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    appointment = Appointment(
        user=user, department=department, role=role, valid_from=valid_from, valid_until=valid_until
    )
    _refuse_abolished(appointment)
    _refuse_overlap(appointment)
    save_or_refuse(appointment)
    rebuild_access(on or timezone.localdate(), users=[user])
    log.info("appointed", appointment=appointment.pk, person=user.pk, role=role, by=by and by.pk)
    return appointment


@transaction.atomic
def end_appointment(
    *, by: User | None, appointment: Appointment, last_day: date, on: date | None = None
) -> Appointment:
    """Let an appointment end with the day; its row stays as record."""
    User.objects.select_for_update(no_key=True).get(pk=appointment.user_id)
    if _is_own_administration(by, appointment):
        raise Refused(_("You cannot end your own appointment as administrator. Ask another administrator."))
    appointment.valid_until = last_day
    _refuse_overlap(appointment)
    save_or_refuse(appointment, update_fields=["valid_until"])
    rebuild_access(on or timezone.localdate(), users=[appointment.user])
    log.info("appointment ended", appointment=appointment.pk, last_day=str(last_day), by=by and by.pk)
    return appointment


@transaction.atomic
def cancel_appointment(*, by: User | None, appointment: Appointment, on: date) -> Appointment:
    """Remove an appointment that has not begun: nobody has acted by it, so there is nothing to keep on record."""
    if appointment.valid_from <= on:
        raise Refused(_("This appointment has begun. It can be ended, not removed."))
    log.info("appointment cancelled", appointment=appointment.pk, person=appointment.user_id, by=by and by.pk)
    Appointment.objects.filter(pk=appointment.pk).delete()
    rebuild_access(on, users=[appointment.user])
    return appointment


def _is_own_administration(by: User | None, appointment: Appointment) -> bool:
    """Whoever keeps the rights must not lock everybody out, themselves last."""
    return by is not None and by.pk == appointment.user_id and appointment.role == Role.ADMINISTRATOR


def _refuse_abolished(appointment: Appointment) -> None:
    abolished_on = appointment.department.abolished_on
    if abolished_on is not None and abolished_on <= appointment.valid_from:
        raise Refused(
            _("%(department)s is abolished as of %(day)s.")
            % {"department": appointment.department, "day": day_text(abolished_on)}
        )


def _refuse_overlap(appointment: Appointment) -> None:
    """The same role of the same person at the same department must not run twice on one day."""
    others = Appointment.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=appointment.valid_from),
        user=appointment.user_id,
        department=appointment.department_id,
        role=appointment.role,
    ).exclude(pk=appointment.pk)
    if appointment.valid_until is not None:
        others = others.filter(valid_from__lte=appointment.valid_until)
    other = others.order_by("valid_from").first()
    if other is not None:
        raise Refused(
            _("%(person)s already is %(role)s at %(department)s, %(span)s. Choose days outside that.")
            % {
                "person": appointment.user,
                "role": appointment.get_role_display(),
                "department": appointment.department,
                "span": _span(other),
            }
        )


def _span(appointment: Appointment) -> str:
    first = day_text(appointment.valid_from)
    if appointment.valid_until is None:
        return _("since %(first)s") % {"first": first}
    return _("from %(first)s to %(last)s") % {"first": first, "last": day_text(appointment.valid_until)}
