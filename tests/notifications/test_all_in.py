"""すべて揃った: one mail when the last plan of a checkpoint has come in, and never another."""

from datetime import date
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection

from departments.models import Department, Role, User
from departments.models.plans import PlanKind, PlanState
from notifications.dispatch import dispatch
from notifications.models import Audience, MailChoice, MailItem, MailKind, Occasion, OutgoingMail, Pace, ReminderRule
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import City, make_city, october, run
from workflows.models import Outcome, Review, Stage
from workflows.services.changes import request_change

pytestmark = pytest.mark.django_db
SUBJECT = "【めぐる】全件提出済み: 令和8年度 2Q進捗確認"


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open(october(1))
    run(october(1))
    return city


def told(moment_told: dict[str, list[str]]) -> list[str]:
    """Who was told that everything has come in."""
    return [name for name, subjects in moment_told.items() if SUBJECT in subjects]


def rule_for(audience: str, text: str = "") -> None:
    ReminderRule.objects.create(occasion=Occasion.ALL_IN, step=Stage.PREPARE, days=0, audience=audience, text=text)


def body() -> str:
    return next(message.body for message in reversed(mail.outbox) if message.subject == SUBJECT)


def test_the_reviewer_is_told_when_the_last_plan_has_come_in(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(2))
    assert told(run(october(2))) == []
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(5))
    city.submit(city.welfare_review, city.sato, october(5))
    assert told(run(october(5))) == ["mori"]
    assert body().startswith(
        "mori 様\n\n令和8年度 2Q進捗確認は、未提出の計画がなくなりました。現在の状況は次のとおりです。\n\n"
        "  審査中: 1件\n  承認待ち: 1件\n\n"
        "進捗ボード\n  http://localhost:8000/board/?year=2026\n\n"
        "--\n"
    )
    mail_of_it = OutgoingMail.objects.get(kind=MailKind.ALL_IN)
    assert mail_of_it.key == f"all_in:{city.checkpoint.pk}:{city.mori.pk}"


def test_never_twice(city: City) -> None:
    """Returned and submitted again, withdrawn and submitted again: it has all come in before."""
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == ["mori"]
    city.decide(city.tax_review, Outcome.RETURNED, city.mori, october(5), "根拠を")
    city.withdraw(city.welfare_review, city.sato, october(5))
    city.submit(city.tax_review, city.tanaka, october(5, 10))
    city.submit(city.welfare_review, city.sato, october(5, 10))
    assert told(run(october(5, 11))) == []
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    city.open(october(6))
    late = Review.objects.get(department=city.tax, plan__kind=PlanKind.ACTION)
    city.submit(late, city.tanaka, october(6))
    assert told(run(october(6))) == []


def test_what_was_withdrawn_has_come_in_all_the_same(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(2))
    city.withdraw(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == ["mori"]
    assert "  未提出: 1件\n  審査中: 1件\n" in body()


def test_a_cancelled_plan_is_waited_for_no_longer(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(2))
    assert told(run(october(2))) == []
    city.cancel(city.welfare_review, "計画を統合したため", city.hayashi, october(5))
    assert told(run(october(5))) == ["mori"]
    assert "  審査中: 1件\n  取下げ: 1件\n" in body()


def test_a_checkpoint_of_one_plan(city: City) -> None:
    city.cancel(city.welfare_review, "計画を統合したため", city.hayashi, october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    assert told(run(october(2))) == ["mori"]


def test_each_is_told_of_their_own_departments(city: City) -> None:
    """ono reviews one 部 only, whose plans are in before the others."""
    division: Department = make_department("civic", "市民部", city.root)
    koseki = make_department("koseki", "戸籍課", division)
    kato = make_person("kato", koseki, Role.LEAD)
    make_plan(koseki, measures=1, state=PlanState.APPROVED)
    make_person("ono", division, Role.REVIEWER)
    city.open(october(1, 10))
    city.submit(Review.objects.get(department=koseki), kato, october(2))
    assert told(run(october(2))) == ["ono"]
    assert "  審査中: 1件\n\n進捗ボード" in body()
    city.submit(city.tax_review, city.tanaka, october(5))
    city.submit(city.welfare_review, city.sato, october(5))
    assert told(run(october(5))) == ["mori"]
    assert "  審査中: 3件\n" in body()


def test_the_rule_says_who_is_told_and_what(city: City) -> None:
    ReminderRule.objects.filter(occasion=Occasion.ALL_IN).delete()
    rule_for(Audience.ADMINISTRATOR, "審査の割当てを始めてください。\n期日は掲示板のとおりです。")
    rule_for(Audience.APPROVER)
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == ["hayashi", "kanri"]
    texts = {message.to[0]: message.body for message in mail.outbox if message.subject == SUBJECT}
    assert "\n審査の割当てを始めてください。\n期日は掲示板のとおりです。\n" in texts["kanri@city.example"]
    assert "割当て" not in texts["hayashi@city.example"]


def test_without_a_rule_nobody_is_told(city: City) -> None:
    ReminderRule.objects.filter(occasion=Occasion.ALL_IN).delete()
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == []


def test_it_comes_at_once_whatever_somebody_chose_for_events(city: City) -> None:
    MailChoice.objects.create(user=city.mori, events=Pace.DAILY)
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == ["mori"]


def test_a_reviewer_who_pauses_leaves_it_to_the_deputy(city: City) -> None:
    MailChoice.objects.create(user=city.mori, pauses=True)
    city.stand_in(city.mori, city.ooki, date(2026, 10, 2), date(2026, 10, 2), Role.REVIEWER)
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    assert told(run(october(2))) == ["ooki"]


def test_changes_of_plans_are_no_round_that_comes_in(city: City) -> None:
    change = request_change(plan_id=city.tax_review.plan_id, reason="目標値の見直し", by=city.suzuki, now=october(2))
    appoint(city.hayashi, city.root, Role.REVIEWER)
    city.cancel(change, "取りやめ", city.hayashi, october(2))
    run(october(2))
    assert not OutgoingMail.objects.filter(kind=MailKind.ALL_IN).exists()


@pytest.mark.django_db(transaction=True)
def test_two_last_ones_at_once_make_one_mail() -> None:
    city = make_city()
    city.open(october(1))
    run(october(1))
    city.submit(city.tax_review, city.tanaka, october(2))
    city.submit(city.welfare_review, city.sato, october(2))
    start = Barrier(2)

    def tick() -> None:
        start.wait()
        dispatch(now=october(2))
        connection.close()

    threads = [Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told_people = list(User.objects.filter(mails__kind=MailKind.ALL_IN).values_list("username", flat=True))
    assert told_people == ["mori"]
    assert MailItem.objects.filter(mail__kind=MailKind.ALL_IN).count() == 1
