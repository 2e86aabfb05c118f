"""Passing on or approving many reviews in one go (一括処理): each by itself, whatever becomes of the others."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction

from departments.models import User
from workflows.bulk import obstacle_of
from workflows.errors import ReviewError, Stale
from workflows.models import Outcome, Stage
from workflows.services.each import Result, each_by_itself
from workflows.services.reviews import decide, last_event, locked

# What going on means at each stage.
ONWARD = {Stage.REVIEW: Outcome.PASSED, Stage.APPROVE: Outcome.APPROVED}


class Ticked(NamedTuple):
    """One review as the person saw it in the list."""

    review_id: int
    task_id: int
    round: int


def decide_in_bulk(*, ticked: Iterable[Ticked], by: User, now: datetime) -> list[Result[Outcome]]:
    """Pass on or approve each that is still as it was seen and may go with others; one result for each, in order.

    Every review has a transaction, a check and a record of its own, so none of them stops or undoes another.
    """
    return each_by_itself(ticked, partial(_go_on, by=by, now=now), by=by)


@transaction.atomic
def _go_on(each: Ticked, *, by: User, now: datetime) -> Outcome:
    review = locked(each.review_id, each.task_id)
    if review.round != each.round or review.stage not in ONWARD:
        raise Stale(last_event(review))
    if obstacle := obstacle_of(review):
        raise ReviewError(obstacle)
    outcome = ONWARD[Stage(review.stage)]
    decide(review_id=review.pk, task_id=each.task_id, outcome=outcome, comment="", by=by, now=now, bulk=True)
    return outcome
