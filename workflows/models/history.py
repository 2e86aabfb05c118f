"""What happened, in rows that only ever get added."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.models import ActionPlan, User
from workflows.models.reviews import Review


class EventKind(models.TextChoices):
    OPENED = "opened", _("Opened")
    SUBMITTED = "submitted", _("Submitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    PASSED = "passed", _("Passed on for approval")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")
    REVOKED = "revoked", _("Approval revoked")
    EXTENDED = "extended", _("Due day extended")
    MOVED = "moved", _("Due day moved")
    NUDGED = "nudged", _("Nudged")
    CANCELLED = "cancelled", pgettext_lazy("review", "Cancelled")
    LAPSED = "lapsed", _("Closed unfinished")
    PINNED = "pinned", _("Comment made")
    ANSWERED = "answered", _("Comment answered")
    RESOLVED = "resolved", _("Comment resolved")
    ACKNOWLEDGED = "acknowledged", _("Read afterwards")


# These send a review back to the department to be mended; of one round at most one of them.
SENT_BACK = (EventKind.RETURNED, EventKind.REVOKED)
# These give an open review another due day; it is in `data`, and so is the day that it was.
MOVES_DUE_DAY = (EventKind.EXTENDED, EventKind.MOVED)


class Event(models.Model):
    """One thing that happened to a review (履歴). Never changed, never removed: database triggers refuse both.

    Chained per plan: `hash` is the SHA-256 of the row's canonical form, which includes the `previous` hash.
    `on_behalf_of`: the absent person in whose place `by` acted (代決), if any.
    """

    plan = models.ForeignKey(ActionPlan, on_delete=models.PROTECT, related_name="events")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(_("what"), max_length=12, choices=EventKind.choices)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("who"))
    on_behalf_of = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("in whose place")
    )
    round = models.PositiveSmallIntegerField(_("round"))
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["plan", "sequence"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["plan", "sequence"], name="event_in_sequence")]
        # What happened lately, of years of history.
        indexes = [models.Index(fields=["at"], name="event_at")]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.sequence} {self.kind}"


class PendingEvent(models.Model):
    """An event that people have not been told of yet; the row goes when the mails about it are queued."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="pending")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.event_id)


class Acknowledgement(models.Model):
    """That the person in whose place an event was done has read it afterwards (後閲)."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="acknowledgement")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.event_id)
