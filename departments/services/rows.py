"""Writing one row, with whatever its model forbids said in a sentence."""

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from departments.errors import Refused


def save_or_refuse(row: models.Model, update_fields: Iterable[str] | None = None) -> None:
    """Check the row against its model's rules and write it; raises Refused with every rule it breaks."""
    check_or_refuse(row)
    try:
        with transaction.atomic():
            row.save(update_fields=update_fields)
    except IntegrityError as error:
        # Another request was quicker by the blink between check and write: now the check sees its row too.
        check_or_refuse(row)
        raise Refused(_("This was changed by somebody else at the same moment. Look at it again.")) from error


def check_or_refuse(row: models.Model) -> None:
    """Check the row against its model's rules; raises Refused with every rule it breaks."""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Refused(" ".join(sentences_of(row, error))) from error


def sentences_of(row: models.Model, error: ValidationError) -> list[str]:
    """The error's messages, each with the name of the field it is about."""
    sentences = []
    for name, messages in error.message_dict.items():
        label = "" if name == NON_FIELD_ERRORS else f"{row._meta.get_field(name).verbose_name}: "  # type: ignore[union-attr]
        sentences += [f"{label}{message}" for message in messages]
    return sentences
