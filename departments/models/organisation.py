"""The tree of departments and who is appointed to what in it."""

from datetime import date

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from departments.folded import folded
from departments.models.people import User
from departments.validators import one_line


class Permission(models.TextChoices):
    """What an appointment lets a person do to a department's plans and reports.

    The guardian permission of the same codename on `Department` is its projection.
    """

    DRAFT = "draft_reports", _("Draft plans and reports")
    SUBMIT = "submit_reports", _("Submit and withdraw plans and reports")
    REVIEW = "review_reports", _("Review what was submitted")
    APPROVE = "approve_reports", _("Approve what was reviewed")
    READ_DRAFTS = "read_drafts", _("Read drafts")
    READ_SUBMISSIONS = "read_submissions", _("Read what was submitted")
    READ_APPROVED = "read_approved", _("Read what was approved")
    READ_BOARD = "read_board", _("See stages on the board")
    ADMINISTER = "administer", _("Keep departments, people and checkpoints")


class DepartmentQuerySet(TreeQuerySet):
    def in_force(self, on: date) -> "DepartmentQuerySet":
        """Departments not yet abolished on the day."""
        return self.filter(Q(abolished_on=None) | Q(abolished_on__gt=on))


class Department(TreeNode):
    """A department (所属): the city itself at the root, 部 below it, 課 below those."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60, validators=[one_line])
    position = models.PositiveSmallIntegerField(_("position"), default=0, validators=[MaxValueValidator(9999)])
    abolished_on = models.DateField(_("abolished on"), null=True, blank=True)
    folded = folded("name")

    objects = DepartmentQuerySet.as_manager(with_tree_fields=False)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["position", "code"]
        default_permissions = ()
        permissions = [(permission.value, permission.value) for permission in Permission]

    def __str__(self) -> str:
        return self.name

    @property
    def division(self) -> "Department | None":
        """The 部 that it belongs to; None for what stands right below the city, and for the city."""
        parent = self.parent
        return None if parent is None or parent.parent_id is None else parent


class Role(models.TextChoices):
    """What a person is appointed as. Office and reading roles reach every department below theirs."""

    EDITOR = "editor", _("Editor")
    LEAD = "lead", _("Department lead")
    REVIEWER = "reviewer", _("Reviewer")
    APPROVER = "approver", _("Approver")
    EXECUTIVE = "executive", _("Executive")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")

    @property
    def reaches_below(self) -> bool:
        return self not in (Role.EDITOR, Role.LEAD)

    @property
    def permissions(self) -> frozenset[Permission]:
        return PERMISSIONS_BY_ROLE[self]


_READ_APPROVED = {Permission.READ_APPROVED, Permission.READ_BOARD}
_READ_SUBMISSIONS = _READ_APPROVED | {Permission.READ_SUBMISSIONS}
_READ_DRAFTS = _READ_SUBMISSIONS | {Permission.READ_DRAFTS}

PERMISSIONS_BY_ROLE: dict[Role, frozenset[Permission]] = {
    Role.EDITOR: frozenset(_READ_DRAFTS | {Permission.DRAFT}),
    Role.LEAD: frozenset(_READ_DRAFTS | {Permission.DRAFT, Permission.SUBMIT}),
    Role.REVIEWER: frozenset(_READ_SUBMISSIONS | {Permission.REVIEW}),
    Role.APPROVER: frozenset(_READ_SUBMISSIONS | {Permission.APPROVE}),
    Role.EXECUTIVE: frozenset(_READ_APPROVED),
    Role.AUDITOR: frozenset(_READ_DRAFTS),
    Role.ADMINISTRATOR: frozenset({Permission.READ_BOARD, Permission.ADMINISTER}),
}


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def in_force(self, on: date) -> "AppointmentQuerySet":
        """Appointments of active people that count on the day."""
        return self.filter(
            Q(valid_until=None) | Q(valid_until__gte=on),
            valid_from__lte=on,
            user__is_active=True,
        )


class Appointment(models.Model):
    """A person's role at a department, from a day, perhaps until a day (任用・兼務). The truth about rights."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("person"))
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("department")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["department__position", "department__code", "role", "valid_from"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "department", "role", "valid_from"],
                name="appointment_once",
                violation_error_message=_("This person already has this role here from that day."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="appointment_until_after_from",
                violation_error_message=_("The last day must not lie before the first."),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="appointment_role_known"),
        ]
        indexes = [models.Index(fields=["department", "role"], name="appointment_by_role")]

    def __str__(self) -> str:
        return f"{self.user} – {self.department} – {self.get_role_display()}"


class DepartmentGrant(UserObjectPermissionBase):
    """guardian's row: this person has this permission on this department, until a day at the latest.

    Written by `projection.rebuild_access` alone; the day makes an ended appointment powerless even before a rebuild.
    """

    content_object = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="grants")
    until = models.DateField(null=True)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
        default_permissions = ()
