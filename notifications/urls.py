"""Addresses of this app's pages."""

from django.urls import path

from notifications.views import mails

urlpatterns = [
    path("mail/", mails.mail, name="mail"),
    path("mail/<int:pk>/", mails.mail_message, name="mail_message"),
]
