"""通知の設定: for everybody, about their own mails alone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from departments.models.people import Language
from notifications.choices import choice_of
from notifications.forms.choices import MailChoiceForm
from notifications.models import Bounce
from notifications.services.choices import choose


class MailChoicesView(View):
    """通知の設定"""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, MailChoiceForm(instance=choice_of(request.user)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MailChoiceForm(request.POST, instance=choice_of(request.user))
        if not form.is_valid():
            return self._page(request, form)
        choose(by=request.user, **form.cleaned_data)
        messages.success(request, _("Your choices have been saved."))
        return redirect("mail_choices")

    @staticmethod
    def _page(request: HttpRequest, form: MailChoiceForm) -> HttpResponse:
        address = request.user.email
        context = {
            "form": form,
            "languages": Language.choices,
            "is_dead": bool(address and Bounce.objects.dead([address])),
        }
        return render(request, "notifications/choices.html", context)
