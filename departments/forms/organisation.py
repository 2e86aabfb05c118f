"""Forms of the administration pages: departments, people, appointments."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from departments.forms.fields import DayField
from departments.models import Department, Role, User


class DepartmentChoice(forms.ModelChoiceField):
    """A department out of the tree, each below its parent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Department.objects.with_tree_fields(), **kwargs)

    def label_from_instance(self, department: Department) -> str:
        return f"{'　' * department.tree_depth}{department.name}"


class DepartmentForm(forms.ModelForm):
    parent = DepartmentChoice(label=_("Belongs to"), required=False, empty_label=_("Nothing (top of the tree)"))

    class Meta:
        model = Department
        fields = ["code", "name", "parent", "position"]
        field_classes = {"code": forms.SlugField}
        error_messages = {
            "code": {
                "unique": _("Another department has this code."),
                "invalid": _("Use only letters and digits of the Latin alphabet, - and _."),
            }
        }
        help_texts = {
            "code": _("Short and lasting, in letters and digits. The strategy file names departments by it."),
            "position": _("Smaller numbers come first among departments of the same level."),
        }


class AbolishForm(forms.Form):
    abolished_on = DayField(
        label=_("Abolished on"),
        required=False,
        help_text=_("From this day on the department no longer exists. Leave it empty to take an abolition back."),
    )


class PersonForm(forms.ModelForm):
    password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    class Meta:
        model = User
        fields = ["username", "name", "email", "language"]
        labels = {"name": _("Name"), "username": _("User name")}
        # Somebody else's: a browser must not fill in the administrator's own, but may keep the new log-in.
        widgets = {
            "username": forms.TextInput(attrs={"autocomplete": "username"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }
        help_texts = {"username": _("What the person logs in with: letters, digits and @ . + - _")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.fields["password"].label = _("First password")

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password:
            candidate = User(**{name: self.cleaned_data.get(name, "") for name in ("username", "name", "email")})
            validate_password(password, candidate)
        return password


class PersonSearchForm(forms.Form):
    q = forms.CharField(label=_("Name, user name, address or department"), required=False, max_length=100)


class AppointmentForm(forms.Form):
    department = DepartmentChoice(label=_("Department"), empty_label=_("Choose"))
    role = forms.ChoiceField(label=_("Role"), choices=[("", _("Choose")), *Role.choices])
    valid_from = DayField(label=_("From"))
    valid_until = DayField(
        label=_("Until"), required=False, help_text=_("The last day, if it is known already. Else leave it empty.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", ValidationError(_("The last day must not lie before the first.")))
        return cleaned


class EndAppointmentForm(forms.Form):
    last_day = DayField(label=_("Last day"), help_text=_("On this day the appointment still counts."))
