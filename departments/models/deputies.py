"""Who stands in for whom while they are absent."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from departments.models.organisation import Department, Permission, Role
from departments.models.people import User

# The roles whose work cannot wait for the person's return.
DEPUTISED = (Role.LEAD, Role.REVIEWER, Role.APPROVER)


class DeputyQuerySet(models.QuerySet["Deputy"]):
    def in_force(self, on: date) -> "DeputyQuerySet":
        """Those that count on the day, between people who are both active."""
        return self.filter(first_day__lte=on, last_day__gte=on, absent__is_active=True, deputy__is_active=True)


class Deputy(models.Model):
    """While a person is absent, another acts in their place in one role at one department (代決・代理).

    It gives no more than the absent person's own appointment to that role, and only on its days, both included.
    """

    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences", verbose_name=_("absent person"))
    role = models.CharField(_("role"), max_length=20, choices=[(role.value, role.label) for role in DEPUTISED])
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", verbose_name=_("department"))
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputyships", verbose_name=_("deputy"))
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"))
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    entered_at = models.DateTimeField()

    objects = DeputyQuerySet.as_manager()

    class Meta:
        verbose_name = _("deputy")
        verbose_name_plural = _("deputies")
        ordering = ["-first_day", "pk"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=~Q(absent=F("deputy")), name="deputy_is_somebody_else"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="deputy_days_in_order"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in DEPUTISED]), name="deputy_role_known"),
        ]
        indexes = [models.Index(fields=["deputy", "last_day"], name="deputy_by_deputy")]

    def __str__(self) -> str:
        return f"{self.deputy} – {self.absent} – {self.get_role_display()}"

    @property
    def post(self) -> str:
        """市民課 所属長."""
        return f"{self.department} {self.get_role_display()}"


class DeputyGrant(models.Model):
    """The projection of a deputy in force: this person has, in the absent one's place, this permission there.

    Written by `projection.rebuild_access` alone, beside guardian's rows; own rights and those of a deputy stay apart,
    so that a record can say in whose place somebody acted.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="deputy_grants")
    absent = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    permission = models.CharField(max_length=20, choices=Permission.choices)
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+")
    until = models.DateField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "absent", "permission", "department"], name="deputy_grant_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.absent_id}: {self.permission} {self.department_id}"
