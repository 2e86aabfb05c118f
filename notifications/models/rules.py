"""When whom is reminded of what is due: rows that an administrator edits."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workflows.models import Stage
from workflows.models.reviews import OPEN_STAGES

FARTHEST = 60


class Occasion(models.TextChoices):
    """What sets a rule off."""

    DUE = "due", _("A due day")
    ALL_IN = "all_in", _("The last plan has come in")


class Audience(models.TextChoices):
    """Whom a rule tells, in relation to the review's department."""

    EDITOR = "editor", _("Editor")
    LEAD = "lead", _("Department lead")
    DIVISION_HEAD = "division_head", _("Head of the division")
    REVIEWER = "reviewer", _("Reviewer")
    APPROVER = "approver", _("Approver")
    ADMINISTRATOR = "administrator", _("Administrator")


class ReminderRule(models.Model):
    """One rule of reminding (リマインドの規則).

    `step`: the stage that is due. `days`: business days after its due day, negative before it. `repeats`: after that,
    again every so many business days while it is overdue; None: once. `text`: what the mail says with it, besides what
    is due. With the occasion ALL_IN, `step` is PREPARE and `days` 0.
    """

    occasion = models.CharField(_("occasion"), max_length=6, choices=Occasion.choices, default=Occasion.DUE)
    step = models.CharField(_("step"), max_length=10, choices=[(stage.value, stage.label) for stage in OPEN_STAGES])
    days = models.SmallIntegerField(
        _("business days"), default=0, validators=[MinValueValidator(-FARTHEST), MaxValueValidator(FARTHEST)]
    )
    repeats = models.PositiveSmallIntegerField(
        _("again every"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(FARTHEST)]
    )
    audience = models.CharField(_("to"), max_length=13, choices=Audience.choices)
    text = models.CharField(_("text"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("reminder rule")
        verbose_name_plural = _("reminder rules")
        ordering = ["occasion", "step", "days", "audience"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "step", "days", "audience"],
                name="reminder_rule_once",
                violation_error_message=_("There is a rule for that day and these people already."),
            ),
            models.CheckConstraint(
                condition=Q(occasion=Occasion.DUE)
                | Q(occasion=Occasion.ALL_IN, step=Stage.PREPARE, days=0, repeats=None),
                name="reminder_rule_all_in_has_no_days",
            ),
            models.CheckConstraint(
                condition=Q(repeats=None) | Q(repeats__gte=1, days__gte=0),
                name="reminder_rule_repeats_when_overdue",
                violation_error_message=_("Only what is due or overdue is repeated."),
            ),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="reminder_rule_audience_known"),
            models.CheckConstraint(
                condition=Q(step__in=[stage.value for stage in OPEN_STAGES]), name="reminder_rule_step_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.step} {self.days:+d} {self.audience}"
