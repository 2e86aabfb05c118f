"""The history: nothing in it can be changed through the database, and what was changed past it is found."""

import io
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction

from departments.models import ActionPlan
from tests.database import triggers_aside
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, REASON, opened, save, take
from workflows.access import Action
from workflows.history import event_hash
from workflows.models import CheckpointKind, Decision, Event, EventKind, Review, Submission
from workflows.verification import Fault, faults

MODELS: list[type[models.Model]] = [Event, Submission, Decision]


@pytest.fixture
def told(places: Places, cast: Cast) -> list[Event]:
    """The history of two plans at two checkpoints, with a return and a withdrawal in it."""
    plans = [make_approved_plan(places.civic), make_approved_plan(places.tax)]
    people = [(cast.editor, cast.lead), (cast.tax_editor, cast.tax_lead)]
    for kind in (CheckpointKind.Q1, CheckpointKind.Q2):
        for review, (editor, lead) in zip(opened(*plans, kind=kind), people, strict=True):
            save(review, editor)
            for action, person in [
                (Action.SUBMIT, lead),
                (Action.RETURN, cast.reviewer),
                (Action.SUBMIT, lead),
                (Action.WITHDRAW, lead),
                (Action.SUBMIT, lead),
                (Action.PASS, cast.reviewer),
                (Action.APPROVE, cast.approver),
            ]:
                take(action, review, person)
    return list(Event.objects.order_by("plan", "sequence"))


# ---- what the database refuses


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def rows() -> list[list[Any]]:
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


