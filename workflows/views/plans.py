"""A plan's own page, with its year. The list of plans and the page on which one is edited are `departments`'."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from departments.access import get_plan, rights
from departments.content import plan_problems
from departments.models.organisation import Permission
from workflows.plan_page import open_plan


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one plan that the person may read."""
    on = timezone.localdate()
    found = get_plan(request.user, pk, on)
    may_edit = found.is_editable and rights(request.user, on).has(Permission.DRAFT, found.department_id)
    context = {
        "plan": found,
        "page": open_plan(found, request.user, on),
        "may_edit": may_edit,
        "problems": plan_problems(found) if may_edit else [],
        "on": on,
    }
    return render(request, "workflows/plan.html", context)
