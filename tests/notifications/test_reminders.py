"""A simulated quarter, day by day: one mail a person a day, none too early, none after all is done."""

from datetime import date, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from departments.models import CalendarDay, Role
from departments.models.plans import PlanKind, PlanState
from notifications.models import MailItem, MailKind, OutgoingMail
from notifications.reminders import remind
from tests.factories import appoint, make_department, make_plan
from tests.notifications.city import OPENING, City, at, make_city, october, quarter, run
from workflows.models import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open()
    run(at(OPENING))  # the mails about the opening, which other tests count
    return city


def days_told(told: dict[date, dict[str, list[str]]], name: str) -> list[tuple[int, int]]:
    """Month and day of each day on which the person got a mail; fails if there was more than one on a day."""
    assert all(len(mails.get(name, [])) <= 1 for mails in told.values())
    return [(day.month, day.day) for day, mails in told.items() if name in mails]


def test_reminders_of_somebody_who_never_reports(city: City) -> None:
    told = quarter(date(2026, 9, 29), date(2026, 11, 6))
    expected = [(9, 29), (10, 6), (10, 13), (10, 14), (10, 19), (10, 22), (10, 27), (10, 30), (11, 5)]
    assert {name: days_told(told, name) for name in ("sato", "suzuki", "tanaka")} == {
        "sato": expected,
        "suzuki": expected,
        "tanaka": expected,
    }
    assert not {"mori", "hayashi"} & set().union(*told.values())


def test_a_whole_quarter(city: City) -> None:
    """税務課 is returned once and approved late; 福祉課 is approved at once."""
    tax, welfare = city.tax_review, city.welfare_review
    told = quarter(
        date(2026, 9, 29),
        date(2026, 11, 27),
        {
            october(1, 10): lambda: city.submit(welfare, city.sato, october(1, 10)),
            october(2, 10): lambda: city.decide(welfare, Outcome.PASSED, city.mori, october(2, 10)),
            october(5, 10): lambda: city.decide(welfare, Outcome.APPROVED, city.hayashi, october(5, 10)),
            october(7, 10): lambda: city.submit(tax, city.tanaka, october(7, 10)),
            october(8, 10): lambda: city.decide(tax, Outcome.RETURNED, city.mori, october(8, 10), "根拠を"),
            october(15, 10): lambda: city.submit(tax, city.tanaka, october(15, 10)),
            october(23, 10): lambda: city.decide(tax, Outcome.PASSED, city.mori, october(23, 10)),
            october(29, 10): lambda: city.decide(tax, Outcome.APPROVED, city.hayashi, october(29, 10)),
        },
    )
    assert told[date(2026, 10, 7)]["mori"].pop() == f"【めぐる】全件提出済み: {city.checkpoint}"
    assert {name: days_told(told, name) for name in ("sato", "suzuki", "tanaka", "mori", "hayashi")} == {
        "sato": [(9, 29), (10, 5)],  # ten days before; approved
        # ten and five days before; returned; the day before and the day itself; approved
        "suzuki": [(9, 29), (10, 6), (10, 8), (10, 15), (10, 29)],
        "tanaka": [(9, 29), (10, 6), (10, 8), (10, 15), (10, 29)],
        # submitted twice by 税務課, once by 福祉課; reminded the day before and on the day; both approved
        "mori": [(10, 1), (10, 5), (10, 7), (10, 15), (10, 20), (10, 21), (10, 29)],
        # passed on twice; the day before, and the day itself
        "hayashi": [(10, 2), (10, 23), (10, 27), (10, 28)],
    }


def test_the_digest_lists_everything_most_urgent_first(city: City) -> None:
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    appoint(city.mori, make_department("library", "図書館", city.root), Role.LEAD)
    city.open(october(1))
    city.submit(city.welfare_review, city.sato, october(1))
    run(october(1))
    run(october(6))
    to_tanaka = [message for message in mail.outbox if message.to == ["tanaka@city.example"]][-1]
    assert to_tanaka.subject == "【めぐる】対応待ち2件"
    assert to_tanaka.body.startswith(
        "tanaka 様\n\n令和8年10月6日(火)現在、下記の対応をお待ちしています(期限の早い順)。\n\n■ 税務課 令和8年度 "
    )
    assert to_tanaka.body.count("期限: 令和8年10月14日(水)(あと5営業日)\n  http://localhost:8000/reviews/") == 2
    assert to_tanaka.body.count("対応: 提出") == 2


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 10, 13), "令和8年10月14日(水)(あと1営業日)"),
        (date(2026, 10, 14), "令和8年10月14日(水)(本日が期限)"),
        (date(2026, 10, 19), "令和8年10月14日(水)(3営業日超過)"),
    ],
)
def test_days_left_in_words(city: City, day: date, words: str) -> None:
    run(at(day))
    assert words in mail.outbox[-1].body


