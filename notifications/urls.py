"""Addresses of this app's pages."""

from django.urls import path

from notifications.views import choices, mails

urlpatterns = [
    path("mail/settings/", choices.MailChoicesView.as_view(), name="mail_choices"),
    path("mail/", mails.mail, name="mail"),
    path("mail/<int:pk>/", mails.mail_message, name="mail_message"),
]
