"""The indicators that measure the strategy's initiatives and the plans' measures."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from departments.folded import folded
from departments.models.organisation import Department
from departments.models.plans import ActionPlan, Measure
from departments.models.strategy import Initiative
from departments.validators import one_line


class Kind(models.TextChoices):
    """What an indicator (指標) measures, which decides what is asked and how it is judged."""

    RATIO = "ratio", _("Ratio")
    COUNT = "count", _("Count")
    CUMULATIVE = "cumulative", _("Cumulative count")
    LEVEL = "level", _("Level")
    HOURS = "hours", _("Hours")
    SURVEY = "survey", _("Survey share")
    MILESTONE = "milestone", _("Milestone")
    CEILING = "ceiling", _("Ceiling")
    DERIVED = "derived", _("Computed by this system")

    @property
    def is_share(self) -> bool:
        """Measured as numerator ÷ denominator, in per cent."""
        return self in (Kind.RATIO, Kind.SURVEY)


class Direction(models.TextChoices):
    AT_LEAST = "at_least", _("at least")
    AT_MOST = "at_most", _("at most")
    EXACTLY = "exactly", _("done")


class Derivation(models.TextChoices):
    """Which rate the system computes for a derived indicator."""

    PLAN_ACHIEVEMENT = "plan_achievement", _("Achievement of each department's plan for the year")
    PRIORITY_ACHIEVEMENT = "priority_achievement", _("Achievement of the priority measures")


class Step(models.TextChoices):
    """The quarter ends for which an indicator may carry a step target."""

    Q1 = "q1", _("end of 1Q")
    Q2 = "q2", _("end of 2Q")
    Q3 = "q3", _("end of 3Q")
    YEAREND = "yearend", _("end of the year")


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def reported_by(self, plan: ActionPlan) -> "IndicatorQuerySet":
        """The indicators that the plan's department reports with this plan: its measures' own and,
        with the plan that carries them, the strategy's indicators assigned to the department."""
        own = self.of_measures(plan.pk)
        if not plan.carries_strategy_indicators:
            return own
        return own | self.of_strategy(plan.fiscal_year, plan.department_id)

    def of_measures(self, plan_id: int) -> "IndicatorQuerySet":
        """What is reported of a plan's own measures."""
        return self.filter(measure__plan=plan_id).exclude(kind=Kind.DERIVED)

    def of_strategy(self, fiscal_year: int, department_id: int) -> "IndicatorQuerySet":
        """What a department reports of the strategy's indicators."""
        return self.filter(initiative__strategy__fiscal_year=fiscal_year, department=department_id).exclude(
            kind=Kind.DERIVED
        )


class Indicator(models.Model):
    """A KPI (指標): the strategy's own, under an initiative, or a measure's own, under a department's plan.

    Shares are per cent (82 means 82 %). The judgement is never stored: it follows from value, target and day.
    """

    initiative = models.ForeignKey(
        Initiative, on_delete=models.CASCADE, related_name="indicators", null=True, blank=True
    )
    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="indicators", null=True, blank=True)
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        related_name="indicators",
        null=True,
        blank=True,
        verbose_name=_("reporting department"),
    )
    code = models.CharField(_("number"), max_length=10)
    title = models.CharField(_("title"), max_length=160, validators=[one_line])
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices)
    unit = models.CharField(_("unit"), max_length=10, blank=True, validators=[one_line])
    target = models.DecimalField(_("target"), max_digits=12, decimal_places=2, null=True, blank=True)
    baseline = models.DecimalField(_("baseline"), max_digits=12, decimal_places=2, null=True, blank=True)
    baseline_year = models.PositiveSmallIntegerField(_("baseline year"), null=True, blank=True)
    formula = models.TextField(_("formula"), blank=True)
    derivation = models.CharField(_("computation"), max_length=24, choices=Derivation.choices, blank=True)
    each_department = models.BooleanField(_("for each department"), default=False)
    folded = folded("code", "title")

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["initiative__number", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(initiative__isnull=False, measure__isnull=True)
                | Q(initiative__isnull=True, measure__isnull=False),
                name="indicator_of_initiative_or_measure",
            ),
            models.UniqueConstraint(fields=["initiative", "code"], name="indicator_code_once_in_initiative"),
            models.UniqueConstraint(fields=["measure", "code"], name="indicator_code_once_in_measure"),
            models.CheckConstraint(
                condition=Q(kind="milestone", target=None, direction="exactly")
                | (~Q(kind="milestone") & Q(target__isnull=False) & Q(direction__in=["at_least", "at_most"])),
                name="indicator_target_fits_kind",
                violation_error_message=_("A milestone has no target number; every other kind needs one."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="ceiling") | Q(direction="at_most"),
                name="indicator_ceiling_is_at_most",
                violation_error_message=_("A ceiling is reached by staying at or below it."),
            ),
            models.CheckConstraint(
                condition=Q(kind="derived", derivation__in=Derivation.values) | (~Q(kind="derived") & Q(derivation="")),
                name="indicator_derivation_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(baseline=None, baseline_year=None) | Q(baseline__isnull=False, baseline_year__isnull=False),
                name="indicator_baseline_with_year",
                violation_error_message=_("A baseline needs its year, and a year its baseline."),
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="indicator_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def is_share(self) -> bool:
        return Kind(self.kind).is_share

    @property
    def is_milestone(self) -> bool:
        return self.kind == Kind.MILESTONE

    def target_at(self, step: Step) -> Decimal | None:
        """The step target for that quarter end, else, at the year end only, the target."""
        for step_target in self.step_targets.all():
            if step_target.step == step:
                return step_target.target
        return self.target if step == Step.YEAREND else None


class StepTarget(models.Model):
    """What an indicator should have reached by a quarter end, where the year is not a straight line."""

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="step_targets")
    step = models.CharField(_("by"), max_length=8, choices=Step.choices)
    target = models.DecimalField(_("target"), max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("step target")
        verbose_name_plural = _("step targets")
        ordering = ["indicator", "step"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["indicator", "step"], name="step_target_once")]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.get_step_display()}: {self.target}"
