"""What templates say about plans and indicators: `{% load planning %}`."""

from django import template

from departments.models import Indicator, Measure
from departments.wording import months_text, target_text
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


register.filter(year_label)
