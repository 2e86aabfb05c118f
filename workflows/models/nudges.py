"""That somebody was nudged (催促): asked to go on with what they have."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.models.history import Event
from workflows.models.reviews import Review


class Nudge(models.Model):
    """A nudge and its day: whoever has a review before them is nudged about it once a day at most."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="nudge")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="nudges")
    day = models.DateField(_("day"))

    class Meta:
        verbose_name = _("nudge")
        verbose_name_plural = _("nudges")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["review", "day"], name="nudge_once_a_day")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.day}"
