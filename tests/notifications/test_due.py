"""Who is reminded of what, by the rules: every audience, the escalation, and what is never told twice."""

from datetime import date
from typing import NamedTuple

import pytest
from django.core import mail

from departments.fiscal import BusinessCalendar
from departments.models import Department, Role, User
from departments.models.plans import PlanKind, PlanState
from departments.services.deputies import name_deputy
from notifications import due
from notifications.due import rule_days
from notifications.models import Audience, MailChoice, MailItem, ReminderRule, ReminderRun
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import DUE, OPENING, City, at, make_city, october, quarter, run
from workflows.models import Outcome, Review, Stage

pytestmark = pytest.mark.django_db
PLAIN = BusinessCalendar()
SUNDAY = date(2026, 10, 18)


@pytest.fixture
def city() -> City:
    city = make_city()
    city.open()
    run(at(OPENING))
    return city


class Told(NamedTuple):
    """Why somebody is reminded: business days after the due day, by which audience, whether it is their turn."""

    days: int
    audience: str
    asks: bool


def told(day: date, review: Review, since: date | None = None) -> dict[str, Told]:
    """User name → why they are reminded of the review on the day, after a last run."""
    found = due.reminders(day, since=since)
    names = dict(User.objects.values_list("pk", "username"))
    return {
        names[user_id]: Told(each.rule_day.days, each.rule_day.audience, each.asks)
        for user_id, theirs in found.items()
        for each in theirs
        if each.due.review_id == review.pk
    }


def only(*rules: ReminderRule) -> None:
    ReminderRule.objects.all().delete()
    ReminderRule.objects.bulk_create(rules)


def rule(days: int, audience: str, step: str = Stage.PREPARE, repeats: int | None = None) -> ReminderRule:
    return ReminderRule(step=step, days=days, audience=audience, repeats=repeats)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 9, 28), None),  # 11 business days before
        (date(2026, 9, 29), (date(2026, 9, 29), -10)),
        (date(2026, 9, 30), (date(2026, 9, 29), -10)),
        (date(2026, 10, 6), (date(2026, 10, 6), -5)),
        (date(2026, 10, 9), (date(2026, 10, 6), -5)),
        (date(2026, 10, 13), (date(2026, 10, 13), -1)),  # the Monday before is a holiday
        (date(2026, 10, 14), (date(2026, 10, 14), 0)),
        (date(2026, 10, 16), (date(2026, 10, 14), 0)),
        (date(2026, 10, 19), (date(2026, 10, 19), 3)),
        (date(2026, 10, 21), (date(2026, 10, 19), 3)),
        (date(2026, 10, 22), (date(2026, 10, 22), 6)),
    ],
)
def test_rule_days_of_a_due_day(today: date, expected: tuple[date, int] | None) -> None:
    leads = ReminderRule.objects.filter(audience=Audience.LEAD)
    found = [(each.day, each.days) for each in rule_days(leads, DUE, today, PLAIN)]
    assert (found[-1] if found else None) == expected


def test_a_due_day_on_a_closed_day_still_has_its_rule_days() -> None:
    leads = ReminderRule.objects.filter(audience=Audience.LEAD)
    found = [(each.day.day, each.days) for each in rule_days(leads, SUNDAY, date(2026, 10, 23), PLAIN)]
    assert found == [(2, -10), (9, -5), (16, -1), (18, 0), (21, 3)]


def test_on_one_day_the_more_particular_rule_counts() -> None:
    rules = [rule(6, Audience.LEAD), rule(3, Audience.LEAD, repeats=3)]
    rules[0].text = "部長に報告してください"
    texts = [(each.days, each.text) for each in rule_days(rules, DUE, date(2026, 10, 22), PLAIN)]
    assert texts == [(3, ""), (6, ""), (6, "部長に報告してください")]


