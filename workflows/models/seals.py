"""Where every chain of events ended on a day, fixed so that an end cut off later is missed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.models import ActionPlan


class Seal(models.Model):
    """A day's seal (封印) over the heads of all plans' chains, itself chained to the seal before.

    `hash` is the SHA-256 of `previous`, the day, the moment and the heads that are new in it. Whoever keeps the `line`
    elsewhere, on paper or in a mailbox, can tell later whether anything up to then was changed or cut off.
    """

    day = models.DateField(_("day"), unique=True)
    sealed_at = models.DateTimeField(_("sealed at"))
    heads = models.PositiveIntegerField(_("heads"))
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["day"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.line

    @property
    def line(self) -> str:
        """What is kept elsewhere: day, number of new heads, hash."""
        return f"{self.day} {self.heads} {self.hash}"


class SealedHead(models.Model):
    """The last event of a plan's chain at a seal, where it is another than at the seal before."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="new_heads")
    plan = models.ForeignKey(ActionPlan, on_delete=models.PROTECT, related_name="sealed_heads")
    sequence = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("sealed head")
        verbose_name_plural = _("sealed heads")
        ordering = ["seal", "plan"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["seal", "plan"], name="sealed_head_once")]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.sequence}"
