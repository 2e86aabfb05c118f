"""While somebody is absent and wants it so: the deputy is asked, and what only informs waits (通知の休止)."""

from datetime import date

import pytest

from departments.models import Role, User
from departments.models.plans import PlanState
from departments.services.people import deactivate_person
from notifications.choices import resting
from notifications.models import MailItem, Occasion, Pace, ReminderRule
from notifications.services.choices import choose
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import OPENING, City, at, make_city, october, run
from workflows.models import Outcome
from workflows.services.nudges import nudge

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 10, 5), date(2026, 10, 9)  # Monday to Friday; the 12th is a holiday


@pytest.fixture
def city(db: None) -> City:
    """hayashi, who approves, is away from the 5th to the 9th, and ooki stands in."""
    ReminderRule.objects.filter(occasion=Occasion.ALL_IN).delete()
    city = make_city()
    city.open()
    run(at(OPENING))
    run(october(1))
    city.stand_in(city.hayashi, city.ooki, FIRST, LAST)
    pause(city.hayashi)
    return city


def pause(*people: User) -> None:
    for person in people:
        choose(by=person, events=Pace.AT_ONCE, pauses=True, calendar=True)


def pass_on(city: City, day: int) -> None:
    city.submit(city.tax_review, city.tanaka, october(day, 10))
    city.decide(city.tax_review, Outcome.PASSED, city.mori, october(day, 10))


def asked(told: dict[str, list[str]]) -> set[str]:
    return {name for name, subjects in told.items() if any("承認のお願い" in subject for subject in subjects)}


@pytest.mark.parametrize(("day", "people"), [(5, {"ooki"}), (9, {"ooki"}), (13, {"hayashi"})])
def test_the_deputy_is_asked_instead_on_the_days_of_the_absence(city: City, day: int, people: set[str]) -> None:
    run(october(day))
    pass_on(city, day)
    assert asked(run(october(day, 11))) == people


def test_who_did_not_choose_it_is_asked_beside_the_deputy(city: City) -> None:
    choose(by=city.hayashi, events=Pace.AT_ONCE, pauses=False, calendar=True)
    pass_on(city, 6)
    assert asked(run(october(6, 11))) == {"hayashi", "ooki"}


def test_where_no_deputy_may_act_the_person_is_asked(city: City) -> None:
    """The deputy has left meanwhile."""
    deactivate_person(by=None, person=city.ooki, on=date(2026, 10, 6))
    pass_on(city, 6)
    assert asked(run(october(6, 11))) == {"hayashi"}


def test_a_deputy_in_one_post_is_none_in_another(city: City) -> None:
    """mori reviews, and ooki stands in for hayashi alone."""
    pause(city.mori)
    run(october(5))
    city.submit(city.tax_review, city.tanaka, october(5, 10))
    assert set(run(october(5, 11))) == {"mori"}


def test_whose_deputy_rests_too_is_asked(city: City) -> None:
    """third → second → ooki: somebody asks second, who is away, of third's."""
    second, third = (make_person(name, city.root, Role.APPROVER) for name in ("second", "third"))
    city.stand_in(third, second, FIRST, LAST)
    city.stand_in(second, city.ooki, FIRST, LAST)
    pause(second, third)
    assert resting(FIRST) == {city.hayashi.pk, second.pk}
    pass_on(city, 5)
    assert asked(run(october(5, 11))) == {"ooki", "third"}


def test_a_deputy_who_may_act_anyhow_is_asked_once(city: City) -> None:
    second = make_person("second", city.root, Role.APPROVER)
    city.stand_in(second, city.hayashi, date(2026, 10, 14), date(2026, 10, 15))
    pause(second)
    run(october(14))
    pass_on(city, 14)
    assert asked(run(october(14, 11))) == {"hayashi"}


def test_what_only_informs_waits_for_the_first_business_day_after(city: City) -> None:
    run(october(2))
    pass_on(city, 2)
    city.decide(city.tax_review, Outcome.APPROVED, city.hayashi, october(2, 12))
    run(october(2, 13))
    run(october(6))
    city.revoke(city.tax_review, "誤り", city.ooki, october(6, 10))
    assert "hayashi" not in run(october(6, 11))
    assert [day for day in range(7, 15) if "hayashi" in run(october(day))] == [13]
    assert not MailItem.objects.filter(mail=None).exists()


def test_a_reminder_goes_to_the_deputy_alone(city: City) -> None:
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 26), date(2026, 10, 27))
    run(october(2))
    pass_on(city, 2)
    run(october(2, 11))
    assert [set(run(october(day))) & {"hayashi", "ooki"} for day in (26, 27, 28)] == [set(), {"ooki"}, {"hayashi"}]


def test_a_rule_that_only_informs_waits_too(city: City) -> None:
    """hayashi, also the executive above 会計課, is to hear on the 21st that it is late; nobody stands in there."""
    division = make_department("finance", "財務部", city.root)
    make_plan(make_department("accounts", "会計課", division), measures=1, state=PlanState.APPROVED)
    appoint(city.hayashi, division, Role.EXECUTIVE)
    city.open(october(1))
    city.stand_in(city.hayashi, city.ooki, date(2026, 10, 20), date(2026, 10, 22))
    assert [day for day in range(19, 30) if "hayashi" in run(october(day))] == [23, 28]


def test_a_nudge_goes_to_the_deputy_at_once(city: City) -> None:
    choose(by=city.ooki, events=Pace.DAILY, pauses=False, calendar=True)
    pass_on(city, 2)
    run(october(2, 11))
    run(october(6))
    review = city.tax_review
    nudge(review_id=review.pk, task_id=review.task_id, note="お願いします", by=city.mori, now=october(6, 10))
    assert set(run(october(6, 11))) == {"ooki"}