def head_of_division(city: City, role: Role = Role.LEAD) -> tuple[User, Review]:
    """A 部 with a head, and a 課 below it that never reports."""
    division = make_department("civic", "市民部", city.root)
    koseki = make_department("koseki", "戸籍課", division)
    make_person("kato", koseki, Role.LEAD)
    make_plan(koseki, measures=1, state=PlanState.APPROVED)
    city.open()
    return make_person("bucho", division, role), Review.objects.get(department=koseki)


@pytest.mark.parametrize("role", [Role.LEAD, Role.EXECUTIVE])
def test_the_head_of_the_division_hears_of_what_is_late(city: City, role: Role) -> None:
    head, review = head_of_division(city, role)
    run(at(OPENING))
    days = quarter(date(2026, 10, 13), date(2026, 10, 28))
    assert [day.day for day, mails in days.items() if "bucho" in mails] == [21, 28]
    items = MailItem.objects.filter(mail__recipient=head, days__isnull=False)
    assert [(item.review_id, item.days, item.asks, item.audience, item.task_id) for item in items] == [
        (review.pk, days, False, Audience.DIVISION_HEAD, review.task_id) for days in (5, 10)
    ]


def test_a_department_right_below_the_city_has_no_head_of_a_division(city: City) -> None:
    make_person("shicho", city.root, Role.LEAD)
    assert "shicho" not in told(date(2026, 10, 21), city.tax_review)


def test_slow_reviewers_are_reminded_and_the_approver_hears_of_it(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(1))
    assert [told(date(2026, 10, day), city.tax_review) for day in (14, 20, 21)] == [
        {"mori": Told(days, Audience.REVIEWER, True)} for days in (-5, -1, 0)
    ]
    assert told(date(2026, 10, 26), city.tax_review, since=date(2026, 10, 23)) == {
        "mori": Told(3, Audience.REVIEWER, True)
    }
    assert told(date(2026, 10, 28), city.tax_review, since=date(2026, 10, 27)) == {
        "hayashi": Told(5, Audience.APPROVER, False)
    }


def test_the_approvers_turn(city: City) -> None:
    city.submit(city.tax_review, city.tanaka, october(1))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(2))
    asked = {"hayashi": Told(-1, Audience.APPROVER, True)}
    assert told(date(2026, 10, 27), city.tax_review) == asked


def test_editors_are_those_who_draft_and_do_not_submit(city: City) -> None:
    only(rule(0, Audience.EDITOR))
    assert told(DUE, city.tax_review) == {"suzuki": Told(0, Audience.EDITOR, True)}
    only(rule(0, Audience.LEAD))
    assert told(DUE, city.tax_review) == {"tanaka": Told(0, Audience.LEAD, True)}


def test_the_office_can_be_told_of_what_departments_owe(city: City) -> None:
    only(*(rule(0, audience) for audience in (Audience.REVIEWER, Audience.APPROVER, Audience.ADMINISTRATOR)))
    assert told(DUE, city.tax_review) == {
        "mori": Told(0, Audience.REVIEWER, False),
        "hayashi": Told(0, Audience.APPROVER, False),
        "kanri": Told(0, Audience.ADMINISTRATOR, False),
    }


def test_whom_separation_of_duties_bars_is_not_asked(city: City) -> None:
    """mori once led 税務課, so its review is ono's alone; of what 税務課 owes mori may still be told."""
    make_person("ono", city.root, Role.REVIEWER)
    appoint(city.mori, city.tax, Role.LEAD, valid_from=date(2026, 4, 1), valid_until=date(2026, 4, 30))
    city.submit(city.tax_review, city.tanaka, october(1))
    city.submit(city.welfare_review, city.sato, october(1))
    day = date(2026, 10, 20)
    assert (set(told(day, city.tax_review)), set(told(day, city.welfare_review))) == ({"ono"}, {"mori", "ono"})


def test_of_one_review_a_person_is_told_once_by_the_newest_rule_day(city: City) -> None:
    """hayashi approves and reviews; after a standstill both rules count, and one says it."""
    appoint(city.hayashi, city.root, Role.REVIEWER)
    city.submit(city.tax_review, city.tanaka, october(1))
    assert told(date(2026, 10, 28), city.tax_review, since=date(2026, 10, 22)) == {
        "hayashi": Told(5, Audience.APPROVER, True),
        "mori": Told(3, Audience.REVIEWER, True),
    }


