"""Who did what is on record, and in whose place: `{% load doers %}`."""

from django import template

from workflows.models import Decision, Event, Submission
from workflows.wording import doer_of

register = template.Library()


@register.filter
def doer(record: Event | Decision | Submission) -> str:
    """乙, or 乙(甲の代決)."""
    return doer_of(record)
