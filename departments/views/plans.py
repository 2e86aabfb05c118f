"""Plans: the list, and the pages on which one is started and edited. A plan's own page is `workflows`'."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from departments.access import get_plan_to_edit, rights, visible_plans
from departments.drafts import draft_of
from departments.errors import Refused, Stale
from departments.fiscal import fiscal_year_of
from departments.forms.changes import carry_out
from departments.forms.plan import PlanAddForm, PlanEditor, editor_of, has_room, with_change
from departments.models import ActionPlan
from departments.models.organisation import Permission
from departments.services import plans as services
from departments.strategy_tree import known_years

PAGE = 50
IN_TREE = (
    "department__parent__position",
    "department__parent__code",
    "department__position",
    "department__code",
    "kind",
)


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """The plans that the person may read, one fiscal year at a time."""
    on = timezone.localdate()
    visible = visible_plans(request.user, on)
    years = sorted(set(visible.order_by().values_list("fiscal_year", flat=True)), reverse=True)
    year = _year(request, years, on)
    rows = visible.filter(fiscal_year=year).annotate(measure_count=Count("measures")).order_by(*IN_TREE)
    context = {
        "years": years,
        "year": year,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "may_add": bool(known_years()) and rights(request.user, on).anywhere(Permission.DRAFT),
    }
    return render(request, "departments/plans.html", context)


def _year(request: HttpRequest, years: list[int], on: date) -> int:
    """The year asked for, if there are plans of it; else this one, else the newest."""
    asked = request.GET.get("year", "")
    if asked in map(str, years):
        return int(asked)
    current = fiscal_year_of(on)
    return current if current in years or not years else years[0]


class PlanAddView(View):
    """Start a department's plan, for whoever drafts for it."""

    def _form(self, request: HttpRequest) -> PlanAddForm:
        ids = rights(request.user, timezone.localdate()).departments(Permission.DRAFT)
        if not ids:
            raise Http404
        return PlanAddForm(request.POST or None, department_ids=ids, years=known_years())

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "departments/plan_add.html", {"form": self._form(request)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(request)
        started = form.is_valid() and carry_out(
            form, lambda: services.create_plan(by=request.user, **form.cleaned_data)
        )
        if started:
            messages.success(request, _("The plan has been started. Add its measures."))
            return redirect("plan_edit", pk=started.pk)
        return render(request, "departments/plan_add.html", {"form": form})


class PlanEditView(View):
    """Edit a draft plan with all its measures. Nothing is stored before «save», and only if nobody else saved since."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = get_plan_to_edit(request.user, pk, timezone.localdate())
        if not found.is_editable:
            messages.error(request, services.why_fixed(found))
            return redirect("plan", pk=pk)
        return self._page(request, found, editor_of(found, draft_of(found)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = get_plan_to_edit(request.user, pk, timezone.localdate())
        change = request.POST.get("change", "")
        if change:
            return self._with_other_rows(request, found, change)
        editor = PlanEditor(found, request.POST.dict(), check=True)
        if not editor.is_valid():
            return self._page(request, found, editor)
        version = editor.summary.cleaned_data["version"]
        try:
            services.save_plan(
                by=request.user, plan_id=found.pk, version=version, content=editor.to_draft(), now=timezone.now()
            )
        except Refused as refusal:
            return self._page(request, found, editor, refusal=refusal, status=409)
        messages.success(request, _("The plan has been saved."))
        return redirect("plan", pk=pk)

    def _with_other_rows(self, request: HttpRequest, found: ActionPlan, change: str) -> HttpResponse:
        typed, focus = request.POST.dict(), ""
        full = change.startswith("add") and not has_room(request.POST)
        if not full:
            typed, focus = with_change(typed, change)
        editor = PlanEditor(found, typed, check=False)
        editor.focus_on(focus)
        return self._page(request, found, editor, unsaved=not full, full=full)

    @staticmethod
    def _page(
        request: HttpRequest,
        found: ActionPlan,
        editor: PlanEditor,
        *,
        refusal: Refused | None = None,
        unsaved: bool = False,
        full: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "plan": found,
            "editor": editor,
            "refusal": refusal,
            "is_stale": isinstance(refusal, Stale),
            "unsaved": unsaved,
            "full": full,
        }
        return render(request, "departments/plan_edit.html", context, status=status)
