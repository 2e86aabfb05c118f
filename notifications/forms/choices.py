"""The form of a person's own choices."""

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.models import MailChoice


class MailChoiceForm(forms.ModelForm):
    """How I want my mails. Reminders are not among it."""

    class Meta:
        model = MailChoice
        fields = ["events", "pauses", "calendar"]
        widgets = {"events": forms.RadioSelect}
        labels = {
            "events": _("When something happened"),
            "pauses": _("Pause while I am absent"),
            "calendar": _("Send due days as calendar entries"),
        }
        help_texts = {
            "events": _("Submitted, returned, approved, answered and the like. Together, it comes on working days."),
            "pauses": _(
                "While a deputy stands in for you, what they are asked in your place is not asked of you as well."
                " What is only for information comes when you are back."
            ),
            "calendar": _("A file (.ics) that your calendar program opens is attached to the mail."),
        }