def test_overdue_is_said_in_the_subject(city: City) -> None:
    assert run(october(19))["sato"] == ["【めぐる】対応待ち1件(うち期限超過1件)"]


def test_never_before_eight_and_only_once_a_day(city: City) -> None:
    assert [remind(now=october(6, hour)) for hour in (0, 7, 8, 9, 23)] == [0, 0, 3, 0, 0]


def test_never_on_a_closed_day(city: City) -> None:
    """The day before is a rule day; Saturday, Sunday and the holiday between stay silent."""
    CalendarDay.objects.create(day=date(2026, 10, 13), name="開庁記念日")
    told = quarter(date(2026, 10, 7), date(2026, 10, 14))
    # With the 13th closed the rule days are the 5th, made up for on the 7th, the 9th and the 14th itself.
    assert days_told(told, "sato") == [(10, 7), (10, 9), (10, 14)]


def test_a_missed_rule_day_is_made_up_for_once(city: City) -> None:
    """The machine was off from the 6th (a rule day) to the 8th, and from the 13th to the 20th (three rule days)."""
    run(october(5))
    assert "sato" in run(october(9))
    assert run(october(12)) == {}
    assert "sato" in run(october(21))
    assert "sato" in run(october(22))
    assert [item.days for item in MailItem.objects.filter(days__isnull=False, mail__recipient=city.sato)] == [
        -10,
        -5,
        3,
        6,
    ]


def test_who_got_the_task_on_the_rule_day_is_not_reminded_of_it(city: City) -> None:
    city.submit(city.welfare_review, city.sato, at(date(2026, 10, 20), 8))  # a rule day for the reviewer
    assert run(at(date(2026, 10, 20), 9))["mori"] == [f"【めぐる】審査のお願い: 福祉課 {city.checkpoint}"]
    assert run(october(21))["mori"] == ["【めぐる】対応待ち1件"]


def test_a_moved_due_day_reminds_anew(city: City) -> None:
    run(october(6))
    review = city.tax_review
    review.due_on = date(2026, 10, 15)
    review.save(update_fields=["due_on"])
    assert set(run(october(7))) == {"suzuki", "tanaka"}


def test_a_run_for_a_past_day_takes_things_as_they_stand(city: City) -> None:
    review = city.tax_review
    review.stage_since = at(date(2026, 11, 24))
    review.save(update_fields=["stage_since"])
    assert "tanaka" in run(october(6))


def test_an_unsent_digest_takes_in_the_next_days_reasons(city: City, settings: Any) -> None:
    """The mail server is away for days; afterwards everybody gets one mail that says how things stand then."""
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    quarter(date(2026, 10, 13), date(2026, 10, 16))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert run(october(19)) == {
        name: ["【めぐる】対応待ち1件(うち期限超過1件)"] for name in ("sato", "suzuki", "tanaka")
    }
    assert OutgoingMail.objects.filter(kind=MailKind.DIGEST, recipient=city.sato).count() == 1


def test_a_digest_is_dropped_when_all_in_it_is_done(city: City, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_event_rules.AwayBackend"
    run(october(6))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    city.submit(city.welfare_review, city.sato, october(6, 10))
    assert set(run(october(6, 11))) == {"mori", "suzuki", "tanaka"}


def count_queries(now: datetime) -> int:
    with CaptureQueriesContext(connection) as queries:
        remind(now=now)
    return len(queries)


def test_as_many_queries_for_many_reviews_as_for_few(city: City) -> None:
    few = count_queries(october(6))
    run(october(6))
    for number in range(20):
        department = make_department(f"d{number}", parent=city.root)
        make_plan(department, measures=1, state=PlanState.APPROVED)
        appoint(city.tanaka, department, Role.EDITOR)
    city.open(october(7))
    assert count_queries(october(13)) <= few
    assert OutgoingMail.objects.filter(kind=MailKind.DIGEST, created_at=october(13)).count() == 3
    assert MailItem.objects.filter(mail__created_at=october(13), mail__recipient=city.tanaka).count() == 21


def test_a_deputy_is_reminded_in_whose_place_they_are_asked(city: City) -> None:
    review = city.tax_review
    city.submit(review, city.tanaka, october(1))
    city.decide(review, Outcome.PASSED, city.mori, october(2))
    run(october(2))
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 27), date(2026, 10, 28))
    told = run(at(date(2026, 10, 27)))
    assert (told["hayashi"], told["ooki"]) == (["【めぐる】対応待ち1件"], ["【めぐる】対応待ち1件"])
    bodies = {message.to[0].partition("@")[0]: message.body for message in mail.outbox}
    assert "  対応: 承認\n  hayashiさんの代理としてのお願いです\n  期限:" in bodies["ooki"]
    assert "代理" not in bodies["hayashi"]
