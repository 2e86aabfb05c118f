"""How forms look and the forms of the frame itself: log in, change the password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _


class DescribedField(BoundField):
    """A field whose every control is described by its help and errors.

    Django describes only the <fieldset> of a group, which some screen readers don't read out.
    """

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        if self.use_fieldset and self.aria_describedby:
            attrs.setdefault("aria-describedby", self.aria_describedby)
        return attrs


class FieldRenderer(DjangoTemplates):
    """Label, 必須 or 任意, help, control, errors below: `{{ form.field.as_field_group }}`."""

    field_template_name = "ui/field.html"
    bound_field_class = DescribedField


class LoginForm(AuthenticationForm):
    """The same answer for a wrong name, a wrong password and a person who has left."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _(
            "The user name or the password is not right. Check capital and small letters and enter both again."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")
        self.error_messages["inactive"] = self.error_messages["invalid_login"]


class PasswordForm(PasswordChangeForm):
    """A new password, on a page that shows other things first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["old_password"].widget.attrs["autofocus"]
