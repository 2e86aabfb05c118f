"""The five checkpoints of a fiscal year, and where changes of its plans are decided on."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.years import year_label


class CheckpointKind(models.TextChoices):
    PLAN = "plan", pgettext_lazy("checkpoint", "Plan")
    Q1 = "q1", _("1Q progress check")
    Q2 = "q2", _("2Q progress check")
    Q3 = "q3", _("3Q progress check")
    YEAREND = "yearend", _("Look back and next year")
    # No round of the year: where changes of approved plans are decided on (計画変更), whenever one is asked for.
    CHANGE = "change", _("Change of plan")

    @property
    def previous(self) -> "CheckpointKind | None":
        """The checkpoint whose report stands beside this one's: 2Q for 3Q; none before 1Q."""
        reports = [kind for kind in ROUNDS if kind is not CheckpointKind.PLAN]
        at = reports.index(self) if self in reports else 0
        return reports[at - 1] if at else None


# The five rounds of a fiscal year, in order.
ROUNDS = [kind for kind in CheckpointKind if kind is not CheckpointKind.CHANGE]


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def running(self) -> "CheckpointQuerySet":
        """The rounds that are opened and not yet closed."""
        return self.rounds().filter(opened_at__isnull=False, closed_at=None)

    def of_year(self, fiscal_year: int) -> "CheckpointQuerySet":
        """The rounds of the year, in order."""
        return self.rounds().filter(fiscal_year=fiscal_year).order_by("opens_on", "pk")

    def rounds(self) -> "CheckpointQuerySet":
        return self.filter(kind__in=ROUNDS)

    def years(self) -> list[int]:
        """The fiscal years that have a checkpoint, oldest first."""
        return list(self.rounds().order_by("fiscal_year").values_list("fiscal_year", flat=True).distinct())


class Checkpoint(models.Model):
    """One round of the year (チェックポイント): what is asked as of a day, and by when each step is due.

    One of the kind CHANGE is no round: it only holds the year's changes of plans, and its days bound them.
    """

    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    kind = models.CharField(_("kind"), max_length=8, choices=CheckpointKind.choices)
    as_of = models.DateField(_("as of"))
    opens_on = models.DateField(_("opening day"))
    submit_due = models.DateField(_("submission due"))
    review_due = models.DateField(_("review due"))
    approve_due = models.DateField(_("approval due"))
    closes_on = models.DateField(_("closing day"))
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["fiscal_year", "opens_on"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["fiscal_year", "kind"],
                name="checkpoint_once_a_year",
                violation_error_message=_("This year already has that checkpoint."),
            ),
            models.CheckConstraint(
                condition=Q(
                    opens_on__lte=F("submit_due"),
                    submit_due__lte=F("review_due"),
                    review_due__lte=F("approve_due"),
                    approve_due__lte=F("closes_on"),
                ),
                name="checkpoint_days_in_order",
                violation_error_message=_(
                    "The days must follow each other: opening, submission, review, approval, closing."
                ),
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(opened_at__isnull=False), name="checkpoint_closed_after_opened"
            ),
            models.CheckConstraint(condition=Q(kind__in=CheckpointKind.values), name="checkpoint_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{year_label(self.fiscal_year)} {self.get_kind_display()}"

    @property
    def fiscal_year_label(self) -> str:
        return year_label(self.fiscal_year)

    @property
    def is_plan(self) -> bool:
        """Whether the plan itself is what is reviewed."""
        return self.kind == CheckpointKind.PLAN

    @property
    def is_change(self) -> bool:
        """Whether a change of an approved plan is what is reviewed."""
        return self.kind == CheckpointKind.CHANGE

    @property
    def reports_progress(self) -> bool:
        """Whether a report on the plan is reviewed, and not the plan or a change of it."""
        return not (self.is_plan or self.is_change)

    @property
    def is_running(self) -> bool:
        return self.opened_at is not None and self.closed_at is None

    @property
    def due_days(self) -> dict[str, date]:
        """The due day of each stage that somebody has to act in, by `Stage` value."""
        return {"prepare": self.submit_due, "review": self.review_due, "approve": self.approve_due}
