"""What a department plans for the year."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from departments.fiscal import MONTHS, calendar_month
from departments.folded import folded
from departments.models.organisation import Department
from departments.models.people import User
from departments.models.strategy import Initiative
from departments.validators import one_line
from departments.years import year_label

FISCAL_MONTH_CHOICES = [(month, f"{calendar_month(month)}月") for month in MONTHS]


class PlanKind(models.TextChoices):
    """アクションプラン answers to initiative 3 (counters), 実行プラン to the DX vision."""

    ACTION = "action", _("Action plan")
    EXECUTION = "execution", _("Execution plan")


class PlanState(models.TextChoices):
    """Written by the services alone; a plan can be edited only as a draft."""

    DRAFT = "draft", _("Being drafted")
    SUBMITTED = "submitted", _("Under review")
    APPROVED = "approved", _("Approved")


class ActionPlan(models.Model):
    """A department's plan (計画) for one fiscal year."""

    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="plans", verbose_name=_("department")
    )
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    kind = models.CharField(_("kind"), max_length=10, choices=PlanKind.choices)
    summary = models.TextField(_("summary"), blank=True, max_length=2000)
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    folded = folded("summary")

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["fiscal_year", "department__position", "department__code", "kind"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["department", "fiscal_year", "kind"],
                name="plan_once_a_year",
                violation_error_message=_("This department already has a plan of this kind for that year."),
            ),
            models.CheckConstraint(condition=Q(state__in=PlanState.values), name="plan_state_known"),
            models.CheckConstraint(condition=Q(kind__in=PlanKind.values), name="plan_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.title}"

    @property
    def title(self) -> str:
        """令和8年度 実行プラン."""
        return f"{year_label(self.fiscal_year)} {self.get_kind_display()}"

    @property
    def is_editable(self) -> bool:
        return self.state == PlanState.DRAFT

    @property
    def carries_strategy_indicators(self) -> bool:
        """The strategy's indicators are reported with the execution plan, so that none is asked for twice."""
        return self.kind == PlanKind.EXECUTION


class PlanAuthor(models.Model):
    """A person who has drafted or submitted the plan or a report on it, whatever they are now.

    Kept apart from appointments, whose days can be corrected later: an author never decides on the plan.
    """

    plan = models.ForeignKey(ActionPlan, on_delete=models.CASCADE, related_name="authors")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="authored_plans")

    class Meta:
        verbose_name = _("author of a plan")
        verbose_name_plural = _("authors of plans")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "plan"], name="plan_author_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.user_id}"


class Priority(models.TextChoices):
    """The class of a measure. The first two together are the priority measures (重点施策)."""

    ORGANISATION = "organisation", _("Organisation-wide issue")
    DEPARTMENT = "department", _("Department's priority")
    OTHER = "other", _("Other")


class Measure(models.Model):
    """A measure (施策) of a plan, running over fiscal months: 1 is April, 12 is March."""

    plan = models.ForeignKey(ActionPlan, on_delete=models.CASCADE, related_name="measures")
    initiative = models.ForeignKey(
        Initiative, on_delete=models.PROTECT, related_name="measures", verbose_name=_("initiative")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=120, validators=[one_line])
    goal = models.TextField(_("goal for the year"), blank=True, max_length=1000)
    first_month = models.PositiveSmallIntegerField(_("from"), choices=FISCAL_MONTH_CHOICES)
    last_month = models.PositiveSmallIntegerField(_("until"), choices=FISCAL_MONTH_CHOICES)
    priority = models.CharField(_("class"), max_length=12, choices=Priority.choices)
    # The strategy file's key of a measure that came from it, so that loading the file again finds it.
    origin = models.CharField(max_length=20, blank=True)
    folded = folded("title", "goal")

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["plan", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="measure_number_once"),
            models.UniqueConstraint(fields=["plan", "origin"], condition=~Q(origin=""), name="measure_origin_once"),
            models.CheckConstraint(
                condition=Q(first_month__gte=1, last_month__lte=12, first_month__lte=F("last_month")),
                name="measure_months_in_order",
                violation_error_message=_("The last month must not lie before the first."),
            ),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="measure_priority_known"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_priority(self) -> bool:
        """One of the 重点施策."""
        return self.priority in (Priority.ORGANISATION, Priority.DEPARTMENT)


class Milestone(models.Model):
    """A stretch of a measure with a name (工程): 'preparation, April to June'."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="milestones")
    title = models.CharField(_("title"), max_length=120, validators=[one_line])
    first_month = models.PositiveSmallIntegerField(_("from"), choices=FISCAL_MONTH_CHOICES)
    last_month = models.PositiveSmallIntegerField(_("until"), choices=FISCAL_MONTH_CHOICES)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["measure", "first_month", "last_month", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(first_month__gte=1, last_month__lte=12, first_month__lte=F("last_month")),
                name="milestone_months_in_order",
                violation_error_message=_("The last month must not lie before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.title
