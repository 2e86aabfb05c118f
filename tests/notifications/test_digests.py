"""The mail of the day: what it says to whom, what waits for it, and that there is never a second one."""

import re
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from departments.models import Department, Role, User
from departments.models.plans import PlanState
from departments.services.people import deactivate_person
from notifications.backlog import fold
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import (
    Audience,
    MailItem,
    MailKind,
    Occasion,
    OutgoingMail,
    Pace,
    Reason,
    ReminderRule,
    Status,
)
from notifications.reminders import remind
from notifications.services.choices import choose
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import OPENING, City, at, days, make_city, october, run
from workflows.models import Outcome, Review

pytestmark = pytest.mark.django_db

AWAY = "tests.notifications.test_event_rules.AwayBackend"
NUMBER = re.compile(r"/reviews/\d+/")


@pytest.fixture
def city(db: None) -> City:
    """On 1 October at nine; nobody is told that all has come in, which other tests count."""
    ReminderRule.objects.filter(occasion=Occasion.ALL_IN).delete()
    city = make_city()
    city.open()
    run(at(OPENING))
    run(october(1))
    return city


def daily(*people: User) -> None:
    for person in people:
        choose(by=person, events=Pace.DAILY, pauses=False, calendar=True)


def last_to(name: str) -> Any:
    return [message for message in mail.outbox if message.to == [f"{name}@city.example"]][-1]


def text_of(name: str) -> str:
    """The last mail to them between the greeting and the foot, as it reads."""
    body = last_to(name).body.split("\n--\n")[0].split("\n", 2)[2]
    return NUMBER.sub("/reviews/…/", body)


# ---- what happened, together


def test_who_chose_so_hears_of_what_happened_in_the_mail_of_the_next_morning(city: City) -> None:
    daily(city.mori)
    tax, welfare = city.tax_review, city.welfare_review
    city.submit(tax, city.tanaka, october(1, 10))
    city.submit(welfare, city.sato, october(1, 10))
    assert run(october(1, 11)) == {}
    city.decide(welfare, Outcome.PASSED, city.mori, october(1, 12))
    city.decide(welfare, Outcome.APPROVED, city.hayashi, october(1, 13))
    assert "mori" not in run(october(1, 14))
    assert run(october(2, 7)) == {}
    assert run(october(2, 8)) == {"mori": ["【めぐる】対応待ち1件、お知らせ1件"]}
    assert text_of("mori") == (
        "令和8年10月2日(金)現在、下記の対応をお待ちしています(期限の早い順)。\n\n"
        "■ 税務課 令和8年度 実行プラン\n"
        "  令和8年度 2Q進捗確認\n"
        "  対応: 審査\n"
        "  期限: 令和8年10月21日(水)(あと12営業日)\n"
        "  http://localhost:8000/reviews/…/\n\n"
        "◆ 提出 令和8年度 2Q進捗確認\n\n"
        "■ 税務課 令和8年度 実行プラン\n"
        "  期限: 令和8年10月21日(水)(あと12営業日)\n"
        "  提出者: tanaka\n"
        "  http://localhost:8000/reviews/…/\n\n"
        "◆ 承認済み 令和8年度 2Q進捗確認\n\n"
        "■ 福祉課 令和8年度 実行プラン\n"
        "  承認者: hayashi\n"
        "  http://localhost:8000/reviews/…/\n"
    )
    assert run(october(2, 15)) == {}


def test_with_nothing_to_do_it_is_only_about_what_happened(city: City) -> None:
    daily(city.sato)
    city.submit(city.welfare_review, city.sato, october(1, 10))
    city.decide(city.welfare_review, Outcome.PASSED, city.mori, october(1, 10))
    city.decide(city.welfare_review, Outcome.APPROVED, city.hayashi, october(1, 10))
    run(october(1, 12))
    assert run(october(2, 9)) == {"sato": ["【めぐる】お知らせ1件"]}
    assert text_of("sato").startswith("このメールはお知らせです。対応の必要はありません。\n\n◆ 承認済み ")


