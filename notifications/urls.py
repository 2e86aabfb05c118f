"""Addresses of this app's pages."""

from django.urls import path

from notifications.views import addresses, choices, health, mails

urlpatterns = [
    path("healthz/mail", health.mail_health, name="mail_health"),
    path("mail/settings/", choices.MailChoicesView.as_view(), name="mail_choices"),
    path("mail/", mails.mail, name="mail"),
    path("mail/addresses/", addresses.mail_addresses, name="mail_addresses"),
    path("mail/<int:pk>/", mails.mail_message, name="mail_message"),
]
