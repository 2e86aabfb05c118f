"""People: added, changed, deactivated. They are never deleted, since history points to them."""

from datetime import date

import structlog
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.errors import Refused
from departments.models import User
from departments.models.people import Language
from departments.projection import rebuild_access
from departments.services.rows import save_or_refuse

log = structlog.get_logger("meguru.departments")


@transaction.atomic
def add_person(
    *,
    by: User | None,
    username: str,
    name: str,
    email: str,
    language: str = Language.JAPANESE,
    password: str | None = None,
) -> User:
    """Add a person (職員), who may do nothing until appointed, and cannot log in without a password.

    `by` is None when the system itself acts, here and in every other service.
    """
    person = User(username=username, name=name, email=email, language=language)
    _set_password(person, password)
    save_or_refuse(person)
    log.info("person added", person=person.pk, by=by and by.pk)
    return person


@transaction.atomic
def change_person(
    *,
    by: User | None,
    person: User,
    username: str,
    name: str,
    email: str,
    language: str,
    password: str | None = None,
) -> User:
    """Change what is known of a person. A new password, when given, ends the person's sessions."""
    _refuse_operator(person, by)
    person.username, person.name, person.email, person.language = username, name, email, language
    fields = ["username", "name", "email", "language"]
    if password:
        _set_password(person, password)
        fields.append("password")
    save_or_refuse(person, update_fields=fields)
    log.info("person changed", person=person.pk, fields=fields, by=by and by.pk)
    return person


def _set_password(person: User, password: str | None) -> None:
    if not password:
        person.set_unusable_password()
        return
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    person.set_password(password)


@transaction.atomic
def deactivate_person(*, by: User | None, person: User, on: date | None = None) -> None:
    """Shut a person out at once. Their appointments stay as record but count no longer."""
    if by is not None and by.pk == person.pk:
        raise Refused(_("You cannot deactivate yourself. Ask another administrator."))
    _refuse_operator(person, by)
    _set_active(person, active=False, on=on)
    _end_sessions(person)
    log.info("person deactivated", person=person.pk, by=by and by.pk)


@transaction.atomic
def reactivate_person(*, by: User | None, person: User, on: date | None = None) -> None:
    """Let a person in again; the appointments that are still in force count again."""
    _refuse_operator(person, by)
    _set_active(person, active=True, on=on)
    log.info("person reactivated", person=person.pk, by=by and by.pk)


def _refuse_operator(person: User, by: User | None) -> None:
    """Whoever could set an operator's password could become one, and so more than an administrator."""
    if person.is_superuser and by is not None and not by.is_superuser:
        raise Refused(_("This account belongs to the operators of the system. Only they can change it."))


def _set_active(person: User, *, active: bool, on: date | None) -> None:
    person.is_active = active
    person.save(update_fields=["is_active"])
    rebuild_access(on or timezone.localdate(), users=[person])


def _end_sessions(person: User) -> None:
    """Remove the person's sessions, which would else come alive again with the person."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()