def test_what_happens_on_a_friday_is_told_on_monday(city: City) -> None:
    daily(city.mori)
    run(october(2))
    city.submit(city.welfare_review, city.sato, october(2, 20))
    assert [day for day in days(date(2026, 10, 2), date(2026, 10, 9)) if "mori" in run(at(day, 21))] == [
        date(2026, 10, 5)
    ]


def test_a_nudge_and_a_reminder_never_wait(city: City) -> None:
    daily(city.sato)
    assert run(october(6))["sato"] == ["【めぐる】対応待ち1件"]


def test_what_waits_goes_with_the_next_mail_whatever_is_chosen_meanwhile(city: City) -> None:
    daily(city.mori)
    city.submit(city.welfare_review, city.sato, october(1, 10))
    run(october(1, 11))
    choose(by=city.mori, events=Pace.AT_ONCE, pauses=False, calendar=True)
    city.submit(city.tax_review, city.tanaka, october(1, 12))
    assert len(run(october(1, 13))["mori"]) == 1
    assert run(october(2))["mori"] == ["【めぐる】対応待ち2件"]
    assert not MailItem.objects.filter(mail=None).exists()


def test_what_is_done_by_the_morning_is_left_out(city: City) -> None:
    daily(city.mori)
    city.submit(city.welfare_review, city.sato, october(1, 10))
    run(october(1, 11))
    city.withdraw(city.welfare_review, city.sato, october(1, 12))
    run(october(1, 13))
    assert "mori" not in run(october(2))
    row = OutgoingMail.objects.get(kind=MailKind.DIGEST, recipient=city.mori)
    assert (row.status, row.reason, row.items.get().left_out) == (Status.CANCELLED, Reason.DONE, True)


def test_what_waits_for_somebody_who_left_comes_to_an_end(city: City) -> None:
    daily(city.mori)
    city.submit(city.welfare_review, city.sato, october(1, 10))
    run(october(1, 11))
    deactivate_person(by=None, person=city.mori, on=date(2026, 10, 1))
    run(october(2))
    row = OutgoingMail.objects.get(kind=MailKind.DIGEST, recipient=city.mori)
    assert (row.status, row.reason, row.items.count()) == (Status.CANCELLED, Reason.INACTIVE, 1)
    assert not MailItem.objects.filter(mail=None).exists()


def test_a_return_is_told_with_its_reason(city: City) -> None:
    daily(city.sato)
    city.submit(city.welfare_review, city.sato, october(1))
    city.decide(city.welfare_review, Outcome.RETURNED, city.mori, october(1), "根拠を\n書いてください")
    run(october(1, 12))
    assert run(october(2))["sato"] == ["【めぐる】対応待ち1件"]
    assert "◆ 差戻し 令和8年度 2Q進捗確認\n" in text_of("sato")
    assert "  理由:\n    根拠を\n    書いてください\n" in text_of("sato")


def test_in_english(city: City) -> None:
    User.objects.update(language="en")
    daily(city.mori)
    city.submit(city.welfare_review, city.sato, october(1, 10))
    city.decide(city.welfare_review, Outcome.PASSED, city.mori, october(1, 10))
    city.decide(city.welfare_review, Outcome.APPROVED, city.hayashi, october(1, 10))
    run(october(1, 13))
    assert run(october(2))["mori"] == ["[Meguru] For your information: 1 item"]


# ---- what is due elsewhere


@pytest.fixture
def division(city: City) -> Department:
    """財務部 above 会計課, whose plan is late; its head is buchou."""
    division = make_department("finance", "財務部", city.root)
    accounts = make_department("accounts", "会計課", division)
    make_plan(accounts, measures=1, state=PlanState.APPROVED)
    make_person("buchou", division, Role.LEAD)
    make_person("kaikei", accounts, Role.LEAD)
    city.open(october(1))
    run(october(1))
    return division


