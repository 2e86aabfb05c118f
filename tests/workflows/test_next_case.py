"""From case to case: where a review stands among those that wait for a person's decision, and what comes next."""

import re
from typing import Any

import pytest
from django.urls import reverse

from departments.projection import rebuild_access
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy
from tests.workflows.moves import REASON, TODAY, at, now_of, opened, take
from tests.workflows.pages import logged_in, page_of, post_decision, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def three(places: Places, cast: Cast) -> list[Review]:
    """Under review, in the order of «my work»: of civic, of tax, and of the DX office itself."""
    plans = [make_approved_plan(department) for department in (places.civic, places.tax, places.dx)]
    for position, department in enumerate((places.civic, places.tax, places.dx)):
        department.position = position
        department.save(update_fields=["position"])
    return [at(Stage.REVIEW, review, cast) for review in opened(*plans)]


def ways(page: Any) -> dict[str, str]:
    """The links from case to case, by their keys."""
    found = re.findall(r'href="([^"]+)" accesskey="(.)"', page.content.decode())
    return {key: address for address, key in found}


def address_of(review: Review) -> str:
    return reverse("review", args=[review.pk])


def test_the_links_follow_the_order_of_my_work(cast: Cast, three: list[Review]) -> None:
    first, second, third = (page_of(cast.reviewer, "review", review.pk) for review in three)
    assert ways(first) == {"n": address_of(three[1])}
    assert ways(second) == {"p": address_of(three[0]), "n": address_of(three[2])}
    assert ways(third) == {"p": address_of(three[1]), "n": address_of(three[0])}  # what was passed over comes again
    assert "残り3件 次の案件 Alt+N" in text_of(first)


def test_after_a_decision_comes_the_next_one_and_at_last_my_work(cast: Cast, three: list[Review]) -> None:
    answer = post_decision(cast.reviewer, three[1], "passed", follow=True)
    assert answer.redirect_chain == [(address_of(three[2]), 302)]
    text = text_of(answer)
    assert "税務課 令和8年度 2Q進捗確認を承認へ回しました。" in text
    assert "続けて、次の案件を表示しています。" in text
    assert "残り2件" in text
    assert post_decision(cast.reviewer, three[2], "returned", REASON).url == address_of(three[0])
    answer = post_decision(cast.reviewer, three[0], "passed", follow=True)
    assert answer.redirect_chain == [(reverse("home"), 302)]
    assert "続けて" not in text_of(answer)


def test_what_a_person_may_not_decide_is_not_on_the_way(cast: Cast, three: list[Review]) -> None:
    """doubled works in tax, moved in civic until September: of those they are told nothing, nor counted them."""
    civic, tax, dx = three
    assert ways(page_of(cast.doubled, "review", civic.pk)) == {"n": address_of(dx)}
    assert "残り2件" in text_of(page_of(cast.doubled, "review", civic.pk))
    assert post_decision(cast.doubled, civic, "passed").url == address_of(dx)
    assert ways(page_of(cast.moved, "review", civic.pk)) == {"n": address_of(tax)}
    take(Action.PASS, tax, cast.reviewer)
    take(Action.PASS, dx, cast.reviewer)
    # dx_lead approves, but not what the own office planned.
    assert ways(page_of(cast.dx_lead, "review", dx.pk)) == {"n": address_of(civic)}
    assert "残り2件" in text_of(page_of(cast.dx_lead, "review", dx.pk))


def test_who_decides_nothing_is_led_nowhere(cast: Cast, three: list[Review]) -> None:
    for user in (cast.lead, cast.editor, cast.auditor):
        page = page_of(user, "review", three[0].pk)
        assert (ways(page), "残り" in text_of(page)) == ({}, False)
    take(Action.PASS, three[0], cast.reviewer)
    take(Action.APPROVE, three[0], cast.approver)
    assert ways(page_of(cast.executive, "review", three[0].pk)) == {}


def test_what_one_has_to_write_oneself_is_not_on_the_way(cast: Cast, three: list[Review]) -> None:
    opened(three[1].plan, kind=CheckpointKind.Q3)
    assert "残り2件" in text_of(page_of(cast.doubled, "review", three[0].pk))


def test_a_deputy_goes_on_in_the_place_of_the_absent_person(cast: Cast, places: Places, three: list[Review]) -> None:
    for review in three[:2]:
        take(Action.PASS, review, cast.reviewer)
    deputy = make_deputy(places, cast)
    rebuild_access(TODAY)
    assert ways(page_of(deputy, "review", three[0].pk)) == {"n": address_of(three[1])}
    assert post_decision(deputy, now_of(three[0]), "approved").url == address_of(three[1])


def test_what_was_decided_meanwhile_leads_nowhere_wrong(cast: Cast, three: list[Review]) -> None:
    take(Action.PASS, three[1], cast.second_reviewer)
    assert post_decision(cast.reviewer, three[0], "passed").url == address_of(three[2])
    page = page_of(cast.reviewer, "review", three[1].pk)
    assert ways(page) == {"n": address_of(three[2])}
    assert "残り1件" in text_of(page)


@pytest.mark.parametrize("who", ["reviewer", "approver"])
def test_the_way_costs_the_same_however_much_waits(
    cast: Cast, three: list[Review], who: str, django_assert_num_queries: Any
) -> None:
    client, address = logged_in(getattr(cast, who)), address_of(three[0])
    with django_assert_num_queries(12):
        client.get(address)
    for kind in (CheckpointKind.Q1, CheckpointKind.Q3):
        for review in opened(*(review.plan for review in three), kind=kind):
            at(Stage.REVIEW, review, cast)
    with django_assert_num_queries(12):
        client.get(address)
