"""What the pages of one review ask the database: the same few statements, however long its story is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, Role, User
from departments.projection import rebuild_access
from tests.factories import make_indicator, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy, stand_in
from tests.workflows.moves import NOW, TODAY, at, change_of, fresh, now_of, opened, propose, save, take
from tests.workflows.pages import logged_in
from tests.workflows.papers import PDF, sha256
from tests.workflows.remarks import answered, pinned, resolved
from workflows.access import Action
from workflows.draft import read_draft
from workflows.models import CheckpointKind, Review, Stage, StoredFile
from workflows.services.drafts import IndicatorEntry

pytestmark = pytest.mark.usefixtures("clock")

# Rounds, comments in each, measures with an indicator and a file each.
SHORT, LONG = (1, 1, 1), (12, 3, 8)
READERS = ("reviewer", "approver", "lead", "editor", "auditor", "executive")
NOT_THERE = 4
EXPECTED = {
    Stage.PREPARE: (11, 11, 11, 11, 10, NOT_THERE),
    Stage.REVIEW: (12, 12, 12, 12, 11, NOT_THERE),
    Stage.APPROVE: (12, 12, 12, 12, 11, NOT_THERE),
    Stage.APPROVED: (8, 8, 8, 8, 7, 7),
}


def asked(user: User, name: str, *args: object, status: int = 200) -> int:
    """The number of statements with which a new session of that person gets the page."""
    client = logged_in(user)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(name, args=args)).status_code == status
    return len(queries)


def story(plan: ActionPlan, cast: Cast, rounds: int, comments: int, measures: int) -> Review:
    """Of the third quarter, submitted so many times, with a second quarter before it."""
    found = [make_indicator(f"M-{measure.number}", measure=measure) for measure in plan.measures.all()]
    values = {indicator.pk: IndicatorEntry(value=8) for indicator in found}
    (before,) = opened(plan)
    for review in (before, *opened(plan, kind=CheckpointKind.Q3)):
        for number in range(measures):
            attached(review, cast.editor, number)
        save(review, cast.editor, indicators=values)
        take(Action.SUBMIT, review, cast.lead)
    for number in range(2, rounds + 1):
        told(review, cast, comments)
        take(Action.RETURN, review, cast.reviewer)
        save(review, cast.editor, done=f"{number}回目の報告", indicators=values)
        take(Action.SUBMIT, review, cast.lead)
    told(review, cast, comments)
    return now_of(review)


def told(review: Review, cast: Cast, comments: int) -> None:
    """Comments at two kinds of places, all answered, the first of them resolved."""
    target = f"m{review.plan.measures.first().pk}.done"
    pins = [pinned(review, cast.reviewer, ("", target)[n % 2], f"{review.round} {n}") for n in range(comments)]
    for pin in pins:
        answered(pin, cast.editor)
    resolved(pins[0], cast.reviewer)


def attached(review: Review, by: User, number: int) -> None:
    file, _new = StoredFile.objects.get_or_create(
        sha256=sha256(PDF + bytes([number])), size=number, media_type="application/pdf", stored_at=NOW
    )
    review.attachments.create(file=file, name=f"{number}.pdf", added_by=by, added_at=NOW)


def brought(review: Review, stage: Stage, cast: Cast) -> None:
    """From the review by the office to the stage."""
    if stage == Stage.PREPARE:
        take(Action.RETURN, review, cast.reviewer)
    if stage in (Stage.APPROVE, Stage.APPROVED):
        take(Action.PASS, review, cast.reviewer)
    if stage == Stage.APPROVED:
        take(Action.APPROVE, review, cast.approver)


@pytest.mark.parametrize("size", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("stage", EXPECTED)
def test_the_page_takes_twelve_at_most(places: Places, cast: Cast, stage: Stage, size: tuple[int, int, int]) -> None:
    review = story(make_approved_plan(places.civic, measures=size[2]), cast, *size)
    brought(review, stage, cast)
    found = [
        asked(getattr(cast, name), "review", review.pk, status=404 if expected == NOT_THERE else 200)
        for name, expected in zip(READERS, EXPECTED[stage], strict=True)
    ]
    assert tuple(found) == EXPECTED[stage]


@pytest.mark.parametrize("size", [SHORT, LONG], ids=["short", "long"])
def test_what_stands_beside_it_costs_the_same_too(places: Places, cast: Cast, size: tuple[int, int, int]) -> None:
    review = story(make_approved_plan(places.civic, measures=size[2]), cast, *size)
    assert asked(cast.reviewer, "review_round", review.pk, 1) == 9
    review = now_of(take(Action.RETURN, review, cast.reviewer))
    with CaptureQueriesContext(connection) as drafting:
        read_draft(review)
    assert asked(cast.lead, "review_draft", review.pk) == 9 + len(drafting)
    assert asked(cast.lead, "prepare", review.pk) == 12 + len(drafting)


def test_before_the_first_submission(cast: Cast, review: Review) -> None:
    assert [asked(user, "review", review.pk) for user in (cast.lead, cast.reviewer, cast.auditor)] == [9, 9, 8]


def test_a_plan_and_a_change_of_one_take_no_more(places: Places, cast: Cast) -> None:
    (first,) = opened(make_plan(places.civic, measures=3), kind=CheckpointKind.PLAN)
    change = propose(change_of(make_approved_plan(places.tax, measures=3), cast.tax_editor), cast.tax_editor)
    for review, lead in ((first, cast.lead), (change, cast.tax_lead)):
        take(Action.SUBMIT, review, lead)
        take(Action.PIN, review, cast.reviewer)
        assert [asked(user, "review", review.pk) for user in (lead, cast.reviewer)] == [12, 12]


def test_more_time_takes_no_more(cast: Cast, review: Review) -> None:
    take(Action.EXTEND, review, cast.reviewer)
    at(Stage.REVIEW, review, cast)
    assert [asked(user, "review", review.pk) for user in (cast.lead, cast.reviewer)] == [12, 12]


# ---- the rare cases


def test_a_deputy_takes_two_more_for_the_absent_person(places: Places, cast: Cast, review: Review) -> None:
    """What the absent person may not do, and their name."""
    deputy = make_deputy(places, cast)
    at(Stage.APPROVE, review, cast)
    assert asked(deputy, "review", review.pk) == 14
    stand_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    rebuild_access(TODAY)
    assert asked(fresh(cast.stranger), "review", review.pk) == 13


def test_where_nobody_may_decide_it_takes_two_more_to_say_who_could(cast: Cast, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    for name in ("reviewer", "second_reviewer", "doubled"):
        review.plan.authors.create(user=getattr(cast, name))
    assert asked(cast.lead, "review", review.pk) == 14
