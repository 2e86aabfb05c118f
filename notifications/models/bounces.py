"""Mails that came back."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from notifications.models.mails import OutgoingMail

DEAD_AFTER = 2  # one hard bounce may be the mail server's mistake


class BounceQuerySet(models.QuerySet["Bounce"]):
    def unsettled(self) -> "BounceQuerySet":
        return self.filter(settled_at=None)

    def dead(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses that nothing is sent to any more, because they refused mails for good."""
        hard = self.unsettled().filter(address__in=set(addresses), is_hard=True).order_by().values("address")
        return set(hard.annotate(count=Count("pk")).filter(count__gte=DEAD_AFTER).values_list("address", flat=True))


class Bounce(models.Model):
    """A mail that a mail server took and then could not deliver (不達), as its report (DSN) says.

    `is_hard`: refused for good (5.x.x), not merely given up. `words`: the report's own. `settled_at`: when the office
    had looked into the address, after which the bounce no longer counts against it.
    """

    mail = models.OneToOneField(OutgoingMail, on_delete=models.CASCADE, primary_key=True, related_name="bounce")
    address = models.EmailField(_("address"))
    status = models.CharField(_("status"), max_length=12)
    is_hard = models.BooleanField()
    words = models.TextField(_("answer of the mail server"), blank=True)
    at = models.DateTimeField(_("when"))
    settled_at = models.DateTimeField(null=True)

    objects = BounceQuerySet.as_manager()

    class Meta:
        verbose_name = _("bounce")
        verbose_name_plural = _("bounces")
        ordering = ["-at", "-pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["address"], condition=Q(settled_at=None), name="bounce_open")]

    def __str__(self) -> str:
        return f"{self.address} {self.status}"


class BounceBox(models.Model):
    """When the mailbox of bounce reports was last read, and `error` why it could not be; one row, for the mail page."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="bounce_box_is_one_row")]

    def __str__(self) -> str:
        return str(self.at)
