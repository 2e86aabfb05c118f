"""The daily seal over the ends of all histories, the lines kept of it, and the form that hashes are over."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from departments.models import ActionPlan
from tests.database import triggers_aside
from tests.workflows.cast import Cast, Places, make_approved_plan, make_cast
from tests.workflows.long_story import Story
from tests.workflows.moves import NOW, TODAY, opened, save, take
from tests.workflows.tampering import remove_rows
from tests.workflows.test_concurrency import all_at_once
from workflows.access import Action
from workflows.evidence.storage import keep
from workflows.history import event_hash
from workflows.models import (
    Acknowledgement,
    Decision,
    Event,
    Pin,
    PinEntry,
    Review,
    Seal,
    SealedHead,
    StoredFile,
    Submission,
)
from workflows.services.seals import seal
from workflows.tasks import seal_history
from workflows.verification import Fault, faults, lost_line, worthwhile_processes

TOMORROW = TODAY + timedelta(days=1)


def heads_of(found: Seal) -> list[tuple[int, int, str]]:
    return list(found.new_heads.order_by("plan").values_list("plan", "sequence", "hash"))


def ends() -> list[tuple[int, int, str]]:
    """The last event of each plan."""
    lasts = {event.plan_id: event for event in Event.objects.order_by("plan_id", "sequence")}
    return [(plan, event.sequence, event.hash) for plan, event in lasts.items()]


@pytest.fixture
def reviews(places: Places, cast: Cast) -> list[Review]:
    return opened(make_approved_plan(places.civic), make_approved_plan(places.tax))


# ---- sealing


def test_a_day_is_sealed_once_and_only_what_moved_since_is_in_it(reviews: list[Review], cast: Cast) -> None:
    first = seal(day=TODAY, now=NOW)
    again = seal(day=TODAY, now=NOW + timedelta(hours=3))
    assert (first, first.heads, heads_of(again)) == (again, 2, ends())
    save(reviews[0], cast.editor)
    take(Action.SUBMIT, reviews[0], cast.lead)
    assert heads_of(seal(day=TODAY, now=NOW)) != ends()
    second = seal(day=TOMORROW, now=NOW + timedelta(days=1))
    third = seal(day=TODAY + timedelta(days=4), now=NOW + timedelta(days=4))
    assert (heads_of(second), heads_of(third)) == ([ends()[0]], [])
    assert [second.previous, third.previous] == [again.hash, second.hash]
    assert list(faults()) == []


def test_the_hash_of_a_seal_is_over_lines_that_anybody_can_write(reviews: list[Review]) -> None:
    found = seal(day=TODAY, now=NOW)
    lines = ["", "2026-10-07 2026-10-07T01:00:00.000000+00:00 2"]
    lines += [f"{plan} {sequence} {digest}" for plan, sequence, digest in ends()]
    assert found.hash == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert found.line == f"2026-10-07 2 {found.hash}"


def test_a_clock_set_back_seals_nothing(reviews: list[Review]) -> None:
    found = seal(day=TODAY, now=NOW)
    assert seal(day=TODAY - timedelta(days=1), now=NOW) == found
    assert Seal.objects.count() == 1


def test_nothing_at_all_can_be_sealed(db: None) -> None:
    assert seal(day=TODAY, now=NOW).heads == 0
    assert list(faults()) == []


@pytest.mark.parametrize("sealed_before", [False, True])
def test_two_that_seal_at_once_make_one_seal(transactional_db: None, places: Places, sealed_before: bool) -> None:
    opened(make_approved_plan(places.civic))
    if sealed_before:
        seal(day=TODAY - timedelta(days=1), now=NOW)
    found = all_at_once(*[partial(seal, day=TODAY, now=NOW)] * 4)
    assert {each.line for each in found} == {Seal.objects.get(day=TODAY).line}
    assert Seal.objects.count() == 1 + sealed_before
    assert list(faults()) == []


def test_the_timetable_seals_once_a_day_and_the_line_leaves_by_the_log(reviews: list[Review], clock: None) -> None:
    with capture_logs() as logs:
        seal_history()
        seal_history()
    assert [(line["event"], line["seal"]) for line in logs] == [("history sealed", Seal.objects.get().line)]


def test_the_command_prints_the_line(reviews: list[Review], clock: None) -> None:
    out = io.StringIO()
    call_command("seal_history", stdout=out)
    call_command("seal_history", stdout=out)
    assert out.getvalue() == f"{Seal.objects.get().line}\n" * 2


# ---- what the seals show


def verify(*arguments: str) -> str:
    """What the command says, or its complaints."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("verify_history", *arguments, stdout=out, stderr=errors)
    except CommandError as error:
        return errors.getvalue() or str(error)
    return out.getvalue()


