"""Who did what happened, and in whose place: `{% load doers %}`."""

from django import template

from workflows.models import Event
from workflows.wording import doer_of

register = template.Library()


@register.filter
def doer(event: Event) -> str:
    """乙, or 乙(甲の代決)."""
    return doer_of(event)
