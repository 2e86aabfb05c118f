"""The city's own table of closed and open days."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.fiscal import BusinessCalendar
from departments.validators import one_line


class CalendarDayQuerySet(models.QuerySet["CalendarDay"]):
    def calendar(self) -> BusinessCalendar:
        """The business-day calendar with this city's own days in it (one query)."""
        days = list(self.values_list("day", "is_open"))
        return BusinessCalendar(
            closed=frozenset(day for day, is_open in days if not is_open),
            opened=frozenset(day for day, is_open in days if is_open),
        )


class CalendarDay(models.Model):
    """A day on which this city is closed or open against the general rule (閉庁日・開庁日)."""

    day = models.DateField(_("day"), unique=True)
    is_open = models.BooleanField(_("open"), default=False)
    name = models.CharField(_("name"), max_length=60, validators=[one_line])

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