def stand_in_for_tanaka(city: City, deputy: User) -> None:
    name_deputy(
        by=city.tanaka,
        absent=city.tanaka,
        role=Role.LEAD,
        department=city.tax,
        deputy=deputy,
        first_day=DUE,
        last_day=DUE,
        now=at(DUE, 7),
        on=DUE,
    )


@pytest.mark.parametrize("pauses", [False, True])
def test_who_pauses_is_left_out_where_a_deputy_is_told(city: City, pauses: bool) -> None:
    MailChoice.objects.create(user=city.tanaka, pauses=pauses)
    appoint(city.tanaka, city.welfare, Role.EDITOR)
    stand_in_for_tanaka(city, make_person("abe", city.welfare, Role.EDITOR))
    assert set(told(DUE, city.tax_review)) == {"abe", "suzuki"} | (set() if pauses else {"tanaka"})
    assert set(told(DUE, city.welfare_review)) == {"abe", "sato", "tanaka"}  # nobody stands in for an editor


def test_a_deputy_of_the_head_hears_of_it_too(city: City) -> None:
    head, review = head_of_division(city)
    name_deputy(
        by=head,
        absent=head,
        role=Role.LEAD,
        department=review.department.division,
        deputy=city.ooki,
        first_day=date(2026, 10, 21),
        last_day=date(2026, 10, 21),
        now=october(21, 7),
        on=date(2026, 10, 21),
    )
    since = date(2026, 10, 20)
    assert set(told(date(2026, 10, 21), review, since)) == {"bucho", "ooki"}
    MailChoice.objects.create(user=head, pauses=True)
    assert set(told(date(2026, 10, 21), review, since)) == {"ooki"}


def test_what_was_told_before_rules_were_rows_is_not_told_again(city: City) -> None:
    run(october(6))
    keys = set(MailItem.objects.filter(days__isnull=False).values_list("key", flat=True))
    task = city.tax_review.task_id
    assert f"remind:{city.tax_review.pk}:{task}:2026-10-14:2026-10-06:{city.tanaka.pk}" in keys
    ReminderRun.objects.all().delete()
    run(october(6))
    assert set(MailItem.objects.filter(days__isnull=False).values_list("key", flat=True)) == keys


def test_a_rule_of_a_day_gone_by_comes_to_nobody(city: City) -> None:
    """Ten days before for a step that is given five: the task comes after the rule day."""
    only(rule(-10, Audience.REVIEWER, Stage.REVIEW))
    city.submit(city.tax_review, city.tanaka, october(8))
    run(october(8))
    mail.outbox.clear()
    assert quarter(date(2026, 10, 9), date(2026, 10, 30)) == {}


def test_no_rules_no_reminders(city: City) -> None:
    only()
    assert quarter(date(2026, 10, 1), date(2026, 10, 20)) == {}


def test_a_plan_of_each_kind_is_told_of_by_itself(city: City) -> None:
    make_plan(city.tax, kind=PlanKind.ACTION, measures=1, state=PlanState.APPROVED)
    city.open(october(1))
    found = due.reminders(date(2026, 10, 6), since=None)
    assert [each.due.due_on for each in found[city.tanaka.pk]] == [DUE, DUE]
    assert len(found[city.sato.pk]) == 1


def test_a_division_is_no_audience_of_its_own_plan(city: City) -> None:
    division: Department = make_department("works", "建設部", city.root)
    make_plan(division, measures=1, state=PlanState.APPROVED)
    make_person("doi", division, Role.LEAD)
    city.open(at(OPENING, 10))
    review = Review.objects.get(department=division)
    assert told(date(2026, 10, 21), review, since=date(2026, 10, 20)) == {}
    assert told(date(2026, 10, 22), review) == {"doi": Told(6, Audience.LEAD, True)}
