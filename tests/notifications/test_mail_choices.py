"""The page of a person's own choices about mails, through HTTP."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from departments.models import Role, User
from notifications.models import Bounce, MailChoice, OutgoingMail, Pace
from tests.factories import make_department, make_person, make_user
from tests.notifications.city import make_city, october, run

pytestmark = pytest.mark.django_db

PAGE = "/mail/settings/"
ROW = ("events", "pauses", "calendar")
DEFAULTS = (Pace.AT_ONCE, False, True)


@pytest.fixture
def sato() -> User:
    return make_person("sato", make_department(), Role.LEAD)


@pytest.fixture
def to_sato(client: Client, sato: User) -> Client:
    client.force_login(sato)
    return client


def chosen(person: User) -> tuple[str, bool, bool]:
    return MailChoice.objects.values_list(*ROW).get(user=person)


def test_whoever_never_chose_has_the_defaults_and_reading_changes_nothing(to_sato: Client) -> None:
    page = to_sato.get(PAGE)
    assert tuple(page.context["form"][name].value() for name in ROW) == DEFAULTS
    assert not MailChoice.objects.exists()


def test_the_page_says_where_mails_go_and_that_reminders_always_come(to_sato: Client) -> None:
    page = to_sato.get(PAGE).content.decode()
    assert "sato@city.example" in page
    assert "期限のお知らせと催促は、どちらを選んでも届きます(不在中の休止を除く)。" in page


def test_choosing_is_kept_and_said(to_sato: Client, sato: User) -> None:
    page = to_sato.post(PAGE, {"events": "daily", "pauses": "on"}, follow=True)
    assert (page.redirect_chain, chosen(sato)) == ([(PAGE, 302)], (Pace.DAILY, True, False))
    assert "通知の設定を保存しました。" in page.content.decode()
    to_sato.post(PAGE, {"events": "at_once", "calendar": "on"})
    assert chosen(sato) == DEFAULTS


def test_nobody_chooses_for_another(to_sato: Client, sato: User) -> None:
    tanaka = make_user("tanaka")
    to_sato.post(PAGE, {"events": "daily", "user": tanaka.pk, "by": tanaka.pk})
    assert list(MailChoice.objects.values_list("user", "events")) == [(sato.pk, "daily")]


@pytest.mark.parametrize("events", ["", "never", "daily\0", "毎日"])
def test_no_such_choice_is_told_and_changes_nothing(to_sato: Client, events: str) -> None:
    page = to_sato.post(PAGE, {"events": events, "pauses": "on"})
    assert (page.status_code, list(page.context["form"].errors)) == (200, ["events"])
    assert page.context["form"]["pauses"].value() is True
    assert not MailChoice.objects.exists()


def test_without_an_address_it_says_so(client: Client) -> None:
    client.force_login(make_user("nobody", email=""))
    assert "メールアドレスが登録されていないため、メールは届きません。" in client.get(PAGE).content.decode()


def test_an_address_that_mails_came_back_from_is_named(client: Client) -> None:
    city = make_city()
    city.open(october(1))
    run(october(1))
    city.extend(city.welfare_review, october(20).date(), "事情", city.mori, october(1, 10))
    run(october(1, 11))
    for row in OutgoingMail.objects.filter(recipient=city.sato):
        Bounce.objects.create(mail=row, address=row.address, status="5.1.1", is_hard=True, at=timezone.now())
    for person, warned in ((city.sato, True), (city.tanaka, False)):
        client.force_login(person)
        for page in (PAGE, "/"):  # and where everybody looks who hears of nothing by mail
            assert ("届かず戻ってきた" in client.get(page).content.decode()) == warned


def test_the_language_is_chosen_on_the_same_page(to_sato: Client, sato: User) -> None:
    page = to_sato.post("/language/", {"language": "en", "next": PAGE}, follow=True)
    sato.refresh_from_db()
    assert (page.redirect_chain, sato.language) == ([(PAGE, 302)], "en")
    assert "Reminders of due days and nudges come in either case" in page.content.decode()


def test_the_account_page_and_every_mail_lead_there(client: Client) -> None:
    city = make_city()
    city.open(october(1))
    run(october(1))
    client.force_login(city.sato)
    assert f'href="{PAGE}"' in client.get("/account/").content.decode()
    links = {re.search(r"通知の設定: (\S+)", message.body).group(1) for message in mail.outbox}
    assert (len(mail.outbox), links) == (3, {f"http://localhost:8000{PAGE}"})
