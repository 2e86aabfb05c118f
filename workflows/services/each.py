"""Doing the same to many reviews, each by itself: none of them stops or undoes another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import structlog
from django.db import DatabaseError
from django.utils.translation import gettext as _

from departments.models import User
from workflows.errors import ReviewError

log = structlog.get_logger("meguru.workflows")

Done = TypeVar("Done")


class Named(Protocol):
    """One review as the person saw it in a list, by its number and what else tells that it has not changed since."""

    @property
    def review_id(self) -> int: ...


class Asked(NamedTuple):
    """One review as it was seen: with the task that was open then."""

    review_id: int
    task_id: int


@dataclass(frozen=True)
class Result(Generic[Done]):
    """What became of one: what was done, or the refusal with its sentence."""

    review_id: int
    done: Done | None = None
    refusal: ReviewError | None = None


Each = TypeVar("Each", bound=Named)


def each_by_itself(asked: Iterable[Each], act: Callable[[Each], Done], *, by: User) -> list[Result[Done]]:
    """One result for each, in order, whatever becomes of the others; `act` has a transaction of its own."""
    return [_result(each, act, by) for each in asked]


def _result(each: Each, act: Callable[[Each], Done], by: User) -> Result[Done]:
    try:
        return Result(each.review_id, done=act(each))
    except ReviewError as refusal:
        return Result(each.review_id, refusal=refusal)
    except DatabaseError:
        log.exception("one of many failed", review=each.review_id, by=by.pk)
        return Result(each.review_id, refusal=ReviewError(_("The system could not carry this out. Try it again.")))
