"""Ways to tamper with stored history, each by SQL that the triggers would refuse, as whoever owns the tables could.

Each does something and says what, or raises Untouched where it would change nothing that is there.
"""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Field, Model

from departments.models import Measure
from workflows.history import event_hash
from workflows.models import (
    Acknowledgement,
    Decision,
    Event,
    IndicatorReport,
    MeasureReport,
    Nudge,
    PendingEvent,
    Pin,
    PinEntry,
    Proposal,
    Review,
    Seal,
    SealedHead,
    Stage,
    Submission,
)
from workflows.services.seals import End, seal_hash
from workflows.verification.rows import Plans, event_rows
from workflows.verification.story import told_by

# What the register and the pages say happened, column by column; numbers of rows say nothing by themselves.
COLUMNS: dict[type[Model], list[str]] = {
    Event: ["plan", "review", "sequence", "kind", "at", "by", "on_behalf_of", "round", "data", "previous", "hash"],
    Submission: ["review", "round", "content", "sha256", "submitted_by", "submitted_at", "on_behalf_of"],
    Decision: ["review", "submission", "step", "outcome", "comment", "decided_by", "decided_at", "on_behalf_of"],
    Pin: ["review", "submission", "target", "text", "made_by", "made_at"],
    PinEntry: ["pin", "kind", "text", "by", "at"],
    Acknowledgement: ["event", "at"],
    Nudge: ["event", "review", "day"],
    Seal: ["day", "sealed_at", "heads", "previous", "hash"],
    SealedHead: ["seal", "plan", "sequence", "hash"],
    Review: ["plan", "stage", "stage_since", "round", "returned_from", "extended_to"],
    MeasureReport: ["measure", "progress", "percent", "done", "issue", "next_step", "priority", "initiative_number"],
    IndicatorReport: ["indicator", "value", "note"],
    Measure: ["title", "goal", "priority", "first_month", "last_month", "initiative"],
}
# Only what was approved is frozen: (model, its condition).
FROZEN = {
    MeasureReport: {"review__stage": Stage.APPROVED},
    IndicatorReport: {"review__stage": Stage.APPROVED},
    Measure: {"plan__reviews__checkpoint__kind": "plan"},
}


class Untouched(Exception):
    """There is nothing of the kind to tamper with, or it would stay as it is."""


def rows_of(model: type[Model]) -> list[Any]:
    return list(model._default_manager.filter(**FROZEN.get(model, {})).order_by("pk").distinct())


def _some(model: type[Model], chance: random.Random, count: int = 1) -> list[Any]:
    rows = rows_of(model)
    if len(rows) < count:
        raise Untouched
    return chance.sample(rows, count)


def other_value(field: Field, value: Any, chance: random.Random) -> Any:
    """Another value that the column could hold."""
    choices = [each for each in _choices(field, value, chance) if each != value]
    if not choices:
        raise Untouched
    return chance.choice(choices)


def _choices(field: Field, value: Any, chance: random.Random) -> Sequence[Any]:
    if field.is_relation:
        ids = list(field.related_model._default_manager.order_by("pk").values_list("pk", flat=True))
        return [*ids, None] if field.null else ids
    if field.choices:
        return [choice for choice, _label in field.choices]
    if isinstance(value, datetime):
        return [value + timedelta(microseconds=more) for more in (-1, 1, 10**6, 86_400 * 10**6)]
    if isinstance(value, date) or field.get_internal_type() == "DateField":
        return [(value or date(2026, 10, 1)) + timedelta(days=more) for more in (-1, 1, 30)]
    if isinstance(value, dict):
        return [{**value, key: said} for key in (*value, "more") for said in ("。", 99, None, True)]
    if isinstance(value, str):
        return [f"{value}。", value[:-1], f"{chance.getrandbits(256):064x}"[: field.max_length or 64]]
    return [(value or 0) + 1, (value or 0) + 1000]


