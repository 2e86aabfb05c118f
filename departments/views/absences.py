"""Absences and deputies (不在と代理): one's own, and for administrators those of everybody."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from departments.access import get_absence, get_person
from departments.directory import absences_of, deputyships_of, posts_of
from departments.forms.absences import AbsenceForm, EndAbsenceForm
from departments.forms.changes import carry_out
from departments.models import Deputy, User
from departments.services.deputies import cancel_deputy, end_deputy, name_deputy


@require_safe
def absences(request: HttpRequest) -> HttpResponse:
    """My absences with who stands in for me, and for whom I stand in."""
    on = timezone.localdate()
    context = {
        "absences": absences_of(request.user),
        "deputyships": deputyships_of(request.user, on),
        "has_posts": posts_of(request.user, on).exists(),
        "today": on,
    }
    return render(request, "departments/absences.html", context)


class AbsenceAddView(View):
    """Enter an absence of one's own; not there for people with no post in which somebody could stand in."""

    next_page = "absences"

    def get_absent(self, request: HttpRequest, on: date, **kwargs: int) -> User:
        if not posts_of(request.user, on).exists():
            raise Http404
        return request.user

    def get(self, request: HttpRequest, **kwargs: int) -> HttpResponse:
        on = timezone.localdate()
        absent = self.get_absent(request, on, **kwargs)
        form = AbsenceForm(absent=absent, on=on, initial={"first_day": on})
        return self._page(request, absent, form)

    def post(self, request: HttpRequest, **kwargs: int) -> HttpResponse:
        on = timezone.localdate()
        absent = self.get_absent(request, on, **kwargs)
        form = AbsenceForm(request.POST, absent=absent, on=on)
        if form.is_valid() and (named := carry_out(form, lambda: self._name(request, absent, form, on))):
            messages.success(
                request, _("%(deputy)s stands in for %(absent)s.") % {"deputy": named.deputy, "absent": absent}
            )
            return redirect(self.next_page, **kwargs)
        return self._page(request, absent, form)

    @staticmethod
    def _name(request: HttpRequest, absent: User, form: AbsenceForm, on: date) -> Deputy:
        post = form.cleaned_data["post"]
        return name_deputy(
            by=request.user,
            absent=absent,
            role=post.role,
            department=post.department,
            deputy=form.cleaned_data["deputy"],
            first_day=form.cleaned_data["first_day"],
            last_day=form.cleaned_data["last_day"],
            now=timezone.now(),
            on=on,
        )

    def _page(self, request: HttpRequest, absent: User, form: AbsenceForm) -> HttpResponse:
        context = {"absent": absent, "form": form, "is_own": absent == request.user}
        return render(request, "departments/absence_add.html", context)


class PersonAbsenceAddView(AbsenceAddView):
    """An administrator enters it for somebody who cannot."""

    next_page = "person"

    def get_absent(self, request: HttpRequest, on: date, **kwargs: int) -> User:
        return get_person(request.user, kwargs["pk"], on)


class AbsenceEndView(View):
    """End an absence earlier, or remove one that has not begun."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        absence = get_absence(request.user, pk, on)
        return self._page(request, pk, EndAbsenceForm(initial={"last_day": max(on, absence.first_day)}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        absence = get_absence(request.user, pk, on)
        form = EndAbsenceForm(request.POST)
        if "cancel" in request.POST:
            form = EndAbsenceForm({"last_day": on})
            done = form.is_valid() and carry_out(form, lambda: cancel_deputy(by=request.user, deputy=absence, on=on))
        else:
            done = form.is_valid() and carry_out(
                form, lambda: end_deputy(by=request.user, deputy=absence, on=on, **form.cleaned_data)
            )
        if done:
            messages.success(request, _("The absence has been changed."))
            return redirect("absences") if absence.absent == request.user else redirect("person", absence.absent_id)
        return self._page(request, pk, form)

    @staticmethod
    def _page(request: HttpRequest, pk: int, form: EndAbsenceForm) -> HttpResponse:
        on = timezone.localdate()
        absence = get_absence(request.user, pk, on)
        context = {
            "absence": absence,
            "form": form,
            "has_begun": absence.first_day <= on,
            "is_own": absence.absent == request.user,
        }
        return render(request, "departments/absence_end.html", context)
