"""Mails about nudges (催促) and moved due days (期限変更): to whoever has it, as long as they have it."""

from datetime import date

import pytest
from django.core import mail

from notifications.models import MailItem
from tests.notifications.city import City, make_city, october, run
from workflows.errors import ReviewError
from workflows.models import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    run(october(1))
    return city


def test_a_nudge_asks_the_department_with_its_message(city: City) -> None:
    city.nudge(city.tax_review, "数値だけでも\n先にお願いします", city.mori, october(2))
    subject = f"【めぐる】ご対応のお願い: 税務課 {city.checkpoint}"
    assert run(october(2)) == {"suzuki": [subject], "tanaka": [subject]}
    assert "依頼者: mori\n  メッセージ:\n    数値だけでも\n    先にお願いします\n" in mail.outbox[-1].body


def test_a_nudge_asks_a_slow_reviewer_or_approver(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    city.nudge(city.tax_review, "", city.hayashi, october(2, 10))
    subject = f"【めぐる】ご対応のお願い: 税務課 {city.checkpoint}"
    assert run(october(2, 10)) == {"mori": [subject]}
    assert "対応: 審査" in mail.outbox[-1].body
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(5))
    run(october(5))
    city.nudge(city.tax_review, "", city.mori, october(5, 10))
    assert run(october(5, 10)) == {"hayashi": [subject]}


def test_nobody_gets_two_a_day_about_one(city: City) -> None:
    city.nudge(city.tax_review, "", city.mori, october(2))
    run(october(2))
    with pytest.raises(ReviewError, match="催促済み"):
        city.nudge(city.tax_review, "", city.hayashi, october(2, 10))
    assert run(october(2, 10)) == {}
    city.nudge(city.tax_review, "", city.hayashi, october(3))
    assert set(run(october(3))) == {"suzuki", "tanaka"}
    nudged = MailItem.objects.filter(event__kind="nudged")
    assert sorted((item.mail.recipient.username, item.event.by.username) for item in nudged) == [
        (name, by) for name in ("suzuki", "tanaka") for by in ("hayashi", "mori")
    ]


def test_what_is_done_meanwhile_is_asked_of_nobody(city: City) -> None:
    city.nudge(city.tax_review, "", city.mori, october(2))
    city.submit(city.tax_review, city.tanaka, october(2))
    assert run(october(2)) == {"mori": [f"【めぐる】審査のお願い: 税務課 {city.checkpoint}"]}


def test_several_nudges_of_one_person_come_in_one_mail(city: City) -> None:
    for review in (city.tax_review, city.welfare_review):
        city.submit(review, city.tanaka if review == city.tax_review else city.sato, october(2))
    run(october(2))
    for review in (city.tax_review, city.welfare_review):
        city.nudge(review, "", city.hayashi, october(2, 10))
    assert run(october(2, 10)) == {"mori": [f"【めぐる】ご対応のお願い: 税務課 ほか1件 {city.checkpoint}"]}


def test_whoever_has_a_review_is_told_of_its_new_due_day(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2))
    city.move(date(2026, 10, 16), city.kanri, october(2, 10))  # of the submission alone
    assert run(october(2, 10)) == {"sato": [f"【めぐる】期限変更: 福祉課 {city.checkpoint}"]}
    assert "  期限: 令和8年10月16日(金)(あと9営業日)\n  変更前の期限: 令和8年10月14日(水)\n  変更者: kanri\n" in (
        mail.outbox[-1].body
    )
    city.move(date(2026, 10, 23), city.kanri, october(5))
    assert run(october(5)) == {
        "mori": [f"【めぐる】期限変更: 税務課 {city.checkpoint}"],
        "sato": [f"【めぐる】期限変更: 福祉課 {city.checkpoint}"],
    }
