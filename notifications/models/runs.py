"""What the machine has done by itself, and when."""

from datetime import date

from django.db import models


class ReminderRunQuerySet(models.QuerySet["ReminderRun"]):
    def last_before(self, day: date) -> date | None:
        """The last day before this one that had its run."""
        return self.filter(day__lt=day).order_by("-day").values_list("day", flat=True).first()


class ReminderRun(models.Model):
    """A day whose reminders have been queued; there is at most one run a day, whoever ticks however often."""

    day = models.DateField(primary_key=True)

    objects = ReminderRunQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.day)


class Tick(models.Model):
    """When a tick last came to its end; one row, so that the health page can say that the machine still runs."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="tick_is_one_row")]

    def __str__(self) -> str:
        return str(self.at)
