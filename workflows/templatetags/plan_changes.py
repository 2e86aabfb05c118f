"""What a plan's page shows of its changes: `{% load plan_changes %}`."""

from typing import Any

from django import template
from django.utils import timezone

from departments.models import ActionPlan
from workflows.proposals import PlanChanges, changes_of

register = template.Library()


@register.simple_tag(takes_context=True)
def changes_of_plan(context: dict[str, Any], plan: ActionPlan) -> PlanChanges:
    """The changes of the plan for whoever reads the page."""
    return changes_of(plan, context["request"].user, timezone.localdate())