def test_the_head_of_the_division_hears_what_is_late(city: City, division: Department) -> None:
    rule = ReminderRule.objects.get(step="prepare", audience=Audience.DIVISION_HEAD)
    rule.text = "所属長にお声がけください。\n事情があれば、DX推進課へお知らせください。"
    rule.save(update_fields=["text"])
    run(at(date(2026, 10, 20)))
    assert run(at(date(2026, 10, 21)))["buchou"] == ["【めぐる】お知らせ1件(うち期限超過1件)"]
    assert text_of("buchou") == (
        "期限を過ぎているものがあります。対応は担当者が行います。このメールは状況のお知らせです。\n\n"
        "◆ ほかの担当で期限を過ぎているもの(ご参考)\n"
        "所属長にお声がけください。\n事情があれば、DX推進課へお知らせください。\n\n"
        "■ 会計課 令和8年度 実行プラン\n"
        "  令和8年度 2Q進捗確認\n"
        "  次の対応: 提出(kaikei)\n"
        "  期限: 令和8年10月14日(水)(5営業日超過)\n"
    )


def test_what_is_late_comes_before_what_is_due_soon(city: City, division: Department) -> None:
    """Of two departments of the division one has been given more time, and its day is told beforehand."""
    make_plan(make_department("cash", "出納課", division), measures=1, state=PlanState.APPROVED)
    city.open(october(2))
    Review.objects.filter(plan__department__code="cash").update(due_on=date(2026, 10, 22))
    ReminderRule.objects.create(step="prepare", days=-1, audience=Audience.DIVISION_HEAD, occasion=Occasion.DUE)
    assert run(at(date(2026, 10, 21)))["buchou"] == ["【めぐる】お知らせ2件(うち期限超過1件)"]
    headings = [line for line in text_of("buchou").split("\n") if line.startswith(("◆", "■"))]
    assert headings == [
        "◆ ほかの担当で期限を過ぎているもの(ご参考)",
        "■ 会計課 令和8年度 実行プラン",
        "◆ ほかの担当の期限(ご参考)",
        "■ 出納課 令和8年度 実行プラン",
    ]


def test_it_leads_to_the_board_of_the_division_for_who_sees_that(city: City, division: Department) -> None:
    """An executive of the division sees the board and no draft."""
    make_person("executive", division, Role.EXECUTIVE)
    run(at(date(2026, 10, 21)))
    board = f"  http://localhost:8000/board/?year=2026&division={division.pk}\n"
    assert text_of("executive").endswith(board)


def test_it_leads_to_the_review_for_who_may_open_it(city: City, division: Department) -> None:
    appoint(User.objects.get(username="buchou"), division, Role.AUDITOR)
    run(at(date(2026, 10, 21)))
    assert text_of("buchou").endswith("(5営業日超過)\n  http://localhost:8000/reviews/…/\n")


def test_a_rules_text_is_said_once_with_the_first_it_is_about(city: City) -> None:
    ReminderRule.objects.filter(step="prepare", days=-5).update(text="早めの準備をお願いします。")
    appoint(city.sato, city.tax, Role.LEAD)
    run(october(6))
    body = text_of("sato")
    assert (body.count("■"), body.count("  早めの準備をお願いします。\n  http")) == (2, 1)


def test_what_is_asked_comes_before_what_informs(city: City, division: Department) -> None:
    appoint(User.objects.get(username="buchou"), city.tax, Role.EDITOR)
    assert run(at(date(2026, 10, 21)))["buchou"] == ["【めぐる】対応待ち1件(うち期限超過1件)、お知らせ1件"]
    body = text_of("buchou")
    assert body.index("■ 税務課") < body.index("◆") < body.index("■ 会計課")


# ---- never a second one