def change(chance: random.Random) -> str:
    """One column of one row."""
    model = chance.choice(list(COLUMNS))
    (row,) = _some(model, chance)
    field = model._meta.get_field(chance.choice(COLUMNS[model]))
    values = {field.name: other_value(field, getattr(row, field.attname), chance)}
    if model is Review and field.name == "stage":
        values |= _fitting(row, values["stage"])
    model._default_manager.filter(pk=row.pk).update(**values)
    return f"change {model.__name__}.{field.name}"


def _fitting(review: Review, stage: str) -> dict[str, Any]:
    """What the table's rules want with the stage."""
    if not Stage(stage).is_open:
        return {"task": None, "due_on": None}
    task = review.task_id or Event.objects.filter(review=review).earliest("sequence").data["next_task"]
    return {"task": task, "due_on": review.due_on or date(2026, 10, 14)}


def exchange(chance: random.Random) -> str:
    """The values of one column between two rows."""
    model = chance.choice(list(COLUMNS))
    one, two = _some(model, chance, 2)
    name = chance.choice(COLUMNS[model])
    field = model._meta.get_field(name)
    mine, theirs = getattr(one, field.attname), getattr(two, field.attname)
    if mine == theirs or name in ("stage", "event"):
        raise Untouched
    if name in ("sequence", "day"):  # unique: by way of a third
        model._default_manager.filter(pk=one.pk).update(**{name: 9999 if name == "sequence" else date(1999, 1, 1)})
    model._default_manager.filter(pk=two.pk).update(**{name: mine})
    model._default_manager.filter(pk=one.pk).update(**{name: theirs})
    return f"exchange {model.__name__}.{name}"


def _delete(cursor: Any, model: type[Model], column: str, ids: Sequence[int]) -> None:
    places = ", ".join(["%s"] * len(ids)) or "NULL"
    cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {column} IN ({places})", list(ids))


def remove_rows(model: type[Model], ids: Sequence[int]) -> None:
    """Rows with all that cannot stand without them."""
    with connection.cursor() as cursor:
        for dependent, column in DEPENDENTS.get(model, []):
            below = dependent._default_manager.filter(**{f"{column}__in": list(ids)})
            remove_rows(dependent, list(below.values_list("pk", flat=True)))
        _delete(cursor, model, model._meta.pk.column, ids)


DEPENDENTS: dict[type[Model], list[tuple[type[Model], str]]] = {
    Event: [(PendingEvent, "event"), (Acknowledgement, "event"), (Nudge, "event")],
    Submission: [(Decision, "submission"), (Pin, "submission")],
    Pin: [(PinEntry, "pin")],
    Seal: [(SealedHead, "seal")],
    Review: [
        (Nudge, "review"),
        (Submission, "review"),
        (Decision, "review"),
        (Pin, "review"),
        (MeasureReport, "review"),
        (IndicatorReport, "review"),
        (Proposal, "review"),
    ],
}


def remove(chance: random.Random) -> str:
    """A row with all that cannot stand without it."""
    model = chance.choice([model for model in COLUMNS if model not in (Review, Measure, IndicatorReport)])
    (row,) = _some(model, chance)
    remove_rows(model, [row.pk])
    return f"remove {model.__name__}"


def insert(chance: random.Random) -> str:
    """A copy of a row with something else in it, an event with a right hash of its own."""
    model = chance.choice([Event, Submission, Decision, Pin, PinEntry, Acknowledgement, Nudge, SealedHead, Seal])
    (row,) = _some(model, chance)
    if model is Event:
        _make_room(row)
    for name in chance.sample(COLUMNS[model], 2):
        field = model._meta.get_field(name)
        setattr(row, field.attname, other_value(field, getattr(row, field.attname), chance))
    if model is Event:
        row.hash = event_hash(row)
    if model is Seal:
        row.day, row.hash = row.day - timedelta(days=30), seal_hash(row, [])
    if model not in (Acknowledgement, Nudge):  # whose number is the event's
        row.pk = None
    row._state.adding = True
    row.save(force_insert=True)
    return f"insert {model.__name__}"


