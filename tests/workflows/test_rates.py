"""The two rates that the system computes: approved reports only, neutral measures outside, for whoever may read."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from departments.models import User
from departments.models.indicators import Kind
from departments.models.plans import Priority
from tests.factories import make_indicator, make_measure, the_initiative
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import TODAY, entries, fresh, opened, save, take
from workflows.access import Action
from workflows.models import Checkpoint, Review
from workflows.rates import Rate, computed_indicators

PLANS, PRIORITIES = "3-1", "11-1"


@pytest.fixture(autouse=True)
def indicators(places: Places) -> None:
    per_cent = {"kind": Kind.DERIVED, "unit": "%"}
    make_indicator(PLANS, derivation="plan_achievement", target=80, each_department=True, **per_cent)
    make_indicator(
        PRIORITIES, initiative=the_initiative(number=3), derivation="priority_achievement", target=85, **per_cent
    )


def reported(review: Review, by: User, classes: Iterable[str]) -> None:
    """Report the measures in their order as of these classes."""
    wanted: dict[int, Any] = {}
    for measure, code in zip(review.plan.measures.order_by("number"), classes, strict=True):
        wanted[measure.pk] = entries(review, progress=code)[measure.pk]
        wanted[measure.pk] = type(wanted[measure.pk])(
            **{**vars(wanted[measure.pk]), "issue": "課題", "next_step": "対応"}
        )
    save(review, by, measures=wanted)


@pytest.fixture
def reviews(places: Places, cast: Cast) -> tuple[Review, Review]:
    """Civic, approved: 2 of 3 achieved, 1 neutral, the third no priority. Tax, submitted only: 1 of 1."""
    civic, tax = make_approved_plan(places.civic, measures=3), make_approved_plan(places.tax, measures=1)
    make_measure(civic, priority=Priority.OTHER)
    first, second = opened(civic, tax)
    reported(first, cast.editor, ["ahead", "late", "stopped", "finished"])
    reported(second, cast.tax_editor, ["on_plan"])
    take(Action.SUBMIT, first, cast.lead)
    take(Action.PASS, first, cast.reviewer)
    take(Action.APPROVE, first, cast.approver)
    take(Action.SUBMIT, second, cast.tax_lead)
    return first, second


def lines(user: User, code: str) -> list[tuple[str, Rate, Rate]]:
    """Department, rate, provisional rate of each line the person sees."""
    checkpoint = Checkpoint.objects.get()
    found = {one.indicator.code: one for one in computed_indicators(fresh(user), checkpoint, TODAY)}
    return [
        (line.department.code if line.department else "", line.rate, line.provisional) for line in found[code].lines
    ]


def test_a_plan_is_achieved_as_far_as_its_approved_measures_are(cast: Cast, reviews: tuple[Review, Review]) -> None:
    assert lines(cast.reviewer, PLANS) == [
        ("civic", Rate(achieved=2, counting=3, neutral=1), Rate()),
        ("tax", Rate(), Rate(achieved=1, counting=1, neutral=0)),
    ]
    assert str(Rate(achieved=2, counting=3, neutral=1).per_cent) == "66.67"
    assert Rate(neutral=4).per_cent is None


def test_only_priority_measures_stand_in_the_priority_rate(cast: Cast, reviews: tuple[Review, Review]) -> None:
    assert lines(cast.reviewer, PRIORITIES) == [
        ("", Rate(achieved=1, counting=2, neutral=1), Rate(achieved=1, counting=1, neutral=0))
    ]


def test_executives_see_approved_figures_alone(cast: Cast, reviews: tuple[Review, Review]) -> None:
    assert lines(cast.executive, PLANS) == [("civic", Rate(achieved=2, counting=3, neutral=1), Rate())]


def test_a_department_sees_its_own(cast: Cast, reviews: tuple[Review, Review]) -> None:
    assert lines(cast.tax_lead, PLANS) == [("tax", Rate(), Rate(achieved=1, counting=1, neutral=0))]
    assert lines(cast.tax_lead, PRIORITIES) == [("", Rate(), Rate(achieved=1, counting=1, neutral=0))]


def test_the_page_says_numerator_and_denominator(client: Client, cast: Cast, reviews: tuple[Review, Review]) -> None:
    client.force_login(cast.executive)
    html = client.get("/rates/").content.decode()
    assert "66.67%" in html
    assert "2 ÷ 3" in html
    client.force_login(cast.administrator)
    assert client.get("/rates/").status_code == 404


@pytest.mark.parametrize("address", ["/rates/?kind=q3", "/rates/?year=x", "/rates/?kind=plan"])
def test_what_is_not_there_is_not_found(
    client: Client, cast: Cast, reviews: tuple[Review, Review], address: str
) -> None:
    client.force_login(cast.executive)
    assert client.get(address).status_code == 404


def test_the_page_costs_the_same_for_many(
    client: Client, cast: Cast, reviews: tuple[Review, Review], django_assert_num_queries: Any
) -> None:
    client.force_login(cast.reviewer)
    with django_assert_num_queries(11):
        client.get("/rates/")
