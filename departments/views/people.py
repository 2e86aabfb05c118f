"""Administration of people and what they are appointed to."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from departments.access import get_appointment, get_person, require_administrator
from departments.directory import absences_of, appointments_of, find_people, posts_of
from departments.errors import Refused
from departments.forms.changes import carry_out
from departments.forms.organisation import AppointmentForm, EndAppointmentForm, PersonForm, PersonSearchForm
from departments.models import User
from departments.services import appointments as appointment_services
from departments.services import people as services

PAGE = 50


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    on = timezone.localdate()
    require_administrator(request.user, on)
    form = PersonSearchForm(request.GET)
    found = find_people(form.cleaned_data["q"] if form.is_valid() else "", on)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "departments/people.html", {"form": form, "page": page})


class PersonAddView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        return self._page(request, PersonForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        require_administrator(request.user, timezone.localdate())
        form = PersonForm(request.POST)
        added = form.is_valid() and carry_out(form, lambda: services.add_person(by=request.user, **form.cleaned_data))
        if added:
            messages.success(request, _("%(name)s has been added. Now appoint them.") % {"name": added})
            return redirect("person", pk=added.pk)
        return self._page(request, form)

    @staticmethod
    def _page(request: HttpRequest, form: PersonForm) -> HttpResponse:
        return render(request, "departments/person_add.html", {"form": form})


class PersonEditView(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_person(request.user, pk, timezone.localdate())
        return self._page(request, person, PersonForm(instance=person))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        # The form writes what was typed into the row it is given, so the service gets its own.
        person, shown = get_person(request.user, pk, on), get_person(request.user, pk, on)
        form = PersonForm(request.POST, instance=shown)
        if form.is_valid() and carry_out(
            form, lambda: services.change_person(by=request.user, person=person, **form.cleaned_data)
        ):
            messages.success(request, _("%(name)s has been saved.") % {"name": person})
            return redirect("person", pk=pk)
        return self._page(request, get_person(request.user, pk, on), form)

    @staticmethod
    def _page(request: HttpRequest, person: User, form: PersonForm) -> HttpResponse:
        return render(request, "departments/person_edit.html", {"person": person, "form": form})


class PersonView(View):
    """One person with all their appointments; buttons to shut them out and let them in again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        person = get_person(request.user, pk, on)
        context = {
            "person": person,
            "appointments": appointments_of(person),
            "absences": absences_of(person),
            "has_posts": posts_of(person, on).exists(),
            "today": on,
        }
        return render(request, "departments/person.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        person = get_person(request.user, pk, on)
        try:
            if "deactivate" in request.POST:
                services.deactivate_person(by=request.user, person=person, on=on)
                messages.success(request, _("%(name)s can no longer log in.") % {"name": person})
            elif "reactivate" in request.POST:
                services.reactivate_person(by=request.user, person=person, on=on)
                messages.success(request, _("%(name)s can log in again.") % {"name": person})
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("person", pk=pk)


class AppointmentAddView(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        person = get_person(request.user, pk, on)
        return self._page(request, person, AppointmentForm(initial={"valid_from": on}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        person = get_person(request.user, pk, on)
        form = AppointmentForm(request.POST)
        if form.is_valid() and carry_out(
            form, lambda: appointment_services.appoint(by=request.user, user=person, on=on, **form.cleaned_data)
        ):
            messages.success(request, _("%(name)s has been appointed.") % {"name": person})
            return redirect("person", pk=pk)
        return self._page(request, person, form)

    @staticmethod
    def _page(request: HttpRequest, person: User, form: AppointmentForm) -> HttpResponse:
        return render(request, "departments/appointment_add.html", {"person": person, "form": form})


class AppointmentEndView(View):
    """End an appointment with a day, or remove one that has not begun."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        appointment = get_appointment(request.user, pk, on)
        last_day = appointment.valid_until or max(on, appointment.valid_from)
        return self._page(request, pk, EndAppointmentForm(initial={"last_day": last_day}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        on = timezone.localdate()
        appointment = get_appointment(request.user, pk, on)
        form = EndAppointmentForm(request.POST)
        if "cancel" in request.POST:
            form = EndAppointmentForm({"last_day": on})
            done = form.is_valid() and carry_out(
                form, lambda: appointment_services.cancel_appointment(by=request.user, appointment=appointment, on=on)
            )
        else:
            done = form.is_valid() and carry_out(
                form,
                lambda: appointment_services.end_appointment(
                    by=request.user, appointment=appointment, on=on, **form.cleaned_data
                ),
            )
        if done:
            messages.success(request, _("The appointment has been changed."))
            return redirect("person", pk=appointment.user_id)
        return self._page(request, pk, form)

    @staticmethod
    def _page(request: HttpRequest, pk: int, form: EndAppointmentForm) -> HttpResponse:
        on = timezone.localdate()
        appointment = get_appointment(request.user, pk, on)
        context = {"appointment": appointment, "form": form, "has_begun": appointment.valid_from <= on}
        return render(request, "departments/appointment_end.html", context)
