"""What administrators type about the days on which the city is closed or open."""

import re
from collections.abc import Iterator
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import DayField, LinesField
from departments.models import CalendarDay, ClosedDays
from departments.wording import day_text
from workflows.services.calendar import OwnDay

# A city's table says nothing about the time before 令和 or after this century.
FIRST, LAST = date(2019, 4, 1), date(2100, 3, 31)
MOST_LINES = 200
# 2026-10-01, 2026/10/1 or 2026年10月1日, in digits of either width, and a name behind a comma, a blank or a tab.
LINE = re.compile(r"(\d{4})[-/.年－／．](\d{1,2})[-/.月－／．](\d{1,2})日?[\s,，、]+(\S.*)")


def within_reach(day: date) -> None:
    if not FIRST <= day <= LAST:
        span = {"first": day_text(FIRST), "last": day_text(LAST)}
        raise ValidationError(gettext("Choose a day from %(first)s to %(last)s.") % span)


class CalendarDayForm(forms.ModelForm):
    day = DayField(
        label=_("Day"),
        validators=[within_reach],
        error_messages={"unique": _("This day is in the list already. Remove it there to change it.")},
    )
    is_open = forms.TypedChoiceField(
        label=_("What it is"),
        choices=[("closed", pgettext_lazy("calendar", "Closed")), ("open", pgettext_lazy("calendar", "Open"))],
        coerce=lambda chosen: chosen == "open",
        widget=forms.RadioSelect,
        initial="closed",
    )

    class Meta:
        model = CalendarDay
        fields = ["day", "is_open", "name"]
        help_texts = {"name": _("What people call the day, such as “city hall inspection”.")}

    def own_days(self) -> list[OwnDay]:
        return [OwnDay(**self.cleaned_data)]


class CalendarLinesForm(forms.Form):
    """Closed days, one a line: the day, a comma and its name."""

    lines = LinesField(
        label=_("Closed days, one a line"),
        help_text=_("Such as: 2026-10-01, city foundation day"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )

    def clean_lines(self) -> str:
        """Every line that is wrong is told by its number."""
        text = self.cleaned_data["lines"]
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("These are more than %(most)d lines."), params={"most": MOST_LINES})
        self.days: dict[date, OwnDay] = {}
        known = set(CalendarDay.objects.values_list("day", flat=True))
        errors = list(self._faults(lines, known))
        if errors:
            raise ValidationError(errors)
        return text

    def _faults(self, lines: list[tuple[int, str]], known: set[date]) -> Iterator[ValidationError]:
        for number, line in lines:
            try:
                own = _own_day(line)
                if own.day in known or own.day in self.days:
                    raise ValidationError(gettext("%(day)s is in the list already.") % {"day": day_text(own.day)})
                self.days[own.day] = own
            except ValidationError as error:
                for message in error.messages:
                    told = gettext("Line %(n)d: %(message)s") % {"n": number, "message": message}
                    yield ValidationError(told)

    def own_days(self) -> list[OwnDay]:
        return list(self.days.values())


def _own_day(line: str) -> OwnDay:
    """The closed day that a line names; ValidationError says what is wrong with it."""
    found = LINE.fullmatch(line.strip())
    if found is None:
        raise ValidationError(gettext("Write the day, a comma and a name, such as 2026-10-01, city foundation day."))
    year, month, day, name = found.groups()
    try:
        own = OwnDay(date(int(year), int(month), int(day)), name)
    except ValueError as error:
        raise ValidationError(gettext("There is no such day.")) from error
    within_reach(own.day)
    CalendarDay._meta.get_field("name").clean(name, None)
    return own


class ClosedDaysForm(forms.Form):
    closed_days = forms.ChoiceField(
        label=_("What becomes of a due day when the city closes on it"),
        choices=ClosedDays.choices,
        widget=forms.RadioSelect,
    )
