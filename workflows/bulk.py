"""What may be passed on or approved many at once (一括処理): reports in which nothing changed that has to be looked at.

A read model of a fixed number of queries, and the check that the service makes again under each review's lock.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from departments.judgement import Judgement
from departments.models import CalendarDay, User
from workflows.access import waiting_for
from workflows.content import Content
from workflows.models import CheckpointKind, Pin, ProgressClass, Review, Stage, Submission
from workflows.models.reviews import ReviewQuerySet
from workflows.standing import absent_by_review
from workflows.wording import DueText, Status, due_text, progress_status

# How good a judgement is. What is not judged this time, or was not there last time, stands in the middle.
MIDDLE = 2
RANKS = {Judgement.ACHIEVED: 4, Judgement.ON_TRACK: 3, Judgement.BEHIND: 1, Judgement.MISSED: 0}


@dataclass(frozen=True)
class Item:
    """One review that waits. `obstacle`: why it has to be looked at by itself, empty where it may go with others.

    `classes`: how many measures are in which progress class; `absent`: in whose place the person decides.
    """

    review: Review
    due: DueText | None
    classes: list[tuple[Status, int]]
    absent: User | None
    obstacle: str


def deciding(user: User, on: date) -> ReviewQuerySet:
    """The reviews that wait for the person to pass on or approve, most urgent first."""
    return waiting_for(user, on).filter(stage__in=[Stage.REVIEW, Stage.APPROVE])


def bulk_items(reviews: Iterable[Review], user: User, on: date) -> list[Item]:
    """The given reviews of `deciding`, in their order, each with what keeps it from being decided with others."""
    reviews = list(reviews)
    facts = _read_facts(reviews)
    absent = absent_by_review(reviews, user, on)
    calendar = CalendarDay.objects.calendar()
    return [
        Item(
            review=review,
            due=due_text(review.due_on, on, calendar),
            classes=_counted(facts.contents[review.pk], facts.classes),
            absent=absent.get(review.pk),
            obstacle=_obstacle(review, facts),
        )
        for review in reviews
    ]


def obstacle_of(review: Review) -> str:
    """Why this review, as it stands now, has to be looked at by itself; empty where it may go with others."""
    return _obstacle(review, _read_facts([review]))


@dataclass(frozen=True)
class Facts:
    """By review id: what was submitted, and what the department said at the checkpoint before, where it did.

    `pinned`: the reviews with an open comment; `classes`: the progress classes by code.
    """

    contents: dict[int, Content]
    before: dict[int, Content]
    pinned: set[int]
    classes: dict[str, ProgressClass]


def _read_facts(reviews: Sequence[Review]) -> Facts:
    ids = [review.pk for review in reviews]
    submissions = Submission.objects.filter(review__in=ids, round=F("review__round")).values_list("review", "content")
    return Facts(
        contents={pk: json.loads(content) for pk, content in submissions},
        before=_read_before(reviews),
        pinned=set(Pin.objects.open().filter(review__in=ids).values_list("review", flat=True)),
        classes={found.code: found for found in ProgressClass.objects.all()},
    )


def _read_before(reviews: Sequence[Review]) -> dict[int, Content]:
    """What was approved at the checkpoint before, else last submitted to it: of either it is the last round."""
    wanted = {}
    for review in reviews:
        kind = CheckpointKind(review.checkpoint.kind).previous
        if kind is not None:
            wanted[review.plan_id, review.checkpoint.fiscal_year, kind.value] = review.pk
    frames = {(year, kind) for _plan, year, kind in wanted}
    if not frames:
        return {}
    at = reduce(or_, (Q(review__checkpoint__fiscal_year=year, review__checkpoint__kind=kind) for year, kind in frames))
    plans = {plan for plan, _year, _kind in wanted}
    found = Submission.objects.filter(at, review__plan__in=plans, round=F("review__round")).values_list(
        "review__plan", "review__checkpoint__fiscal_year", "review__checkpoint__kind", "content"
    )
    return {
        wanted[plan, year, kind]: json.loads(content)
        for plan, year, kind, content in found
        if (plan, year, kind) in wanted
    }


def _obstacle(review: Review, facts: Facts) -> str:
    if review.checkpoint.is_plan:
        return _("A plan has to be read by itself.")
    if review.checkpoint.is_change:
        return _("A change of a plan has to be read by itself.")
    if review.pk in facts.pinned:
        return _("It has comments that are not resolved yet.")
    content, before = facts.contents[review.pk], facts.before.get(review.pk)
    return _changed_classes(content, before, facts.classes) or _worse_judgements(content, before)


def _changed_classes(content: Content, before: Content | None, classes: dict[str, ProgressClass]) -> str:
    """A measure that is new, or gone, counts as changed. Without an earlier report, those that need a reason count."""
    now = _progress(content)
    if before is None:
        number = sum(code in classes and classes[code].needs_reason for code in now.values())
        sentence = ngettext(
            "There is no earlier report, and %(n)d measure is late or needs a reason.",
            "There is no earlier report, and %(n)d measures are late or need a reason.",
            number,
        )
    else:
        was = _progress(before)
        number = sum(now.get(pk) != was.get(pk) for pk in now.keys() | was.keys())
        sentence = ngettext(
            "The progress of %(n)d measure changed since the last report.",
            "The progress of %(n)d measures changed since the last report.",
            number,
        )
    return sentence % {"n": number} if number else ""


def _progress(content: Content) -> dict[int, str | None]:
    return {entry["id"]: entry["progress"] for entry in content["measures"]}


def _worse_judgements(content: Content, before: Content | None) -> str:
    now, was = _ranks(content), _ranks(before) if before else {}
    number = sum(rank < was.get(pk, MIDDLE) for pk, rank in now.items())
    sentence = ngettext(
        "%(n)d indicator is judged worse than in the last report.",
        "%(n)d indicators are judged worse than in the last report.",
        number,
    )
    return sentence % {"n": number} if number else ""


def _ranks(content: Content) -> dict[int, int]:
    return {entry["id"]: RANKS.get(entry["judgement"], MIDDLE) for entry in content["indicators"]}


def _counted(content: Content, classes: dict[str, ProgressClass]) -> list[tuple[Status, int]]:
    """How many measures are in which class, in the order of the classes; none of a plan."""
    found = Counter(entry["progress"] for entry in content.get("measures", []))
    return [(progress_status(classes[code]), found[code]) for code in classes if found[code]]
