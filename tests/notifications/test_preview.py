"""The preview says what then happens: the same days lived, with nobody doing anything, bring the very same mails."""

from collections import defaultdict
from datetime import date

import pytest
from django.utils import timezone

from departments.models import CalendarDay, Role
from departments.models.plans import PlanKind, PlanState
from notifications.models import Audience, MailItem, Occasion, ReminderRule, ReminderRun
from notifications.preview import Mails, preview
from notifications.wording import rule_text
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import OPENING, City, at, make_city, october, quarter, run
from workflows.models import Checkpoint, CheckpointKind, Outcome, Review, Stage
from workflows.services.checkpoints import close_checkpoint, open_checkpoint

pytestmark = pytest.mark.django_db
Why = tuple[int, int, int, str, bool]  # plan, checkpoint, business days after the due day, audience, whose turn


def rules() -> list[ReminderRule]:
    return list(ReminderRule.objects.filter(occasion=Occasion.DUE))


def foreseen(mails: Mails) -> dict[tuple[date, int], set[Why]]:
    """Day and person id → why."""
    return {
        (day, user_id): {
            (each.due.plan_id, each.due.checkpoint_id, each.rule_day.days, each.rule_day.audience, each.asks)
            for each in theirs
        }
        for day, people in mails.items()
        for user_id, theirs in people.items()
    }


def happened(after: date) -> dict[tuple[date, int], set[Why]]:
    """The same of what was really sent."""
    found = defaultdict(set)
    for item in MailItem.objects.filter(days__isnull=False, left_out=False).select_related("mail", "review"):
        day = timezone.localdate(item.mail.sent_at)
        if day > after:
            why = (item.review.plan_id, item.review.checkpoint_id, item.days, item.audience, item.asks)
            found[day, item.mail.recipient_id].add(why)
    return found


def third_quarter() -> Checkpoint:
    """Opens in November, when 2Q closes; early, so that there are fewer days to live."""
    return Checkpoint.objects.create(
        fiscal_year=2026,
        kind=CheckpointKind.Q3,
        as_of=date(2026, 10, 31),
        opens_on=date(2026, 11, 12),
        submit_due=date(2026, 12, 1),
        review_due=date(2026, 12, 4),
        approve_due=date(2026, 12, 8),
        closes_on=date(2026, 12, 11),
    )


@pytest.fixture
def city() -> City:
    """One plan is with each step of 2Q, one with its department, one below a 部 with a head; 3Q is to come."""
    city = make_city()
    division = make_department("civic", "市民部", city.root)
    koseki = make_department("koseki", "戸籍課", division)
    make_person("bucho", division, Role.EXECUTIVE)
    make_person("kato", koseki, Role.LEAD)
    make_plan(koseki, measures=1, state=PlanState.APPROVED)
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    appoint(city.sato, city.root, Role.REVIEWER)
    CalendarDay.objects.create(day=date(2026, 11, 13), name="開庁記念日")
    CalendarDay.objects.create(day=date(2026, 10, 24), name="休日開庁", is_open=True)
    city.checkpoint.closes_on = date(2026, 11, 16)
    city.checkpoint.save(update_fields=["closes_on"])
    city.open()
    run(at(OPENING))
    city.submit(city.welfare_review, city.sato, october(1))
    tax = Review.objects.get(department=city.tax, plan__kind=PlanKind.EXECUTION)
    city.submit(tax, city.tanaka, october(2))
    city.decide(tax, Outcome.PASSED, city.mori, october(5))
    run(october(6))
    return city


def lived(city: City, third: Checkpoint, last: date) -> None:
    opening, closing = at(third.opens_on, 17), at(city.checkpoint.closes_on, 18)
    quarter(
        date(2026, 10, 7),
        last,
        {
            closing: lambda: close_checkpoint(checkpoint=city.checkpoint, by=None, now=closing),
            opening: lambda: open_checkpoint(checkpoint=third, by=None, now=opening),
            at(third.closes_on, 18): lambda: close_checkpoint(checkpoint=third, by=None, now=at(third.closes_on, 18)),
        },
    )


def test_what_is_foreseen_is_what_happens(city: City) -> None:
    third = third_quarter()
    ReminderRule.objects.create(step=Stage.PREPARE, days=4, audience=Audience.ADMINISTRATOR)
    ReminderRule.objects.create(step=Stage.APPROVE, days=2, repeats=7, audience=Audience.REVIEWER)
    expected = foreseen(preview(rules(), october(6).date()))
    lived(city, third, date(2026, 12, 18))
    assert expected == happened(october(6).date())
    days = [day for day, _user in expected]
    assert (min(days), max(days)) == (date(2026, 10, 13), date(2026, 12, 9))
    people = {user for _day, user in expected}
    assert len(people) == 8


def test_today_is_foreseen_until_its_run_is_done(city: City) -> None:
    make_plan(city.welfare, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    city.open(october(7))
    tuesday = date(2026, 10, 13)
    assert min(preview(rules(), tuesday)) == tuesday
    run(at(tuesday))
    assert min(preview(rules(), tuesday)) == date(2026, 10, 14)


def test_what_a_standstill_left_is_foreseen_for_the_next_run(city: City) -> None:
    """The last run was on the 6th; two rule days later the first of them is gone by."""
    expected = foreseen(preview(rules(), date(2026, 10, 20)))
    told = quarter(date(2026, 10, 20), date(2026, 10, 20))
    assert sorted(told) == [date(2026, 10, 20)]
    today = {key: why for key, why in expected.items() if key[0] == date(2026, 10, 20)}
    assert today == happened(date(2026, 10, 19))


def test_a_rule_nobody_can_mean_comes_to_nobody(city: City) -> None:
    third_quarter()
    assert preview([ReminderRule(step=Stage.PREPARE, days=-30, audience=Audience.LEAD)], date(2026, 10, 7)) == {}
    nobody = ReminderRule(step=Stage.REVIEW, days=0, audience=Audience.DIVISION_HEAD)
    assert preview([nobody], date(2026, 10, 7)) == {}


def test_at_the_end_of_the_year_nothing_is_left(city: City) -> None:
    ReminderRun.objects.create(day=date(2027, 3, 31))
    assert preview(rules(), date(2027, 3, 31)) == {}


def test_rules_in_words() -> None:
    default = {rule_text(rule) for rule in ReminderRule.objects.all()}
    assert {
        "提出期限の5営業日前 → 所属長",
        "提出期限の当日 → 担当者",
        "提出期限の3営業日後、以後3営業日ごと → 担当者",
        "提出期限の5営業日後、以後5営業日ごと → 部長",
        "審査期限の5営業日後、以後5営業日ごと → 承認者",
        "すべての計画の提出 → 審査担当",
    } <= default