def _make_room(event: Event) -> None:
    later = Event.objects.filter(plan=event.plan_id, sequence__gte=event.sequence)
    later.update(sequence=F("sequence") + 1000)
    Event.objects.filter(plan=event.plan_id, sequence__gte=1000).update(sequence=F("sequence") - 999)


def cut_off(chance: random.Random) -> str:
    """The end of a chain with every row that it speaks of, so that what is left is a shorter whole."""
    plan_id = chance.choice(list(Event.objects.order_by().values_list("plan", flat=True).distinct()))
    rows = list(event_rows(Plans(plan_id, plan_id)))
    kept = rows[: chance.randrange(len(rows))]
    story = told_by(kept)
    remove_rows(Event, [row.pk for row in rows[len(kept) :]])
    _forget_what_is_not_told(plan_id, story)
    return "cut off"


def _forget_what_is_not_told(plan_id: int, story: Any) -> None:
    for review in Review.objects.filter(plan=plan_id):
        state = story.reviews.get(review.pk)
        if state is None:
            remove_rows(Review, [review.pk])
            continue
        due = None if state.task is None else review.due_on or date(2026, 10, 14)
        Review.objects.filter(pk=review.pk).update(
            stage=state.stage,
            task=state.task,
            due_on=due,
            round=state.round,
            returned_from=state.returned_from,
            extended_to=state.extended_to,
            stage_since=state.since,
        )
    untold: dict[type[Model], list[int]] = {
        Submission: [
            row.pk
            for row in Submission.objects.filter(review__plan=plan_id)
            if (row.review_id, row.round) not in story.submissions
        ],
        Decision: [
            row.pk
            for row in Decision.objects.filter(review__plan=plan_id).select_related("submission")
            if (row.review_id, row.submission.round, row.step) not in story.decisions
        ],
        Pin: [row.pk for row in Pin.objects.filter(review__plan=plan_id) if row.pk not in story.pins],
    }
    for model, ids in untold.items():
        remove_rows(model, ids)


def rewrite(chance: random.Random) -> str:
    """Another comment in a decision and in its event, and every hash of the chain from there made right again."""
    told = Event.objects.filter(kind__in=["passed", "returned", "approved", "revoked"]).order_by("pk")
    event = chance.choice(list(told))
    said = f"{event.data['comment']}。"
    decisions = Decision.objects.filter(review=event.review_id, submission__round=event.round, step=event.data["step"])
    decisions.update(comment=said)
    Event.objects.filter(pk=event.pk).update(data={**event.data, "comment": said})
    right_chain(event.plan_id)
    return "rewrite"


def right_chain(plan_id: int) -> None:
    previous = ""
    for event in Event.objects.filter(plan=plan_id).order_by("sequence"):
        event.previous = previous
        previous = event.hash = event_hash(event)
        Event.objects.filter(pk=event.pk).update(previous=event.previous, hash=event.hash)


def rewrite_all(chance: random.Random) -> str:
    """The same, and all seals made anew over it: only a line that was kept elsewhere tells."""
    rewrite(chance)
    right_seals()
    return "rewrite with the seals"


def right_seals() -> None:
    for head in SealedHead.objects.all():
        found = Event.objects.filter(plan=head.plan_id, sequence=head.sequence).first()
        if found is not None:
            SealedHead.objects.filter(pk=head.pk).update(hash=found.hash)
    previous = ""
    for seal in Seal.objects.order_by("day"):
        ends = [End(head.plan_id, head.sequence, head.hash) for head in seal.new_heads.order_by("plan_id")]
        seal.previous = previous
        previous = seal_hash(seal, ends)
        Seal.objects.filter(pk=seal.pk).update(previous=seal.previous, hash=previous)


WAYS: list[Callable[[random.Random], str]] = [
    *[change] * 8,
    *[exchange] * 3,
    *[remove] * 3,
    *[insert] * 3,
    *[cut_off] * 2,
    rewrite,
    rewrite_all,
]
