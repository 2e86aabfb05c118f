"""A plan at a checkpoint: the review, its rounds and what was decided in them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy
from viewflow.workflow.models import Process, Task

from departments.models import ActionPlan, Department, User
from workflows.models.checkpoints import Checkpoint


class Stage(models.TextChoices):
    """Where a review stands: the flow's open node, or how it ended."""

    PREPARE = "prepare", _("Being prepared")
    REVIEW = "review", _("Under review")
    APPROVE = "approve", _("Awaiting approval")
    APPROVED = "approved", _("Approved")
    LAPSED = "lapsed", _("Closed unfinished")
    CANCELLED = "cancelled", pgettext_lazy("review", "Cancelled")

    @property
    def is_open(self) -> bool:
        return self in OPEN_STAGES


OPEN_STAGES = (Stage.PREPARE, Stage.REVIEW, Stage.APPROVE)


class ReviewProcess(Process):
    """viewflow's process, named; a proxy, so that opening a quarter is bulk inserts into one table."""

    class Meta:
        proxy = True
        default_permissions = ()


class ReviewQuerySet(models.QuerySet["Review"]):
    def open(self) -> "ReviewQuerySet":
        """Reviews in which somebody has to act. Spelt as the partial indexes are."""
        return self.filter(task__isnull=False)

    def with_names(self) -> "ReviewQuerySet":
        """Everything a list shows, in the same query."""
        return self.select_related("plan", "department", "department__parent", "checkpoint")


class Review(models.Model):
    """One plan at one checkpoint: business row and work item in one.

    `task` is the flow's open task, whose number every form carries: a form made for another task is stale.
    `version` counts saves of the draft, for the same purpose. `stage`, `task` and `stage_since` are set by `engine`
    alone, which echoes the flow in them.
    """

    plan = models.ForeignKey(ActionPlan, on_delete=models.PROTECT, related_name="reviews")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="reviews")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="reviews")
    process = models.OneToOneField(ReviewProcess, on_delete=models.PROTECT, related_name="review")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.PREPARE)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    stage_since = models.DateTimeField(_("since"))
    # The department's own day for submission, where the office granted one (期限延長).
    extended_to = models.DateField(_("extended to"), null=True, blank=True)
    # Counts the changes asked for of a plan (計画変更); 0 in the rounds of the year.
    change_number = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(_("round"), default=0)
    # The stage that returned the review, and so gets it back when it is submitted again; empty on the first way.
    returned_from = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["plan", "checkpoint", "change_number"], name="review_once_per_checkpoint"),
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(change_number__gte=1, task__isnull=False),
                name="review_one_open_change_per_plan",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["prepare", "review", "approve"], task__isnull=False, due_on__isnull=False)
                | Q(stage__in=["approved", "lapsed", "cancelled"], task__isnull=True, due_on__isnull=True),
                name="review_open_with_task",
            ),
            models.CheckConstraint(
                condition=Q(returned_from__in=["", "review", "approve"]), name="review_returned_from_office"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["prepare", "lapsed", "cancelled"]) | Q(round__gte=1),
                name="review_submitted_has_round",
            ),
        ]
        # Free of literals in their conditions, so that SQLite matches them too.
        indexes = [
            models.Index(
                fields=["stage", "department", "due_on", "id"],
                condition=Q(task__isnull=False),
                name="review_queue",
            ),
            models.Index(fields=["due_on"], condition=Q(task__isnull=False), name="review_due"),
            models.Index(fields=["checkpoint", "department"], name="review_board"),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.checkpoint.fiscal_year_label} {self.occasion}"

    @property
    def occasion(self) -> str:
        """What it is for, within its year: 2Q進捗確認, 計画変更 第1号."""
        kind = self.checkpoint.get_kind_display()
        if not self.change_number:
            return kind
        return pgettext("change of a plan", "%(kind)s no. %(n)d") % {"kind": kind, "n": self.change_number}

    @property
    def is_open(self) -> bool:
        return self.task_id is not None

    @property
    def draft_version(self) -> int:
        """Counts the saves of the draft: of the report and attachments, and at the plan checkpoint of the plan too."""
        return self.plan.version + self.version if self.checkpoint.is_plan else self.version

    @property
    def has_draft(self) -> bool:
        """Whether the draft may say what no submission does: while it is prepared, or where none was ever made."""
        return self.stage == Stage.PREPARE or self.round == 0

    @property
    def is_returned(self) -> bool:
        """Back with the department because the office returned it (差戻し中)."""
        return self.stage == Stage.PREPARE and self.returned_from != ""

    @property
    def is_untouched(self) -> bool:
        """Submitted, and the person it went to has not acted yet: it can still be withdrawn."""
        return self.stage == Stage.REVIEW or (self.stage == Stage.APPROVE and self.returned_from == Stage.APPROVE)


class Submission(models.Model):
    """What was submitted in one round, frozen: canonical JSON and its SHA-256 (提出内容)."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    on_behalf_of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["review", "round"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["review", "round"], name="submission_once_a_round")]

    def __str__(self) -> str:
        return f"{self.review_id} round {self.round}"


class Outcome(models.TextChoices):
    PASSED = "passed", _("Passed on")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")
    REVOKED = "revoked", _("Approval revoked")


class Decision(models.Model):
    """What the office decided about one round at one step, on exactly which content.

    `step` is the stage in which it was decided: an approval is revoked (承認取消) when the review stands at approved.
    `on_behalf_of`: the absent person in whose place it was decided (代決), if any.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="decisions")
    step = models.CharField(_("step"), max_length=10, choices=Stage.choices)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    comment = models.TextField(_("comment"), blank=True, max_length=2000)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    on_behalf_of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["submission__round", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["submission", "step"], name="decision_once_a_round_and_step"),
            models.CheckConstraint(
                condition=Q(step="review", outcome__in=["passed", "returned"])
                | Q(step="approve", outcome__in=["approved", "returned"])
                | Q(step="approved", outcome="revoked"),
                name="decision_outcome_fits_step",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["returned", "revoked"]) | ~Q(comment=""), name="decision_return_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.step}: {self.outcome}"
