"""How far drafts are: the same as the page on which they are written says."""

from typing import Any

import pytest

from departments.models import Indicator
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import change_of, opened, save
from workflows.completeness import problems
from workflows.draft import read_draft
from workflows.headway import Tally, headways
from workflows.models import CheckpointKind, Review


def reported(places: Places, cast: Cast) -> list[Review]:
    """One report not begun, one of three measures with one of them entered, one complete."""
    plans = [make_approved_plan(each, measures=3) for each in (places.civic, places.tax, places.dx)]
    reviews = opened(*plans)
    Indicator.objects.create(
        measure=plans[1].measures.get(number=2), code="M2-1", title="件数", kind="count", direction="at_least", target=9
    )
    save(reviews[1], cast.tax_editor, done="")
    save(reviews[2], cast.dx_lead)
    return list(Review.objects.with_names().filter(pk__in=[review.pk for review in reviews]).order_by("pk"))


def test_it_counts_what_the_page_counts(places: Places, cast: Cast) -> None:
    reviews = reported(places, cast)
    found = headways(reviews)
    for review in reviews:
        assert found[review.pk].problems == problems(review, read_draft(review)), review
    none, some, whole = (found[review.pk] for review in reviews)
    assert (none.measures, none.percent) == (Tally(0, 3), 0)
    assert (some.measures, some.indicators, some.percent) == (Tally(0, 3), Tally(0, 1), 0)
    assert (whole.measures, whole.percent, whole.is_complete) == (Tally(3, 3), 100, True)


def test_indicators_of_the_strategy_count_with_the_plan_that_carries_them(places: Places, cast: Cast) -> None:
    [review] = opened(make_approved_plan(places.civic))
    initiative = review.plan.measures.get().initiative
    Indicator.objects.create(
        initiative=initiative,
        department=places.civic,
        code="1-1",
        title="率",
        kind="count",
        direction="at_least",
        target=9,
    )
    found = headways([review])[review.pk]
    assert found.indicators == Tally(0, 1)
    assert found.problems == problems(review, read_draft(review))


def test_a_plan_counts_its_measures_and_a_change_has_no_count(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=2)
    plan.measures.filter(number=2).update(goal="")
    [review] = opened(plan, kind=CheckpointKind.PLAN)
    found = headways([review])[review.pk]
    assert (found.measures, found.percent) == (Tally(1, 2), 50)
    assert found.problems == problems(review, read_draft(review))
    change = change_of(make_approved_plan(places.tax), cast.tax_lead)
    assert headways([change]) == {}


@pytest.mark.django_db
def test_nothing_is_asked_of_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert headways([]) == {}
