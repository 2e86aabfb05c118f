"""Opening a checkpoint for all plans at once against one INSERT … SELECT a table."""

from functools import partial
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.city import NOW, City, build_checkpoint, build_departments, build_plans
from bench.opening_floor import open_plainly
from bench.plain import Plain
from bench.rounds import Times, in_turns, require_same_rows
from workflows.models import ROUNDS, Checkpoint, CheckpointKind
from workflows.services.checkpoints import open_checkpoint

FLOOR_YEARS, OUR_YEARS = range(2000, 2010), range(2010, 2020)
KINDS = [kind for kind in ROUNDS if kind != CheckpointKind.PLAN]


class Openings(NamedTuple):
    """Seconds of each round of so many reviews, and the statements of one opening with its BEGINs and COMMITs."""

    reviews: int
    times: Times
    floor_statements: int
    our_statements: int


def measure(plain: Plain, city: City, *, reviews: int, rounds: int) -> Openings:
    """Each way has years of its own, and opens one checkpoint of them after the other, so that histories grow."""
    departments = build_departments("wide", reviews // 2)
    needed = rounds // len(KINDS) + 1
    for year in (*FLOOR_YEARS[:needed], *OUR_YEARS[:needed]):
        build_plans(departments, year)
    plain.settle()
    pairs = [
        (build_checkpoint(FLOOR_YEARS[at], kind), build_checkpoint(OUR_YEARS[at], kind))
        for at in range(needed)
        for kind in KINDS
    ]
    by = city.reviewer

    def by_floor(checkpoint: Checkpoint) -> None:
        open_plainly(plain, checkpoint=checkpoint, by=by.pk, now=NOW)

    def by_service(checkpoint: Checkpoint) -> None:
        open_checkpoint(checkpoint=checkpoint, by=by, now=NOW)

    (floor, ours), *others = pairs
    before = plain.statements
    with CaptureQueriesContext(connection) as queries:
        require_same_rows(plain, partial(by_floor, floor), partial(by_service, ours))
    floor_statements = plain.statements - before
    turns = [([partial(by_floor, floor)], [partial(by_service, ours)]) for floor, ours in others]
    return Openings(reviews, in_turns(plain, turns[:rounds]), floor_statements, len(queries))
