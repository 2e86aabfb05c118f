"""Adding evidence to a draft, and taking it out again. Either is a save of the draft."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from departments.models import User
from workflows.access import Action
from workflows.errors import ReviewError
from workflows.evidence import storage
from workflows.evidence.checking import Evidence, examine
from workflows.evidence.scanner import require_clean
from workflows.models import Attachment, Review, StoredFile
from workflows.services.drafts import note_save
from workflows.services.reviews import locked, require

FILES_CAP = 20


def attach(*, review_id: int, task_id: int, name: str, file: BinaryIO, by: User, now: datetime) -> Review:
    """Add the file to the draft, in the place of one of the same name; the same file again changes nothing.

    It is looked at and kept before anything is locked. Raises Stale, NotAllowed, or ReviewError for a file that
    cannot be taken.
    """
    require(Action.SAVE, Review.objects.select_related("plan", "checkpoint").get(pk=review_id), by, now)
    evidence = examine(name, file)
    require_clean(file)
    storage.keep(evidence.sha256, file)
    return _enter(evidence, review_id=review_id, task_id=task_id, by=by, now=now)


@transaction.atomic
def _enter(evidence: Evidence, *, review_id: int, task_id: int, by: User, now: datetime) -> Review:
    review = locked(review_id, task_id)
    require(Action.SAVE, review, by, now)
    stored, _created = StoredFile.objects.get_or_create(
        sha256=evidence.sha256,
        defaults={"size": evidence.size, "media_type": evidence.media_type, "stored_at": now},
    )
    present = {found.name: found for found in review.attachments.all()}
    attachment = present.get(evidence.name)
    if attachment is None and len(present) >= FILES_CAP:
        raise ReviewError(_("There are %(cap)d attachments already. Remove one first.") % {"cap": FILES_CAP})
    attachment = attachment or Attachment(review=review, name=evidence.name)
    if attachment.file_id == stored.pk:
        return review
    attachment.file, attachment.added_by, attachment.added_at = stored, by, now
    attachment.save()
    note_save(review, by, now)
    return review


@transaction.atomic
def detach(*, review_id: int, task_id: int, attachment_id: int, by: User, now: datetime) -> Review:
    """Take a file out of the draft; what was submitted keeps it. One that is gone already changes nothing.

    Raises Stale or NotAllowed.
    """
    review = locked(review_id, task_id)
    require(Action.SAVE, review, by, now)
    removed, _by_model = review.attachments.filter(pk=attachment_id).delete()
    if removed:
        note_save(review, by, now)
    return review