@pytest.fixture
def story(places: Places, cast: Cast) -> Story:
    return Story(places, cast)


def test_an_end_that_was_cut_off_is_named_by_its_seal(reviews: list[Review]) -> None:
    seal(day=TODAY, now=NOW)
    review = reviews[1]
    with triggers_aside():
        remove_rows(Event, [review.events.get().pk])
        remove_rows(Review, [review.pk])
    assert list(faults()) == [Fault(f"plan {review.plan_id}, row 1", "is gone, though it was sealed on 2026-10-07")]


def test_a_history_written_anew_is_named_by_its_seal(story: Story) -> None:
    event = Event.objects.filter(kind="opened").order_by("plan_id", "sequence").first()
    with triggers_aside():
        previous = ""
        for each in Event.objects.filter(plan=event.plan_id).order_by("sequence"):
            each.previous, each.by = previous, story.cast.stranger if each == event else each.by
            previous = each.hash = event_hash(each)
            Event.objects.filter(pk=each.pk).update(previous=each.previous, by=each.by, hash=each.hash)
    (fault,) = faults()
    assert fault.what == "is not the row that was sealed on 2026-10-07"


def test_seals_taken_off_the_end_are_missed_by_a_kept_line_alone(story: Story) -> None:
    assert lost_line(story.line) is None
    with triggers_aside():
        remove_rows(Seal, [Seal.objects.last().pk])
    assert list(faults()) == []
    assert lost_line(story.line) == Fault("seal 2026-10-08", "is gone, though its line was kept")


def test_the_command_compares_the_lines_that_were_kept(story: Story) -> None:
    first, last = Seal.objects.order_by("day")
    assert verify("--seal", first.line, "--seal", f" {last.line.replace(' ', '  ')}\n").startswith("history is whole")
    other = f"2026-10-07 9 {'0' * 64}"
    assert verify("--seal", other) == f"seal 2026-10-07: is not the one that was kept: here it is {first.line}\n"
    for bad in ("", "2026-10-07", "7.10.2026 3 ab", "2026-13-01 3 ab", "a b c d"):
        assert "is no line of a seal" in verify("--seal", bad), bad


def test_one_plan_can_be_verified_alone(story: Story) -> None:
    first, second = ActionPlan.objects.order_by("pk")[:2]
    with triggers_aside():
        Event.objects.filter(plan=second, sequence=2).update(round=9)
    events = Event.objects.filter(plan=first).count()
    assert verify("--plan", str(first.pk)) == f"history is whole: {events} events\n"
    pk = Event.objects.get(plan=second, sequence=2).pk
    bad = f"plan {second.pk}, row 2 (event {pk}): was changed after it was written\n"
    assert (verify("--plan", str(second.pk)), verify()) == (bad, bad)


def test_seals_are_checked_after_the_plans(story: Story) -> None:
    with triggers_aside():
        Seal.objects.filter(day=TODAY).update(sealed_at=NOW - timedelta(days=9))
    assert list(faults()) == [Fault("seal 2026-10-07", "was changed after it was made, or what it sealed was")]


