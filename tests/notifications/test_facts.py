"""What mails look up together is what each would look up alone."""

import random
from datetime import date
from typing import Any

import pytest

from departments.access import keep_rights
from departments.models import Role, User
from departments.models.plans import PlanState
from notifications.letters import facts
from notifications.letters.facts import Facts, Waiting
from tests.factories import appoint, make_department, make_person, make_plan
from tests.notifications.city import City, make_city, october
from workflows.access import waiting_for
from workflows.models import Outcome, Review

TODAY = date(2026, 10, 20)


@pytest.fixture
def city(db: None) -> City:
    """Reviews at all stages and due days, a deputy, and people who may not decide on what they wrote."""
    city = make_city()
    for number in range(8):
        department = make_department(f"d{number}", f"第{number}課", city.root)
        make_plan(department, measures=1, state=PlanState.APPROVED)
        make_person(f"lead{number}", department, Role.LEAD)
    city.open(october(1))
    appoint(city.mori, city.tax, Role.EDITOR)
    chance = random.Random(4)
    for review in Review.objects.order_by("pk"):
        lead = User.objects.filter(appointments__department=review.department, appointments__role=Role.LEAD).first()
        steps = chance.randrange(3)
        if steps:
            city.submit(review, lead, october(2))
        if steps == 2:
            reviewer = make_person(f"reviewer{review.pk}", city.root, Role.REVIEWER)
            city.decide(review, Outcome.PASSED, reviewer, october(5))
    city.stand_in(city.hayashi, city.ooki, TODAY, TODAY)
    return city


def alone(reader: User) -> Waiting:
    reviews = list(waiting_for(reader, TODAY))
    overdue = [review for review in reviews if review.due_on and review.due_on < TODAY]
    return Waiting(reviews[: facts.LONGEST_LIST], len(reviews), len(overdue))


def test_what_waits_for_many_is_what_waits_for_each(city: City, django_assert_num_queries: Any) -> None:
    readers = list(User.objects.order_by("pk"))
    expected = [alone(reader) for reader in User.objects.order_by("pk")]
    assert len({found.total for found in expected}) > 3
    with django_assert_num_queries(3):  # two for rights, for there is a deputy
        keep_rights(readers, TODAY)
        together = Facts(readers, TODAY)
        assert [together.waiting(reader) for reader in readers] == expected


def test_lists_are_cut_and_counts_are_not(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "LONGEST_LIST", 1)
    readers = [city.mori, city.hayashi, city.sato]
    together = Facts(readers, TODAY)
    assert [together.waiting(reader) for reader in readers] == [alone(reader) for reader in readers]


def test_where_too_much_waits_everybody_is_looked_at_alone(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_SHARED", 2)
    readers = list(User.objects.order_by("pk"))
    together = Facts(readers, TODAY)
    assert [together.waiting(reader) for reader in readers] == [alone(reader) for reader in readers]
