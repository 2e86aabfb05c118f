"""What templates say about plans and indicators: `{% load planning %}`."""

from django import template

from departments.fiscal import MONTHS
from departments.models import Indicator, Measure
from departments.timeline import Line, timeline
from departments.wording import month_text, months_text, target_text
from departments.years import year_label

register = template.Library()


@register.filter
def target(indicator: Indicator) -> str:
    """82%以上, 5%以下(令和7年度 6.7%), 0件, 移行完了."""
    return target_text(indicator)


@register.filter
def months(row: Measure) -> str:
    """The months of a measure or a milestone: 4～6月."""
    return months_text(row.first_month, row.last_month)


@register.filter
def lines(measure: Measure) -> list[Line]:
    return timeline(measure)


register.filter(year_label)


@register.simple_tag
def month_names() -> list[str]:
    """The twelve months of a fiscal year, April first."""
    return [month_text(month) for month in MONTHS]