@pytest.mark.parametrize("model", MODELS)
def test_no_statement_changes_or_removes_a_row(told: list[Event], model: type[models.Model]) -> None:
    table, before = model._meta.db_table, rows()
    for field in model._meta.fields:
        refused(f"UPDATE {table} SET {field.column} = {field.column}")
    refused(f"UPDATE {table} SET id = id + 1 WHERE id = (SELECT max(id) FROM {table})")
    refused(f"DELETE FROM {table}")
    refused(f"DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})")
    if connection.vendor == "sqlite":
        columns = ", ".join(field.column for field in model._meta.fields)
        refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        anew = columns.replace("id, ", "NULL, ", 1)
        refused(f"REPLACE INTO {table} ({columns}) SELECT {anew} FROM {table}")
        refused(f"UPDATE OR REPLACE {table} SET id = 1")
    else:
        connection.check_constraints()  # none must be put off when a table is emptied
        refused(f"TRUNCATE {table} CASCADE")
        refused(f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id")
    assert rows() == before


@pytest.mark.parametrize("model", MODELS)
def test_no_call_changes_or_removes_a_row(told: list[Event], model: type[models.Model]) -> None:
    first = model.objects.order_by("pk").first()
    names = [field.name for field in model._meta.fields if not field.primary_key]
    calls: list[Callable[[], object]] = [
        first.save,
        first.delete,
        model.objects.all().delete,
        lambda: model.objects.update(id=models.F("id")),
        lambda: model.objects.bulk_update([first], names),
        lambda: model.objects.bulk_create([first], update_conflicts=True, unique_fields=["pk"], update_fields=names),
    ]
    before = rows()
    for call in calls:
        with pytest.raises((DatabaseError, models.ProtectedError)), transaction.atomic():
            call()
    assert rows() == before


def test_people_of_the_history_cannot_be_removed(told: list[Event], cast: Cast) -> None:
    for person in (cast.lead, cast.reviewer):
        with pytest.raises(models.ProtectedError):
            person.delete()


# ---- what verification finds


def test_whole_history_is_whole(told: list[Event]) -> None:
    out = io.StringIO()
    call_command("verify_history", stdout=out)
    assert (list(faults()), out.getvalue()) == ([], f"history is whole: {len(told)} events\n")
    assert [event.sequence for event in told] == [*range(1, 17), *range(1, 17)]


def first_bad_row() -> str:
    """What the command names, which must fail."""
    errors = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("verify_history", stdout=io.StringIO(), stderr=errors)
    assert refusal.value.returncode == 1
    row = errors.getvalue().partition(":")[0]
    assert str(refusal.value).endswith(f"first bad row: {row}")
    return row


def named(event: Event) -> str:
    return f"plan {event.plan_id}, row {event.sequence} (event {event.pk})"


def _other(name: str, event: Event, chance: random.Random) -> Any:
    """Some other value for a column, of its own type."""
    value = getattr(event, name)
    choices = {
        "review_id": REVIEWS,
        "sequence": [value + 1000] if name == "sequence" else [],
        "kind": EventKind.values,
        "at": [event.at + timedelta(microseconds=more) for more in (-1, 1, 10**6, 86400 * 10**6)],
        "by_id": [None, *PEOPLE],
        "round": range(9),
        "data": [
            {**event.data, key: said} for key in (*event.data, "more") for said in (REASON + "。", 99, None, True)
        ],
        "previous": ["", f"{chance.getrandbits(256):064x}"],
        "hash": [f"{chance.getrandbits(256):064x}"],
    }
    return chance.choice([other for other in choices[name] if other != value])


PEOPLE: list[int] = []
REVIEWS: list[int] = []
COLUMNS = ["review_id", "sequence", "kind", "at", "by_id", "round", "data", "previous", "hash"]


def change(events: list[Event], chance: random.Random) -> str:
    at = chance.randrange(len(events))
    event = events[at]
    name = chance.choice(COLUMNS)
    Event.objects.filter(pk=event.pk).update(**{name: _other(name, event, chance)})
    last = at + 1 == len(events) or events[at + 1].plan_id != event.plan_id
    # A number that leaves a gap behind it puts the next row first in the wrong place.
    return named(events[at + 1]) if name == "sequence" and not last else named(Event.objects.get(pk=event.pk))


def remove(events: list[Event], chance: random.Random) -> str:
    at = chance.choice([at for at in range(len(events) - 1) if events[at + 1].plan_id == events[at].plan_id])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM workflows_pendingevent WHERE event_id = %s", [events[at].pk])
        cursor.execute("DELETE FROM workflows_event WHERE id = %s", [events[at].pk])
    return named(events[at + 1])


def swap(events: list[Event], chance: random.Random) -> str:
    plan_id = chance.choice([events[0].plan_id, events[-1].plan_id])
    chain = [event for event in events if event.plan_id == plan_id]
    one, other = sorted(chance.sample(chain, 2), key=lambda event: event.sequence)
    for pk, sequence in ((one.pk, 999), (other.pk, one.sequence), (one.pk, other.sequence)):
        Event.objects.filter(pk=pk).update(sequence=sequence)
    return named(Event.objects.get(pk=other.pk))


def insert(events: list[Event], chance: random.Random) -> str:
    """A forged row with a right hash of its own, all later ones moved up by one."""
    at = chance.randrange(len(events))
    model = events[at]
    for later in reversed([event for event in events if event.plan_id == model.plan_id]):
        if later.sequence >= model.sequence:
            Event.objects.filter(pk=later.pk).update(sequence=later.sequence + 1)
    forged = Event(
        plan_id=model.plan_id,
        review_id=model.review_id,
        sequence=model.sequence,
        kind=chance.choice(EventKind.values),
        at=model.at,
        by_id=model.by_id,
        round=model.round,
        data=model.data,
        previous=model.previous,
    )
    forged.hash = event_hash(forged)
    forged.save(force_insert=True)
    return named(Event.objects.get(pk=model.pk))


@pytest.mark.parametrize("seed", range(4))
def test_every_tampering_is_found_at_the_first_bad_row(told: list[Event], cast: Cast, seed: int) -> None:
    """Two hundred in all: fields changed, rows removed, exchanged and forged."""
    PEOPLE[:] = [person.pk for person in cast.everybody()]
    REVIEWS[:] = list(Review.objects.values_list("pk", flat=True))
    chance = random.Random(seed)
    missed = []
    with triggers_aside():
        for number in range(50):
            tamper = chance.choice([change, change, remove, swap, insert])
            undo = transaction.savepoint()
            expected = tamper(told, chance)
            found = next(faults(), None)
            if found is None or found.row != expected:
                missed.append((number, tamper.__name__, expected, found))
            transaction.savepoint_rollback(undo)
    assert missed == []


def test_command_names_the_first_bad_row_of_each_plan(told: list[Event]) -> None:
    with triggers_aside():
        Event.objects.filter(sequence__gte=3).update(round=9)
    errors = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_history", stdout=io.StringIO(), stderr=errors)
    assert errors.getvalue().splitlines() == [
        f"{named(event)}: was changed after it was written" for event in told if event.sequence == 3
    ]
    assert first_bad_row() == named(told[2])


def test_time_that_is_none_is_found(told: list[Event]) -> None:
    if connection.vendor == "sqlite":
        with triggers_aside() as cursor:
            cursor.execute("UPDATE workflows_event SET at = 'never' WHERE id = %s", [told[4].pk])
        assert first_bad_row() == named(told[4])


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Submission, {"content": "{}"}),
        (Submission, {"sha256": "0" * 64}),
        (Submission, {"submitted_at": NOW + timedelta(days=1)}),
        (Decision, {"comment": "別の理由"}),
        (Decision, {"decided_at": NOW + timedelta(days=1)}),
    ],
)
def test_changed_submission_or_decision_is_found(
    told: list[Event], model: type[models.Model], values: dict[str, Any]
) -> None:
    victim = model.objects.order_by("pk").first()
    with triggers_aside():
        model.objects.filter(pk=victim.pk).update(**values)
    assert [fault.what for fault in faults()] == ["is not what its event says"]


