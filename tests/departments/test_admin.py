"""Django's admin: operators look at everything, mend log-ins, and change no row that a service keeps."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from departments.models import User
from tests.factories import PASSWORD, make_department, make_indicator, make_person, make_plan, make_user

pytestmark = pytest.mark.django_db

OWN = [model for model in admin.site._registry if model._meta.app_label == "departments"]


@pytest.fixture
def operator() -> Client:
    User.objects.create_superuser("operator", "operator@city.example", PASSWORD, name="運用")
    client = Client()
    client.force_login(User.objects.get(username="operator"))
    return client


def test_every_list_and_row_opens(operator):
    make_person("sato", make_department("dx"))
    make_plan(make_department("joho"), measures=1)
    make_indicator()
    for model in OWN:
        name = f"admin:departments_{model._meta.model_name}"
        assert operator.get(reverse(f"{name}_changelist")).status_code == 200
        for row in model.objects.all():
            assert operator.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_only_people_are_changed_here_and_none_deleted(operator):
    for model in OWN:
        name = f"admin:departments_{model._meta.model_name}"
        assert operator.get(reverse(f"{name}_add")).status_code == (200 if model is User else 403)
    sato = make_user("sato")
    assert operator.post(reverse("admin:departments_user_delete", args=[sato.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=sato.pk).exists()


def test_an_operator_adds_the_first_administrators_log_in(operator):
    fields = {"username": "first", "name": "最初", "email": "", "usable_password": "true"}
    operator.post(reverse("admin:departments_user_add"), {**fields, "password1": PASSWORD, "password2": PASSWORD})
    assert Client().login(username="first", password=PASSWORD)
