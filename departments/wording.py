"""How days, months, numbers and targets are said in a sentence, in the reader's language."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from departments.fiscal import calendar_month, wareki
from departments.models import Indicator
from departments.models.indicators import Direction, Kind
from departments.years import year_label


def day_text(day: date) -> str:
    """令和8年10月7日(水), or 7 Oct 2026 (Wed)."""
    return wareki(day) if get_language() == "ja" else format_date(day, "j M Y (D)")


def days_text(first: date, last: date) -> str:
    """令和8年10月7日(水)～令和8年10月9日(金); one day is said once."""
    if first == last:
        return day_text(first)
    return f"{day_text(first)}～{day_text(last)}" if get_language() == "ja" else f"{day_text(first)} – {day_text(last)}"


def moment_text(moment: datetime) -> str:
    """令和8年10月7日(水) 14:05, in the city's time."""
    local = timezone.localtime(moment)
    return f"{day_text(local.date())} {local:%H:%M}"


def month_text(fiscal_month: int) -> str:
    """1 → 4月, or Apr."""
    month = calendar_month(fiscal_month)
    return f"{month}月" if get_language() == "ja" else format_date(date(2000, month, 1), "M")


def months_text(first: int, last: int) -> str:
    """4～6月 for fiscal months 1 to 3; one month is said once."""
    if first == last:
        return month_text(first)
    if get_language() == "ja":
        return f"{calendar_month(first)}～{calendar_month(last)}月"
    return f"{month_text(first)}–{month_text(last)}"


def number_text(number: Decimal) -> str:
    """1234.50 → 1,234.5; no trailing zeros, never an exponent."""
    whole = f"{number:,.2f}"
    return whole.rstrip("0").rstrip(".")


def amount_text(indicator: Indicator, number: Decimal) -> str:
    """A number of the indicator with its unit: 82%, 3件, or 延べ100名 for heads that are counted each time."""
    prefix = _("a total of ") if indicator.kind == Kind.CUMULATIVE else ""
    return f"{prefix}{number_text(number)}{_unit(indicator)}"


def _unit(indicator: Indicator) -> str:
    if indicator.unit in ("%", ""):
        return indicator.unit
    return indicator.unit if get_language() == "ja" else f" {indicator.unit}"


def target_text(indicator: Indicator) -> str:
    """The target in words: 82%以上, 5%以下(令和7年度 6.7%), 0件, 移行完了."""
    text = bound_text(indicator)
    if indicator.each_department:
        text = _("each department: %(target)s") % {"target": text}
    if indicator.baseline is None or indicator.baseline_year is None:
        return text
    return _("%(target)s (%(year)s: %(baseline)s)") % {
        "target": text,
        "year": year_label(indicator.baseline_year),
        "baseline": amount_text(indicator, indicator.baseline),
    }


def bound_text(indicator: Indicator) -> str:
    """The target alone: 82%以上, 移行完了."""
    if indicator.target is None:
        return indicator.unit or _("Done")
    return _bounded(indicator, amount_text(indicator, indicator.target))


def _bounded(indicator: Indicator, amount: str) -> str:
    """Nothing lies below zero or above a whole share, so there the bound goes without saying."""
    if indicator.direction == Direction.AT_MOST:
        return amount if indicator.target == 0 else pgettext("target", "%(amount)s or less") % {"amount": amount}
    if indicator.unit == "%" and indicator.target == 100:
        return amount
    return pgettext("target", "%(amount)s or more") % {"amount": amount}
