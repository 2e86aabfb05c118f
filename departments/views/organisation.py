"""Administration of the department tree."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from departments.access import get_department, require_administrator
from departments.directory import department_rows
from departments.forms.changes import carry_out
from departments.forms.organisation import AbolishForm, DepartmentForm
from departments.models import Department
from departments.services import organisation as services


@require_safe
def departments(request: HttpRequest) -> HttpResponse:
    on = timezone.localdate()
    require_administrator(request.user, on)
    return render(request, "departments/departments.html", {"rows": department_rows(on), "today": on})


class DepartmentAddView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        return self._page(request, DepartmentForm(initial={"parent": request.GET.get("parent")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        on = timezone.localdate()
        require_administrator(request.user, on)
        form = DepartmentForm(request.POST)
        if form.is_valid() and carry_out(
            form, lambda: services.add_department(by=request.user, on=on, **form.cleaned_data)
        ):
            messages.success(request, _("%(name)s has been added.") % {"name": form.cleaned_data["name"]})
            return redirect("departments")
        return self._page(request, form)

    @staticmethod
    def _page(request: HttpRequest, form: DepartmentForm) -> HttpResponse:
        return render(request, "departments/department_add.html", {"form": form})


class DepartmentEditView(View):
    """Two forms on one page: what the department is, and from when on it no longer exists."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        department = get_department(request.user, pk, timezone.localdate())
        form = DepartmentForm(instance=department)
        return self._page(request, department, form, AbolishForm(initial={"abolished_on": department.abolished_on}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        # The form writes what was typed into the row it is given, so the service gets its own.
        department, shown = get_department(request.user, pk, on), get_department(request.user, pk, on)
        if "abolish" in request.POST:
            form, abolish = DepartmentForm(instance=shown), AbolishForm(request.POST)
            asked, change = abolish, services.abolish_department
        else:
            form = DepartmentForm(request.POST, instance=shown)
            abolish = AbolishForm(initial={"abolished_on": department.abolished_on})
            asked, change = form, services.change_department
        if asked.is_valid() and carry_out(
            asked, lambda: change(by=request.user, on=on, department=department, **asked.cleaned_data)
        ):
            messages.success(request, _("%(name)s has been saved.") % {"name": department})
            return redirect("departments")
        return self._page(request, get_department(request.user, pk, on), form, abolish)

    @staticmethod
    def _page(request: HttpRequest, department: Department, form: DepartmentForm, abolish: AbolishForm) -> HttpResponse:
        context = {"department": department, "form": form, "abolish": abolish}
        return render(request, "departments/department_edit.html", context)