def test_submission_and_decision_of_somebody_else_are_found(told: list[Event], cast: Cast) -> None:
    with triggers_aside():
        Submission.objects.filter(round=2).update(submitted_by=cast.stranger)
    first, second = ActionPlan.objects.order_by("pk")
    assert [fault.row for fault in faults()] == [
        f"submission {plan.reviews.order_by('pk').first().pk} 2" for plan in (first, second)
    ]


def test_last_event_cannot_go_while_the_review_remembers_it(told: list[Event]) -> None:
    with triggers_aside() as cursor:
        cursor.execute("DELETE FROM workflows_pendingevent WHERE event_id = %s", [told[-1].pk])
        cursor.execute("DELETE FROM workflows_event WHERE id = %s", [told[-1].pk])
    assert list(faults()) == [Fault(f"decision {told[-1].review_id} 3 approve", "is told of by no event")]


def test_review_that_was_moved_past_its_history_is_found(told: list[Event]) -> None:
    victim = Review.objects.order_by("pk").first()
    Review.objects.filter(pk=victim.pk).update(round=7)
    assert list(faults()) == [Fault(f"review {victim.pk}", "is not what its event says")]


def test_whole_end_taken_off_is_beyond_what_the_rows_can_show(told: list[Event]) -> None:
    """Whoever removes the last events, what they speak of, and the trace on the review leaves a shorter whole."""
    last = told[-1]
    with triggers_aside() as cursor:
        cursor.execute("DELETE FROM workflows_pendingevent WHERE event_id = %s", [last.pk])
        cursor.execute("DELETE FROM workflows_event WHERE id = %s", [last.pk])
        cursor.execute("DELETE FROM workflows_decision WHERE review_id = %s AND step = 'approve'", [last.review_id])
        Review.objects.filter(pk=last.review_id).update(
            stage="approve", due_on=NOW.date(), task=Event.objects.get(pk=told[-2].pk).data["next_task"]
        )
    assert list(faults()) == []
