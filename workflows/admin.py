"""The rows behind the reviews, for operators to look at. Only the names of the progress classes can be changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from viewflow.workflow.admin import Process, Task  # this module registers them

from departments.admin import LookOnly
from workflows.models import (
    Acknowledgement,
    Attachment,
    Checkpoint,
    Decision,
    Event,
    IndicatorReport,
    MeasureReport,
    PendingEvent,
    Pin,
    PinEntry,
    ProgressClass,
    Proposal,
    Review,
    Seal,
    SealedHead,
    StoredFile,
    Submission,
)

# viewflow's own pages would let an operator delete what the history points to.
admin.site.unregister([Process, Task])


class ReadOnly(LookOnly, admin.ModelAdmin):
    """Looking is all that the Django admin may do."""


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    list_display = ["fiscal_year", "kind", "as_of", "opened_at", "closed_at"]


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    list_display = ["department", "plan", "checkpoint", "stage", "round", "due_on"]
    list_filter = ["stage", "checkpoint"]
    list_select_related = ["department", "plan__department", "checkpoint"]
    search_fields = ["department__name"]


@admin.register(Submission)
class SubmissionAdmin(ReadOnly):
    list_display = ["review", "round", "submitted_by", "submitted_at", "sha256"]
    list_select_related = ["review__department", "review__checkpoint", "submitted_by"]


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ["review", "step", "outcome", "decided_by", "decided_at"]
    list_select_related = ["review__department", "review__checkpoint", "decided_by"]


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ["plan", "sequence", "kind", "review", "by", "at", "hash"]
    list_select_related = ["plan__department", "review__department", "review__checkpoint", "by"]


@admin.register(Pin)
class PinAdmin(ReadOnly):
    list_display = ["review", "target", "made_by", "made_at"]
    list_select_related = ["review__department", "review__checkpoint", "made_by"]


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly):
    list_display = ["review", "name", "added_by", "added_at"]
    list_select_related = ["review__department", "review__checkpoint", "added_by"]


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnly):
    list_display = ["sha256", "media_type", "size", "stored_at"]


@admin.register(Seal)
class SealAdmin(ReadOnly):
    list_display = ["day", "heads", "hash", "sealed_at"]


admin.site.register([MeasureReport, IndicatorReport, PendingEvent, Acknowledgement], ReadOnly)
admin.site.register([PinEntry, Proposal, SealedHead], ReadOnly)


@admin.register(ProgressClass)
class ProgressClassAdmin(ReadOnly):
    """The office may rename its classes; what they mean for rates stays."""

    list_display = ["code", "name_ja", "name_en", "position", "counts", "achieved", "needs_reason"]
    fields = ["code", "name_ja", "name_en", "position", "counts", "achieved", "needs_reason", "tone"]
    readonly_fields = ["code", "position", "counts", "achieved", "needs_reason", "tone"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)
