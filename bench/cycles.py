"""Open → submit → pass on → approve three ways: the same rows by plain SQL, viewflow's activations, the services."""

from copy import copy
from functools import partial
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import by_viewflow
from bench.city import NOW, City, build_checkpoint, build_plans, write_drafts, write_measures
from bench.cycle_floor import STEPS, CycleFloor
from bench.opening_floor import open_plainly
from bench.plain import Plain
from bench.rounds import Round, Times, Work, in_turns, require_same_rows
from departments.models import User
from workflows.models import Checkpoint, CheckpointKind, Outcome, Review
from workflows.services.checkpoints import open_checkpoint
from workflows.services.reviews import decide, submit

FLOOR_YEARS, OUR_YEARS = range(2100, 2200), range(2026, 2100)
PIECE = 10  # cycles before the next way has its turn; alone, each would find its caches cold


class Cycles(NamedTuple):
    """So many cycles a round by plain SQL, by viewflow and by us, the opening at once for all of a round included.

    `statements` are those of each step with its BEGIN and COMMIT; viewflow's start first, for it opens one by one.
    """

    cycles: int
    times: Times
    statements: list[list[int]]


def measure(plain: Plain, city: City, rounds: int) -> Cycles:
    """Every round and way has a year, or processes, of its own."""
    size = 2 * len(city.departments)
    model, *years = [(_build_year(city, FLOOR_YEARS[at]), _build_year(city, OUR_YEARS[at])) for at in range(rounds + 1)]
    processes: list[list[int]] = [[] for _ in years]
    by, viewflows = city.reviewer, by_viewflow.build_person()

    def open_by_viewflow(started: list[int]) -> None:
        started.extend(by_viewflow.start() for _ in range(size))

    plain.settle()
    statements = _opened_model(plain, city, viewflows, model)
    openings = in_turns(
        plain,
        [
            [
                [partial(open_plainly, plain, checkpoint=floor, by=by.pk, now=NOW)],
                [partial(open_by_viewflow, started)],
                [partial(open_checkpoint, checkpoint=ours, by=by, now=NOW)],
            ]
            for (floor, ours), started in zip(years, processes, strict=True)
        ],
    )
    reviews = [[_drafted_reviews(checkpoint) for checkpoint in pair] for pair in years]
    plain.settle()
    floor = CycleFloor(plain, by=by.pk)
    turns: list[Round] = [
        [
            _pieces([partial(floor.cycle, review.pk) for review in plainly]),
            _pieces([partial(by_viewflow.cycle, process, viewflows) for process in started]),
            _pieces([partial(cycle, city, review) for review in ours]),
        ]
        for (plainly, ours), started in zip(reviews, processes, strict=True)
    ]
    return Cycles(size, openings.plus(in_turns(plain, turns)), statements)


def _pieces(works: list[Work]) -> list[Work]:
    return [partial(_all_of, works[at : at + PIECE]) for at in range(0, len(works), PIECE)]


def _all_of(works: list[Work]) -> None:
    for work in works:
        work()


def _build_year(city: City, year: int) -> Checkpoint:
    """Plans with their measures, to be opened."""
    write_measures(build_plans(city.departments, year))
    return build_checkpoint(year, CheckpointKind.Q2)


def _drafted_reviews(checkpoint: Checkpoint) -> list[Review]:
    reviews = list(checkpoint.reviews.order_by("pk"))
    write_drafts(reviews)
    return reviews


def _opened_model(plain: Plain, city: City, viewflows: User, model: tuple[Checkpoint, Checkpoint]) -> list[list[int]]:
    """Go each way once, warming up and counting the statements; plain SQL and we have to write the same rows."""
    checkpoints = dict(zip(("floor", "ours"), model, strict=True))
    open_plainly(plain, checkpoint=checkpoints["floor"], by=city.reviewer.pk, now=NOW)
    open_checkpoint(checkpoint=checkpoints["ours"], by=city.reviewer, now=NOW)
    (plainly, *_), (first, ours, *_) = map(_drafted_reviews, model)
    cycle(city, first)
    floor = CycleFloor(plain, by=city.reviewer.pk)
    counts: list[list[int]] = [[], _count_viewflow(viewflows), []]
    require_same_rows(
        plain,
        lambda: counts[0].extend(_count_floor(plain, floor, plainly)),
        lambda: counts[2].extend(_count_ours(city, ours)),
    )
    return counts


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


def _count_ours(city: City, review: Review) -> list[int]:
    counts = []
    for step in range(len(STEPS)):
        with CaptureQueriesContext(connection) as queries:
            review = take_step(city, review, step)
        counts.append(len(queries))
    return counts


def _count_viewflow(by: User) -> list[int]:
    with CaptureQueriesContext(connection) as queries:
        process = by_viewflow.start()
    counts = [len(queries)]
    for name, value in by_viewflow.STEPS:
        with CaptureQueriesContext(connection) as queries:
            by_viewflow.take_step(process, name, value, by)
        counts.append(len(queries))
    return counts


def _count_floor(plain: Plain, floor: CycleFloor, review: Review) -> list[int]:
    counts = []
    for step in STEPS:
        before = plain.statements
        floor.run(step, review.pk)
        counts.append(plain.statements - before)
    return counts
