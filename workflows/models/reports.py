"""What a department reports about its measures and indicators at a checkpoint: the working draft."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from departments.models import Indicator, Measure
from departments.models.plans import Priority
from workflows.models.reviews import Review


class ProgressClass(models.Model):
    """A progress class (進捗区分). The names are the office's to change; what they mean for rates is here.

    `counts`: stands in the denominator of achievement rates. `achieved`: stands in the numerator as well.
    `needs_reason`: issue and next step must be told.
    """

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name_ja = models.CharField(_("Japanese name"), max_length=20)
    name_en = models.CharField(_("English name"), max_length=30)
    position = models.PositiveSmallIntegerField(_("position"))
    counts = models.BooleanField(_("counts in rates"))
    achieved = models.BooleanField(_("achieved"))
    needs_reason = models.BooleanField(_("needs issue and next step"))
    tone = models.CharField(max_length=8)

    class Meta:
        verbose_name = _("progress class")
        verbose_name_plural = _("progress classes")
        ordering = ["position"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(achieved=False) | Q(counts=True), name="progress_achieved_counts"),
        ]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_ja

    @property
    def tells_what_was_done(self) -> bool:
        """Whether there is something to tell: not of what has not begun, and not of what does not count."""
        return self.counts and self.code != "not_started"


class MeasureReport(models.Model):
    """One measure in one review: class, per cent, what was done, issue, next step."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="measure_reports")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="reports")
    progress = models.ForeignKey(
        ProgressClass, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("progress")
    )
    percent = models.PositiveSmallIntegerField(
        _("progress in per cent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    done = models.TextField(_("what was done"), blank=True, max_length=2000)
    issue = models.TextField(_("issue"), blank=True, max_length=2000)
    next_step = models.TextField(_("next step"), blank=True, max_length=2000)
    # The measure's class when it was reported: a quarter is judged by the plan as it was then.
    priority = models.CharField(_("class"), max_length=12, choices=Priority.choices)
    # So is it counted under the initiative that the measure served then.
    initiative_number = models.PositiveSmallIntegerField(_("initiative"))

    class Meta:
        verbose_name = _("measure report")
        verbose_name_plural = _("measure reports")
        ordering = ["review", "measure__number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["review", "measure"], name="measure_report_once"),
            models.CheckConstraint(condition=Q(percent=None) | Q(percent__lte=100), name="measure_report_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.measure_id}"


class IndicatorReport(models.Model):
    """One indicator in one review. «Not this quarter» (今期は対象外) is an answer; the judgement is computed."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="indicator_reports")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="reports")
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2, null=True, blank=True)
    numerator = models.DecimalField(_("numerator"), max_digits=12, decimal_places=2, null=True, blank=True)
    denominator = models.DecimalField(_("denominator"), max_digits=12, decimal_places=2, null=True, blank=True)
    done = models.BooleanField(_("done"), null=True, blank=True)
    not_this_quarter = models.BooleanField(_("not this quarter"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("indicator report")
        verbose_name_plural = _("indicator reports")
        ordering = ["review", "indicator"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["review", "indicator"], name="indicator_report_once"),
            models.CheckConstraint(
                condition=Q(not_this_quarter=False) | Q(value=None, numerator=None, denominator=None, done=None),
                name="indicator_report_not_this_quarter_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(denominator=None) | Q(denominator__gt=0), name="indicator_report_denominator_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.indicator_id}"
