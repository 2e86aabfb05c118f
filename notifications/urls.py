"""Addresses of this app's pages."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("mail/", views.mail, name="mail"),
    path("mail/<int:pk>/", views.mail_message, name="mail_message"),
]
