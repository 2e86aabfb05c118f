"""What a department asks to change in its approved plan."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.drafts import PlanDraft, from_plain
from workflows.models.reviews import Review


class Proposal(models.Model):
    """The working draft of a change (変更案): why, and the whole plan as it should be.

    `content` is a `departments.drafts.PlanDraft` as plain data; the plan's own rows change when it is approved.
    `plan_version` is that of the plan it was made from.
    """

    review = models.OneToOneField(Review, on_delete=models.PROTECT, primary_key=True, related_name="proposal")
    reason = models.TextField(_("reason for the change"), blank=True, max_length=2000)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    plan_version = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("proposed change")
        verbose_name_plural = _("proposed changes")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.review_id)

    @property
    def draft(self) -> PlanDraft:
        """The plan as it should be."""
        return from_plain(self.content)
