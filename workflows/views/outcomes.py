"""What became of each of many reviews, one by one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from departments.models import User
from workflows.errors import Stale
from workflows.models import Review
from workflows.services.each import Result
from workflows.wording import Status, told

Done = TypeVar("Done")


@dataclass(frozen=True)
class Line:
    """What became of one: the outcome in a chip, or the sentence why not. `review` is None where it is out of sight."""

    review: Review | None
    status: Status | None
    sentence: str


def show_outcomes(
    request: HttpRequest,
    results: Iterable[Result[Done]],
    seen: Mapping[int, Review],
    unseen: int,
    chip: Callable[[Done], Status],
    **context: Any,
) -> HttpResponse:
    """The page that says it; `unseen`: so many the person no longer sees."""
    lines = [_line(result, seen[result.review_id], chip, request.user) for result in results]
    lines += [Line(None, None, _("It is out of your sight by now.")) for _number in range(unseen)]
    done = sum(line.status is not None for line in lines)
    context |= {"lines": lines, "done": done, "undone": len(lines) - done}
    return render(request, "workflows/outcomes.html", context)


def _line(result: Result[Done], review: Review, chip: Callable[[Done], Status], reader: User) -> Line:
    if result.done is not None:
        return Line(review, chip(result.done), "")
    event = result.refusal.event if isinstance(result.refusal, Stale) else None
    return Line(review, None, told(event, reader) if event else str(result.refusal))
