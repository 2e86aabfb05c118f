"""Django's admin, for operators (superusers): to look, and to mend log-ins. The city works on its own pages."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from departments.models import (
    ActionPlan,
    Appointment,
    CalendarDay,
    Department,
    Deputy,
    Indicator,
    Initiative,
    Measure,
    Strategy,
    User,
)

# Rights follow from appointments alone; a group would give them everywhere at once.
admin.site.unregister(Group)


class LookOnly:
    """Rows change through the services, which keep rights, versions and history true; here they are only read."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NewUserForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "name", "email")


@admin.register(User)
class PersonAdmin(UserAdmin):
    """The first operator makes the first administrator here or by the command createsuperuser."""

    add_form = NewUserForm
    list_display = ("username", "name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "name", "email")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("name", "email", "language")}),
        (_("Operator"), {"fields": ("is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "email", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """People are deactivated, never deleted: history points to them."""
        return False


@admin.register(Department)
class DepartmentAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("code", "name", "parent", "abolished_on")
    list_select_related = ("parent",)
    search_fields = ("code", "name")


@admin.register(Appointment)
class AppointmentAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("user", "department", "role", "valid_from", "valid_until")
    list_select_related = ("user", "department")
    list_filter = ("role",)
    search_fields = ("user__username", "user__name", "department__name")


@admin.register(Deputy)
class DeputyAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("absent", "role", "department", "deputy", "first_day", "last_day")
    list_select_related = ("absent", "department", "deputy")
    list_filter = ("role",)
    search_fields = ("absent__username", "absent__name", "deputy__username", "deputy__name")


@admin.register(CalendarDay)
class CalendarDayAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("day", "is_open", "name")


class InitiativeInline(LookOnly, admin.TabularInline):
    model = Initiative
    fields = ("number", "theme", "title")


@admin.register(Strategy)
class StrategyAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("fiscal_year", "title")
    inlines = (InitiativeInline,)


@admin.register(Indicator)
class IndicatorAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("code", "title", "kind", "direction", "target", "unit", "department")
    list_select_related = ("department",)
    list_filter = ("kind",)
    search_fields = ("code", "title")


class MeasureInline(LookOnly, admin.TabularInline):
    model = Measure
    fields = ("number", "title", "initiative", "first_month", "last_month", "priority")


@admin.register(ActionPlan)
class ActionPlanAdmin(LookOnly, admin.ModelAdmin):
    list_display = ("department", "fiscal_year", "kind", "state", "version")
    list_select_related = ("department",)
    list_filter = ("fiscal_year", "state", "kind")
    search_fields = ("department__name",)
    inlines = (MeasureInline,)
