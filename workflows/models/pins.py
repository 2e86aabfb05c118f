"""What the office remarks on one place of a submission, and what became of it."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from departments.models import User
from workflows.models.reviews import Review, Submission


class PinQuerySet(models.QuerySet["Pin"]):
    def open(self) -> "PinQuerySet":
        """Not resolved yet."""
        return self.filter(~Exists(PinEntry.objects.filter(pin=OuterRef("pk"), kind=PinEntryKind.RESOLVED)))


class Pin(models.Model):
    """A comment pinned to a place of what was submitted (指摘). Never changed: answers are rows of their own.

    `target` names the place: empty for the whole, `m12` for the measure of that id, `m12.done` for its field by its
    name in the content; `i5` and `i5.value` for an indicator.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="pins")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="pins")
    target = models.CharField(max_length=60, blank=True)
    text = models.TextField(_("comment"), max_length=2000)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    objects = PinQuerySet.as_manager()

    class Meta:
        verbose_name = _("pinned comment")
        verbose_name_plural = _("pinned comments")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="pin_says_something")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.target}"


class PinEntryKind(models.TextChoices):
    ANSWERED = "answered", _("Answered")
    RESOLVED = "resolved", _("Resolved")


class PinEntry(models.Model):
    """An answer to a pinned comment, or that it is resolved, once and for good."""

    pin = models.ForeignKey(Pin, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=PinEntryKind.choices)
    text = models.TextField(_("answer"), blank=True, max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer to a pinned comment")
        verbose_name_plural = _("answers to pinned comments")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind="resolved") | ~Q(text=""), name="pin_answer_says_something"),
            models.CheckConstraint(condition=Q(kind__in=PinEntryKind.values), name="pin_entry_kind_known"),
            models.UniqueConstraint(fields=["pin"], condition=Q(kind="resolved"), name="pin_resolved_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pin_id} {self.kind}"
