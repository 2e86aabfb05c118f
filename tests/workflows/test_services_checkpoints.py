"""Opening and closing a checkpoint for all plans at once."""

import io
from datetime import date, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from departments.models import ActionPlan
from departments.models.plans import PlanKind, PlanState
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, closed, make_checkpoint, now_of, opened, save, take, told
from workflows.access import Action
from workflows.errors import Closed
from workflows.models import Checkpoint, CheckpointKind, Event, PendingEvent, Review, ReviewProcess, Stage
from workflows.schedule import Days
from workflows.services.checkpoints import Opening, change_days, close_checkpoint, open_checkpoint


def open_it(checkpoint: Checkpoint) -> Opening:
    return open_checkpoint(checkpoint=checkpoint, by=None, now=NOW)


def row_counts() -> list[int]:
    return [model.objects.count() for model in (Review, ReviewProcess, Task, Event, PendingEvent)]


def test_every_approved_plan_gets_its_review(places: Places) -> None:
    civic, tax = make_approved_plan(places.civic), make_approved_plan(places.tax)
    draft = make_plan(places.dx)
    action = make_plan(places.civic, kind=PlanKind.ACTION, state=PlanState.APPROVED)
    make_plan(places.civic, year=2025, state=PlanState.APPROVED)
    checkpoint = make_checkpoint()
    assert open_it(checkpoint) == Opening(opened=3, already=0, left_out=[draft])
    assert [
        (review.plan, review.department, review.stage, review.due_on, review.stage_since, review.round, review.is_open)
        for review in Review.objects.order_by("pk")
    ] == [
        (plan, plan.department, Stage.PREPARE, date(2026, 10, 14), NOW, 0, True)
        for plan in sorted((civic, tax, action), key=lambda plan: plan.pk)
    ]
    assert (checkpoint.opened_at, Checkpoint.objects.get().opened_at) == (NOW, NOW)


def test_opening_again_changes_nothing(places: Places) -> None:
    make_approved_plan(places.civic)
    checkpoint = make_checkpoint()
    open_it(checkpoint)
    before = (row_counts(), Checkpoint.objects.get().opened_at)
    again = open_checkpoint(checkpoint=checkpoint, by=None, now=NOW + timedelta(days=1))
    assert again == Opening(opened=0, already=1, left_out=[])
    assert (row_counts(), Checkpoint.objects.get().opened_at) == before


def test_plan_approved_late_is_added(places: Places) -> None:
    make_approved_plan(places.civic)
    late = make_plan(places.tax)
    checkpoint = make_checkpoint()
    assert open_it(checkpoint) == Opening(opened=1, already=0, left_out=[late])
    ActionPlan.objects.filter(pk=late.pk).update(state=PlanState.APPROVED)
    assert open_it(checkpoint) == Opening(opened=1, already=1, left_out=[])


def test_plan_checkpoint_takes_the_drafts(places: Places) -> None:
    draft = make_plan(places.civic)
    make_approved_plan(places.tax)
    checkpoint = make_checkpoint(CheckpointKind.PLAN)
    assert open_it(checkpoint) == Opening(opened=1, already=0, left_out=[])
    assert Review.objects.get().plan == draft


def test_opening_nothing_is_fine(places: Places) -> None:
    checkpoint = make_checkpoint()
    assert open_it(checkpoint) == Opening(opened=0, already=0, left_out=[])
    assert Checkpoint.objects.get().is_running


def test_chunks_make_one_whole(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.services.checkpoints.CHUNK", {"sqlite": 2, "postgresql": 2})
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx)]
    assert open_it(make_checkpoint()).opened == 3
    assert set(Review.objects.values_list("plan", flat=True)) == {plan.pk for plan in plans}


