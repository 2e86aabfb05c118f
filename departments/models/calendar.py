"""The city's own table of closed and open days, and what becomes of due days on closed ones."""

from datetime import date

from django.db import models
from django.db.models import Q
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


class ClosedDays(models.TextChoices):
    """What becomes of a due day on which the city turns out to be closed (期限が閉庁日に当たるとき)."""

    NEXT = "next", _("It moves to the next business day")
    PREVIOUS = "previous", _("It moves to the business day before")
    LEAVE = "leave", _("It stays on that day")

    def settle(self, day: date, calendar: BusinessCalendar, earliest: date) -> date:
        """Where a day goes by this rule. Never before `earliest`: then it is the next business day after all."""
        if self is ClosedDays.LEAVE:
            return day
        before = calendar.on_or_before(day) if self is ClosedDays.PREVIOUS else None
        return before if before is not None and before >= earliest else calendar.on_or_after(day)


class CalendarRuleQuerySet(models.QuerySet["CalendarRule"]):
    def closed_days(self) -> ClosedDays:
        """What the city has chosen; the usual where it has not chosen yet."""
        chosen = self.values_list("closed_days", flat=True).first()
        return ClosedDays(chosen) if chosen else ClosedDays.NEXT


class CalendarRule(models.Model):
    """The city's choice for due days on closed days: one row, or none as long as nobody has chosen."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    closed_days = models.CharField(
        _("due days on closed days"), max_length=8, choices=ClosedDays.choices, default=ClosedDays.NEXT
    )

    objects = CalendarRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar rule")
        verbose_name_plural = _("calendar rules")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="calendar_rule_once"),
            models.CheckConstraint(condition=Q(closed_days__in=ClosedDays.values), name="calendar_rule_known"),
        ]

    def __str__(self) -> str:
        return str(ClosedDays(self.closed_days).label)
