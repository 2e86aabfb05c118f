"""What is on record of one review: its events, and the contents that were submitted. One query for each.

Pages tell submissions (提出), decisions and comments (指摘) from the events, and not from the rows of their own that
each of them has as well: one query for all of them, and `verify_history` proves that both say the same.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import orjson
from django.db.models import F, Q

from workflows.content import Content
from workflows.models import CheckpointKind, Event, EventKind, Review, Submission


def events_of(review: Review) -> list[Event]:
    """All that happened to the review, oldest first, with the people."""
    return list(review.events.select_related("by", "on_behalf_of").order_by("sequence"))


def submitted(events: Iterable[Event]) -> list[Event]:
    """Of the events those that are submissions: who, when, `round`, and the content's hash in `data`."""
    return [event for event in events if event.kind == EventKind.SUBMITTED]


@dataclass(frozen=True)
class Papers:
    """Contents as they were frozen: of the review's rounds by number, and of the checkpoint before, the last one.

    `previous_stage`: where that one's review stands now, which says whether it was approved.
    """

    rounds: dict[int, Content] = field(default_factory=dict)
    previous: Content | None = None
    previous_stage: str = ""


def read_papers(review: Review, rounds: Collection[int], *, with_previous: bool = False) -> Papers:
    """The contents of these rounds and, if asked for, what the plan last submitted to the checkpoint before."""
    kind = CheckpointKind(review.checkpoint.kind).previous if with_previous else None
    if not rounds and kind is None:
        return Papers()
    asked = Q(review=review.pk, round__in=rounds)
    if kind is not None:
        year = review.checkpoint.fiscal_year
        asked |= Q(review__checkpoint__kind=kind, review__checkpoint__fiscal_year=year, round=F("review__round"))
    # The plan is the same on both sides of the «or»: by it the database finds the few rows in question.
    found = Submission.objects.filter(asked, review__plan=review.plan_id)
    papers, previous, previous_stage = {}, None, ""
    for of, stage, number, text in found.values_list("review", "review__stage", "round", "content"):
        if of == review.pk:
            papers[number] = orjson.loads(text)
        else:
            previous, previous_stage = orjson.loads(text), stage
    return Papers(papers, previous, previous_stage)
