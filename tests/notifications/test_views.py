"""The outbox pages: for administrators only, few queries, everything about a mail."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.models import MailKind, Outcome, OutgoingMail, Status
from tests.factories import appoint, make_person, make_user
from tests.notifications.city import City, make_city, october, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    run(october(1))
    return city


@pytest.fixture
def keeper(city: City, client: Client) -> Client:
    client.force_login(city.kanri)
    return client


def listed(client: Client, **query: Any) -> list[str]:
    return [row.recipient.username for row in client.get(reverse("mail"), query).context["page_obj"]]


@pytest.mark.parametrize("name", ["tanaka", "suzuki", "mori", "hayashi"])
def test_nobody_but_administrators_sees_mails(city: City, client: Client, name: str) -> None:
    client.force_login(getattr(city, name))
    row = OutgoingMail.objects.first()
    assert client.get(reverse("mail")).status_code == 404
    assert client.get(reverse("mail_message", args=[row.pk])).status_code == 404


def test_the_list_is_searched_and_filtered(keeper: Client, city: City) -> None:
    assert sorted(listed(keeper)) == ["sato", "suzuki", "tanaka"]
    assert listed(keeper, q="tanaka@city") == ["tanaka"]
    assert listed(keeper, q="2Q suzuki") == ["suzuki"]
    assert listed(keeper, q="誰でもない") == []
    assert listed(keeper, outcome=Outcome.UNDELIVERED) == []
    assert len(listed(keeper, outcome=Outcome.SENT, page="999")) == 3
    assert len(listed(keeper, page="x")) == 3


def test_a_word_is_found_however_wide_it_was_typed(keeper: Client, city: City) -> None:
    city.tanaka.name = "田中 ﾀﾛｳ"
    city.tanaka.save(update_fields=["name"])
    city.sato.name = "ＳＡＴＯ 花子"
    city.sato.save(update_fields=["name"])
    assert listed(keeper, q="ﾀﾛｳ") == ["tanaka"]
    assert listed(keeper, q="SATO") == ["sato"]
    assert listed(keeper, q="sato　花子") == ["sato"]
    assert listed(keeper, q="ＴＡＮＡＫＡ＠city") == ["tanaka"]
    assert len(listed(keeper, q="２Ｑ進捗")) == 3


def test_a_name_is_found_without_the_blank_in_it(keeper: Client, city: City) -> None:
    city.tanaka.name, city.sato.name = "田中 悠人", "佐藤　花子"
    for person in (city.tanaka, city.sato):
        person.save(update_fields=["name"])
    assert listed(keeper, q="田中悠人") == ["tanaka"]
    assert listed(keeper, q="佐藤花子") == ["sato"]


def test_who_finds_nothing_is_told_how_to_find_more(keeper: Client) -> None:
    page = keeper.get(reverse("mail"), {"q": "誰でもない"}).content.decode()
    assert "条件に合うメールはありません" in page
    assert "氏名は姓だけでも検索できます。" in page


def test_by_department_and_whatever_is_below_it(keeper: Client, city: City) -> None:
    assert sorted(listed(keeper, department=city.tax.pk)) == ["suzuki", "tanaka"]
    assert sorted(listed(keeper, department=city.root.pk)) == ["sato", "suzuki", "tanaka"]


def test_by_kind_reason_and_day(keeper: Client, city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(5))
    run(october(5))
    run(october(6))
    assert listed(keeper, kind=MailKind.SUBMITTED) == ["mori"]
    assert listed(keeper, why="event:submitted") == ["mori"]
    assert listed(keeper, why="event:approved") == []
    assert "sato" in listed(keeper, kind=MailKind.DIGEST)
    assert listed(keeper, why="to:lead", department=city.welfare.pk) == ["sato"]
    assert listed(keeper, why="day:before", q="sato") == ["sato"]
    assert listed(keeper, why="day:after") == listed(keeper, why="day:on") == []
    assert listed(keeper, first="2026-10-05", last="2026-10-05") == ["mori"]
    assert sorted(listed(keeper, last="2026-10-01")) == ["sato", "suzuki", "tanaka"]
    assert listed(keeper, first="2026-10-07") == listed(keeper, first="9999-12-31") == []
    assert len(listed(keeper, last="9999-12-31")) == len(listed(keeper))
    assert listed(keeper, kind=MailKind.SUBMITTED, q="tanaka") == []


def test_what_nobody_can_mean_is_said_and_the_rest_still_narrows(keeper: Client, city: City) -> None:
    asked = {
        "department": "x",
        "kind": "x",
        "why": "x",
        "outcome": "x",
        "first": "x",
        "last": "0008-01-01",
        "q": "sato",
    }
    response = keeper.get(reverse("mail"), asked)
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == asked.keys() - {"q"}
    assert [row.recipient.username for row in response.context["page_obj"]] == ["sato"]


def test_a_status_nobody_knows_gets_a_sentence_and_all_mails(keeper: Client) -> None:
    response = keeper.get(reverse("mail"), {"outcome": "lost", "q": "x" * 101})
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"outcome", "q"}
    assert len(response.context["page_obj"]) == 3


def test_failures_are_shown_with_their_reason(keeper: Client, city: City) -> None:
    appoint(make_user("nomail", email=""), city.tax)
    city.submit(city.tax_review, city.tanaka, october(1, 10))
    city.withdraw(city.tax_review, city.tanaka, october(1, 11))
    run(october(1, 11))
    page = keeper.get(reverse("mail"), {"outcome": Outcome.UNDELIVERED}).content.decode()
    assert "メールアドレスが登録されていません" in page


def test_a_mail_is_read_with_the_reason_it_was_written_for(keeper: Client, city: City) -> None:
    row = OutgoingMail.objects.get(recipient=city.tanaka)
    page = keeper.get(reverse("mail_message", args=[row.pk])).content.decode()
    for text in ("tanaka 様", row.message_id.strip("<>"), "auto-generated", "送信済み", str(city.tax_review)):
        assert text in page


def test_a_mail_that_waits_has_no_text_yet(keeper: Client, city: City, settings: Any) -> None:
    city.submit(city.tax_review, city.tanaka, october(1, 10))
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    make_person("ono", city.root, "reviewer")
    run(october(1, 10))
    row = OutgoingMail.objects.filter(status=Status.PENDING).get()
    page = keeper.get(reverse("mail_message", args=[row.pk])).content.decode()
    assert "まだ本文はありません" in page


def test_a_reminder_is_read_with_its_rule_in_words(keeper: Client, city: City) -> None:
    run(october(6))
    row = OutgoingMail.objects.get(recipient=city.tanaka, kind=MailKind.DIGEST)
    page = keeper.get(reverse("mail_message", args=[row.pk])).content.decode()
    assert "提出期限の5営業日前、所属長へ" in page
    assert "メールサーバーに渡しました" in page


def test_text_of_people_is_shown_as_text(keeper: Client, city: City) -> None:
    city.tanaka.name = "<script>alert(1)</script>"
    city.tanaka.save(update_fields=["name"])
    city.submit(city.tax_review, city.tanaka, october(1, 10))
    run(october(1, 10))
    row = OutgoingMail.objects.get(recipient=city.mori)
    page = keeper.get(reverse("mail_message", args=[row.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_no_such_mail(keeper: Client) -> None:
    assert keeper.get(reverse("mail_message", args=[10**9])).status_code == 404


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def test_as_many_queries_for_many_mails_as_for_few(keeper: Client, city: City) -> None:
    few = queries(keeper, reverse("mail"))
    for number in range(30):
        make_person(f"editor{number}", city.tax)
    city.submit(city.tax_review, city.tanaka, october(1, 10))
    city.withdraw(city.tax_review, city.tanaka, october(1, 11))
    run(october(1, 11))
    assert OutgoingMail.objects.count() == 34
    assert queries(keeper, reverse("mail")) == few <= 12
