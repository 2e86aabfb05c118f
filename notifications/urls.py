"""Addresses of this app's pages."""

from django.urls import path

from notifications.views import addresses, choices, health, mails, reminders

urlpatterns = [
    path("healthz/mail", health.mail_health, name="mail_health"),
    path("mail/settings/", choices.MailChoicesView.as_view(), name="mail_choices"),
    path("mail/", mails.mail, name="mail"),
    path("mail/addresses/", addresses.mail_addresses, name="mail_addresses"),
    path("mail/<int:pk>/", mails.mail_message, name="mail_message"),
    path("reminders/", reminders.reminders, name="reminders"),
    path("reminders/preview/", reminders.reminders_preview, name="reminders_preview"),
    path("reminders/add/", reminders.RuleAddView.as_view(), name="reminder_add"),
    path("reminders/<int:pk>/", reminders.RuleEditView.as_view(), name="reminder_edit"),
]