def test_several_processes_find_the_same(transactional_db: None, places: Places) -> None:
    """Their connections are their own, and so see only what is committed."""
    story = Story(places, make_cast(places))
    assert list(faults(processes=2)) == []
    with transaction.atomic(), triggers_aside():
        Event.objects.filter(sequence=3).update(round=9)
        Seal.objects.filter(day=TODAY).update(heads=77)
    assert list(faults(processes=2)) == list(faults())
    assert len(list(faults())) == ActionPlan.objects.count() + 1
    assert worthwhile_processes() == 1
    assert lost_line(story.line) is None


def test_what_was_approved_is_held_against_what_was_frozen(story: Story) -> None:
    plan = ActionPlan.objects.order_by("pk").first()
    measure = plan.measures.first()
    measure.goal = "だれも承認していない目標"
    measure.save(update_fields=["goal"])
    assert list(faults()) == [Fault(f"plan {plan.pk}", "is not what was approved")]


def test_bytes_of_attachments_are_looked_at(db: None) -> None:
    kept, lost = hashlib.sha256(b"abc").hexdigest(), "0" * 64
    keep(kept, io.BytesIO(b"abc"))
    for sha256 in (kept, lost):
        StoredFile.objects.create(sha256=sha256, size=3, media_type="text/plain", stored_at=NOW)
    assert list(faults()) == [Fault(f"file {lost}", "is not kept as it was")]


# ---- the tables


@pytest.mark.parametrize(
    "model", [Event, Submission, Decision, Pin, PinEntry, Acknowledgement, Seal, SealedHead, StoredFile]
)
def test_no_statement_changes_or_removes_a_row(story: Story, model: Any) -> None:
    if model is StoredFile:
        StoredFile.objects.create(sha256="0" * 64, size=1, media_type="text/plain", stored_at=NOW)
    table, before = model._meta.db_table, list(model.objects.order_by("pk").values())
    assert before
    for statement in (
        *(f"UPDATE {table} SET {field.column} = {field.column}" for field in model._meta.fields),
        f"DELETE FROM {table}",
        *([f"TRUNCATE {table} CASCADE"] if connection.vendor == "postgresql" else []),
    ):
        connection.check_constraints()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(model.objects.order_by("pk").values()) == before


# ---- the form that an event's hash is over

FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def hash_by_the_standard_library(event: Event) -> str:
    in_place = {} if event.on_behalf_of_id is None else {"on_behalf_of": event.on_behalf_of_id}
    columns = {
        **in_place,
        "plan": event.plan_id,
        "review": event.review_id,
        "sequence": event.sequence,
        "kind": str(event.kind),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": event.by_id,
        "round": event.round,
        "data": event.data,
        "previous": event.previous,
    }
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@given(
    data=st.dictionaries(st.text(), FACTS, max_size=6),
    at=st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()),
    by=st.none() | st.integers(1, 2**63 - 1),
    absent=st.none() | st.integers(1, 2**63 - 1),
    kind=st.sampled_from(Event._meta.get_field("kind").choices),
)
def test_a_hash_is_what_any_json_library_would_make_of_it(
    data: dict[str, Any], at: datetime, by: int | None, absent: int | None, kind: tuple[str, str]
) -> None:
    event = Event(
        plan_id=1,
        review_id=2,
        sequence=3,
        kind=kind[0],
        at=at,
        by_id=by,
        on_behalf_of_id=absent,
        round=1,
        data=data,
        previous="0" * 64,
    )
    assert event_hash(event) == hash_by_the_standard_library(event)


def test_every_stored_hash_is_so(story: Story) -> None:
    for event in Event.objects.all():
        assert event.hash == hash_by_the_standard_library(event)


def test_hashes_of_the_first_release_stay_right() -> None:
    event = Event(
        plan_id=3,
        review_id=7,
        sequence=2,
        kind="submitted",
        at=NOW,
        by_id=5,
        round=1,
        data={"to": "review", "sha256": "ab", "comment": "「数値」を追記\n\u2028\x7f\x01", "next_task": None},
        previous="cd",
    )
    assert event_hash(event) == "a9d7e74b72f7bdaefcd7d83b89d590087414ccec4e9bc5cbee3f6d295b4c3362"
