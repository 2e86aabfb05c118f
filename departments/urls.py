"""Addresses of this app's pages."""

from django.urls import path

from departments.views import absences, organisation, people, plans, search, strategy

urlpatterns = [
    path("search/", search.search, name="search"),
    path("strategy/", strategy.strategy, name="strategy"),
    path("strategy/<int:year>/", strategy.strategy, name="strategy_year"),
    path("plans/", plans.plans, name="plans"),
    path("plans/add/", plans.PlanAddView.as_view(), name="plan_add"),
    path("plans/<int:pk>/edit/", plans.PlanEditView.as_view(), name="plan_edit"),
    path("departments/", organisation.departments, name="departments"),
    path("departments/add/", organisation.DepartmentAddView.as_view(), name="department_add"),
    path("departments/<int:pk>/", organisation.DepartmentEditView.as_view(), name="department_edit"),
    path("people/", people.people, name="people"),
    path("people/add/", people.PersonAddView.as_view(), name="person_add"),
    path("people/<int:pk>/", people.PersonView.as_view(), name="person"),
    path("people/<int:pk>/edit/", people.PersonEditView.as_view(), name="person_edit"),
    path("people/<int:pk>/appointments/add/", people.AppointmentAddView.as_view(), name="appointment_add"),
    path("people/<int:pk>/absences/add/", absences.PersonAbsenceAddView.as_view(), name="person_absence_add"),
    path("absences/", absences.absences, name="absences"),
    path("absences/add/", absences.AbsenceAddView.as_view(), name="absence_add"),
    path("absences/<int:pk>/end/", absences.AbsenceEndView.as_view(), name="absence_end"),
    path("appointments/<int:pk>/end/", people.AppointmentEndView.as_view(), name="appointment_end"),
]