def test_who_had_one_this_morning_gets_what_is_left_tomorrow(city: City, settings: Any) -> None:
    """The mail server is away from the 13th and back before eight on the 14th: yesterday's goes out, as things are."""
    settings.EMAIL_BACKEND = AWAY
    run(october(13))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert run(october(14, 3))["sato"] == ["【めぐる】対応待ち1件"]
    assert "(本日が期限)" in text_of("sato")
    assert run(october(14, 9)) == {}
    assert [item.days for item in MailItem.objects.filter(waits_for=city.sato)] == [0]
    assert run(october(15, 9))["sato"] == ["【めぐる】対応待ち1件(うち期限超過1件)"]


def test_who_is_being_sent_one_gets_no_second(city: City) -> None:
    run(october(13))
    row = OutgoingMail.objects.get(kind=MailKind.DIGEST, recipient=city.sato, created_at=october(13))
    OutgoingMail.objects.filter(pk=row.pk).update(
        status=Status.SENDING, sent_at=None, lease_until=october(14) + timedelta(days=365)
    )
    assert "sato" not in run(october(14))
    assert MailItem.objects.filter(waits_for=city.sato).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_one_mail_each() -> None:
    city = make_city()
    daily(city.mori)
    city.open(october(1))
    city.submit(city.welfare_review, city.sato, october(1))
    dispatch(now=october(1))
    queued: list[int] = []

    def work(now: datetime) -> None:
        queued.append(remind(now=now))
        connection.close()

    threads = [threading.Thread(target=work, args=[october(6)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(queued) == [0, 0, 0, 3]
    assert OutgoingMail.objects.filter(kind=MailKind.DIGEST).count() == 3
    assert not MailItem.objects.filter(mail=None).exists()


# ---- a backlog


def test_a_backlog_is_folded_into_the_mail_of_the_day(city: City, settings: Any) -> None:
    settings.EMAIL_BACKEND = AWAY
    city.submit(city.welfare_review, city.sato, october(1))
    city.submit(city.tax_review, city.tanaka, october(1))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(1))
    run(october(1))
    keys = set(MailItem.objects.filter(mail__recipient=city.mori).values_list("key", flat=True))
    run(october(2))
    folded = OutgoingMail.objects.filter(reason=Reason.MERGED)
    assert not folded.exists()  # mori has one mail waiting, and so has hayashi
    city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(2))
    run(october(2, 10))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    fold(now=october(5))
    remind(now=october(5))
    assert {(row.recipient, row.status) for row in folded} == {(city.mori, Status.CANCELLED)}
    digest = OutgoingMail.objects.get(kind=MailKind.DIGEST, created_at=october(5))
    assert (digest.recipient, digest.expires_at) == (city.mori, october(12))
    assert keys < set(digest.items.values_list("key", flat=True))
    deliver(clock=lambda: october(5))
    told = [message.subject for message in mail.outbox if message.to == ["mori@city.example"]]
    assert told == ["【めぐる】対応待ち1件、お知らせ1件"]
    assert [message.subject for message in mail.outbox if message.to == ["hayashi@city.example"]] == []


def test_a_backlog_does_not_go_out_on_a_day_off_either(city: City, settings: Any) -> None:
    """The mail server comes back on a Saturday: what has piled up waits for Monday's mail."""
    settings.EMAIL_BACKEND = AWAY
    city.submit(city.welfare_review, city.sato, october(2))
    run(october(2))
    city.submit(city.tax_review, city.tanaka, october(2))
    run(october(2, 10))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert run(october(3)) == {}
    assert run(october(5))["mori"] == ["【めぐる】対応待ち2件"]


def test_a_mail_that_may_have_arrived_is_not_folded(city: City, settings: Any) -> None:
    settings.EMAIL_BACKEND = AWAY
    city.submit(city.welfare_review, city.sato, october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(1))
    run(october(1, 10))
    first, second = OutgoingMail.objects.filter(recipient=city.mori).order_by("pk")
    words = {"raw": b"\r\n", "address": "mori@city.example", "message_id": "<1@localhost>", "dated": october(1)}
    OutgoingMail.objects.filter(pk=first.pk).update(status=Status.UNCERTAIN, may_have_arrived=True, **words)
    fold(now=october(2))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.UNCERTAIN, Status.PENDING)
