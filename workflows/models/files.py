"""Evidence that a department adds to what it submits."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from departments.models import User
from workflows.models.reviews import Review


class StoredFile(models.Model):
    """The bytes of a file, kept once and for good under their SHA-256; snapshots point to them by it."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveIntegerField(_("size"))
    media_type = models.CharField(_("type"), max_length=100)
    stored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        default_permissions = ()

    def __str__(self) -> str:
        return self.sha256


class Attachment(models.Model):
    """A file in the draft of a review (添付資料): added and removed while it is prepared."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(_("file name"), max_length=150)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["review", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["review", "name"], name="attachment_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="attachment_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
