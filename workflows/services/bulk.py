"""Passing on or approving many reviews in one go (一括処理): each by itself, whatever becomes of the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from departments.models import User
from workflows.bulk import obstacle_of
from workflows.errors import ReviewError, Stale
from workflows.models import Outcome, Stage
from workflows.services.reviews import decide, last_event, locked

log = structlog.get_logger("meguru.workflows")

# What going on means at each stage.
ONWARD = {Stage.REVIEW: Outcome.PASSED, Stage.APPROVE: Outcome.APPROVED}


class Ticked(NamedTuple):
    """One review as the person saw it in the list."""

    review_id: int
    task_id: int
    round: int


@dataclass(frozen=True)
class Result:
    """What became of one: the outcome, or the refusal with its sentence."""

    review_id: int
    outcome: Outcome | None = None
    refusal: ReviewError | None = None


def decide_in_bulk(*, ticked: Iterable[Ticked], by: User, now: datetime) -> list[Result]:
    """Pass on or approve each that is still as it was seen and may go with others; one result for each, in order.

    Every review has a transaction, a check and a record of its own, so none of them stops or undoes another.
    """
    return [_result(each, by, now) for each in ticked]


def _result(each: Ticked, by: User, now: datetime) -> Result:
    try:
        return Result(each.review_id, outcome=_go_on(each, by, now))
    except ReviewError as refusal:
        return Result(each.review_id, refusal=refusal)
    except DatabaseError:
        log.exception("bulk decision failed", review=each.review_id, by=by.pk)
        return Result(each.review_id, refusal=ReviewError(_("The system could not carry this out. Try it again.")))


@transaction.atomic
def _go_on(each: Ticked, by: User, now: datetime) -> Outcome:
    review = locked(each.review_id, each.task_id)
    if review.round != each.round or review.stage not in ONWARD:
        raise Stale(last_event(review))
    if obstacle := obstacle_of(review):
        raise ReviewError(obstacle)
    outcome = ONWARD[Stage(review.stage)]
    decide(review_id=review.pk, task_id=each.task_id, outcome=outcome, comment="", by=by, now=now, bulk=True)
    return outcome
