"""Submit → pass on → approve through the services against the same rows by plain SQL."""

from copy import copy
from functools import partial
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.city import NOW, City, build_checkpoint, build_plans, write_drafts, write_measures
from bench.cycle_floor import STEPS, CycleFloor
from bench.plain import Plain
from bench.rounds import Round, Times, in_turns, require_same_rows
from workflows.models import CheckpointKind, Outcome, Review
from workflows.services.checkpoints import open_checkpoint
from workflows.services.reviews import decide, submit

FIRST_YEAR = 2026
PIECE = 10  # cycles before the other has its turn; alone, each would find its caches cold


class Cycles(NamedTuple):
    """Seconds of each round of so many cycles, and the statements of each step with its BEGIN and COMMIT."""

    cycles: int
    times: Times
    floor_statements: list[int]
    our_statements: list[int]


def measure(plain: Plain, city: City, rounds: int) -> Cycles:
    """Every round has a year of its own: half of its reviews go each way, one for each department."""
    model, *years = [_drafted_reviews(city, FIRST_YEAR + at) for at in range(rounds + 1)]
    plain.settle()
    our_statements: list[int] = []
    floor_statements: list[int] = []
    cycle(city, model[2])
    floor = CycleFloor(plain, by=city.reviewer.pk)
    require_same_rows(
        plain,
        lambda: floor_statements.extend(_count_floor(plain, floor, model[0])),
        lambda: our_statements.extend(_count_ours(city, model[1])),
    )

    def by_floor(reviews: list[Review]) -> None:
        for review in reviews:
            floor.cycle(review.pk)

    def by_services(reviews: list[Review]) -> None:
        for review in reviews:
            cycle(city, review)

    turns = [
        Round(
            floor=[partial(by_floor, piece) for piece in _pieces(reviews[0::2])],
            ours=[partial(by_services, piece) for piece in _pieces(reviews[1::2])],
        )
        for reviews in years
    ]
    return Cycles(len(city.departments), in_turns(plain, turns), floor_statements, our_statements)


def cycle(city: City, review: Review) -> None:
    """All steps, from the draft to the approval."""
    for step in range(len(STEPS)):
        review = take_step(city, review, step)


def take_step(city: City, review: Review, step: int) -> Review:
    """Submit, pass on or approve. As in a request of its own, the person's rights are found anew."""
    if step == 0:
        by = copy(city.leads[review.department_id])
        return submit(review_id=review.pk, task_id=review.task_id, version=review.version, by=by, now=NOW)
    by, outcome = ((city.reviewer, Outcome.PASSED), (city.approver, Outcome.APPROVED))[step - 1]
    return decide(review_id=review.pk, task_id=review.task_id, outcome=outcome, comment="", by=copy(by), now=NOW)


def _pieces(reviews: list[Review]) -> list[list[Review]]:
    return [reviews[at : at + PIECE] for at in range(0, len(reviews), PIECE)]


def _drafted_reviews(city: City, year: int) -> list[Review]:
    plans = build_plans(city.departments, year)
    write_measures(plans)
    checkpoint = build_checkpoint(year, CheckpointKind.Q2)
    open_checkpoint(checkpoint=checkpoint, by=city.reviewer, now=NOW)
    reviews = list(checkpoint.reviews.order_by("pk"))
    write_drafts(reviews)
    return reviews


def _count_ours(city: City, review: Review) -> list[int]:
    counts = []
    for step in range(len(STEPS)):
        with CaptureQueriesContext(connection) as queries:
            review = take_step(city, review, step)
        counts.append(len(queries))
    return counts


def _count_floor(plain: Plain, floor: CycleFloor, review: Review) -> list[int]:
    counts = []
    for step in STEPS:
        before = plain.statements
        floor.run(step, review.pk)
        counts.append(plain.statements - before)
    return counts
