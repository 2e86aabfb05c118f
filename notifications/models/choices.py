"""What people choose about their mails."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from departments.models import User


class Pace(models.TextChoices):
    """How soon somebody hears of what happened."""

    AT_ONCE = "at_once", _("At once, one mail for each")
    DAILY = "daily", _("Together, in the mail of the next morning")


class MailChoice(models.Model):
    """How a person wants their mails (通知の設定); who has no row has the defaults. Reminders always come.

    `pauses`: while they are absent, what a deputy is asked in their place they are not asked as well. `calendar`: due
    days come as calendar entries (.ics).
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="mail_choice")
    events = models.CharField(_("what happened"), max_length=7, choices=Pace.choices, default=Pace.AT_ONCE)
    pauses = models.BooleanField(_("pause while absent"), default=False)
    calendar = models.BooleanField(_("calendar entries"), default=True)

    class Meta:
        verbose_name = _("mail choice")
        verbose_name_plural = _("mail choices")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(events__in=Pace.values), name="mail_choice_pace_known")]

    def __str__(self) -> str:
        return str(self.user)