def test_closing_ends_what_is_open_and_leaves_the_rest(places: Places, cast: Cast) -> None:
    civic, tax = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    at(Stage.APPROVED, civic, cast)
    save(tax, cast.tax_editor)
    take(Action.SUBMIT, tax, cast.tax_lead)
    task_id = now_of(tax).task_id
    later = NOW + timedelta(days=80)
    assert close_checkpoint(checkpoint=civic.checkpoint, by=cast.administrator, now=later) == 1
    lapsed = now_of(tax)
    assert (now_of(civic).stage, lapsed.stage, lapsed.is_open, lapsed.due_on, lapsed.stage_since) == (
        Stage.APPROVED,
        Stage.LAPSED,
        False,
        None,
        later,
    )
    assert told(tax)[-1] == ("lapsed", "administrator", 1)
    assert Event.objects.get(kind="lapsed").data == {"task": task_id, "from": "review"}
    task = Task.objects.get(pk=task_id)
    assert (task.status, task.finished) == (STATUS.CANCELED, later)
    assert ReviewProcess.objects.get(pk=tax.process_id).status == PROCESS.CANCELED
    assert Task.objects.filter(process=tax.process_id, status=STATUS.NEW).count() == 0


def test_closed_is_closed_for_good(review: Review) -> None:
    closed(review)
    checkpoint = Checkpoint.objects.get()
    before = row_counts()
    for service in (open_checkpoint, close_checkpoint):
        with pytest.raises(Closed):
            service(checkpoint=checkpoint, by=None, now=NOW)
    assert row_counts() == before


def test_what_never_opened_cannot_be_closed(places: Places) -> None:
    with pytest.raises(Closed):
        close_checkpoint(checkpoint=make_checkpoint(), by=None, now=NOW)


def test_plan_whose_review_lapsed_is_no_longer_under_review(places: Places, cast: Cast) -> None:
    (review,) = opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)
    take(Action.SUBMIT, review, cast.lead)
    closed(review)
    assert ActionPlan.objects.get().state == PlanState.DRAFT


# ---- the commands


def run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_commands_say_what_they_did(places: Places) -> None:
    make_approved_plan(places.civic)
    draft = make_plan(places.tax)
    make_checkpoint()
    name = str(Checkpoint.objects.get())
    assert run("open_checkpoint", "2026", "q2") == (
        f"{name}：開始した件数 1、以前からの件数 0\n  計画が未承認のため対象外：{draft}\n"
    )
    assert run("open_checkpoint", "2026", "q2").startswith(f"{name}：開始した件数 0、以前からの件数 1\n")
    assert run("close_checkpoint", "2026", "q2") == f"{name}：終了しました。未了で終わった件数 1\n"


def test_commands_refuse_with_a_sentence(places: Places) -> None:
    with pytest.raises(CommandError, match="チェックポイント 2026 q2 はありません。登録済み：まだありません。"):
        run("open_checkpoint", "2026", "q2")
    make_checkpoint()
    with pytest.raises(CommandError, match="登録済み：2026 q2。"):
        run("open_checkpoint", "2026", "q3")
    with pytest.raises(CommandError, match="is not open|実施中ではありません"):
        run("close_checkpoint", "2026", "q2")
    with pytest.raises(CommandError, match="invalid choice: 'q5'"):
        run("open_checkpoint", "2026", "q5")


# ---- what was returned


def returned(review: Review, cast: Cast, on: date) -> Review:
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer, now=datetime.combine(on, time(11), NOW.tzinfo))
    return now_of(review)


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (date(2026, 10, 7), date(2026, 10, 15)),  # five business days on; 12 October is a holiday
        (date(2026, 10, 5), date(2026, 10, 14)),  # the submission's own day is later
        (date(2026, 12, 24), date(2026, 12, 25)),  # but not beyond the closing day
    ],
)
def test_time_to_mend_what_was_returned(review: Review, cast: Cast, on: date, due: date) -> None:
    assert returned(review, cast, on).due_on == due


def test_moved_days_leave_the_time_to_mend(review: Review, cast: Cast) -> None:
    returned(review, cast, date(2026, 10, 7))
    days = {name: getattr(review.checkpoint, name) for name in Days.__dataclass_fields__}
    for submit_due, due in [(date(2026, 10, 9), date(2026, 10, 15)), (date(2026, 10, 20), date(2026, 10, 20))]:
        change_days(checkpoint=review.checkpoint, days=Days(**{**days, "submit_due": submit_due}), by=None, now=NOW)
        assert now_of(review).due_on == due
