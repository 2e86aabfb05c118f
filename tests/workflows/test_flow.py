"""The flow as viewflow sees it: opening and every step write the rows that its own activations would write."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from departments.models import ActionPlan, Department, User
from departments.models.organisation import Permission
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, closed, make_checkpoint, now_of, opened, save, take
from workflows.access import Action
from workflows.flows import ReviewFlow
from workflows.models import Review, ReviewProcess, Stage

# What differs between any two rows of the kind, and what the clock says.
NUMBERS = {"id", "process_id", "owner_permission_obj_pk"}
CLOCK = {"created", "started", "finished"}

# Through every edge of the flow, withdrawal after a direct submission included.
WAY: list[tuple[Action, str]] = [
    (Action.SUBMIT, "lead"),
    (Action.WITHDRAW, "lead"),
    (Action.SUBMIT, "lead"),
    (Action.RETURN, "reviewer"),
    (Action.SUBMIT, "lead"),
    (Action.PASS, "reviewer"),
    (Action.RETURN, "approver"),
    (Action.SUBMIT, "lead"),
    (Action.WITHDRAW, "lead"),
    (Action.SUBMIT, "lead"),
    (Action.APPROVE, "approver"),
]


def started_by_viewflow(plan: ActionPlan) -> Review:
    """A review begun one by one, as `ReviewFlow.start.run()` begins a process, with the row that it needs at hand."""
    checkpoint = make_checkpoint("q3")
    review = Review(
        plan=plan,
        checkpoint=checkpoint,
        department=plan.department,
        due_on=checkpoint.submit_due,
        stage_since=NOW,
    )
    activation = ReviewFlow.start.activation_class.create(ReviewFlow.start, None, None)
    activation.process.review = review
    activation.execute()
    review.process = activation.process
    review.task = Task.objects.get(process=activation.process, status=STATUS.NEW)
    review.save()
    return review


def rows_of(review: Review) -> list[dict[str, Any]]:
    """The process's and its tasks' rows in order, without numbers; times only as there or not; links by position."""
    tasks = list(Task.objects.filter(process=review.process_id).order_by("pk"))
    positions = {task.pk: position for position, task in enumerate(tasks)}
    links = [
        {"link": (positions[after], positions[before])}
        for after, before in Task.previous.through.objects.filter(from_task__in=tasks)
        .order_by("from_task", "to_task")
        .values_list("from_task", "to_task")
    ]
    rows = [
        *ReviewProcess.objects.filter(pk=review.process_id).values(),
        *Task.objects.filter(process=review.process_id).order_by("pk").values(),
    ]
    return [
        {name: value is not None if name in CLOCK else value for name, value in row.items() if name not in NUMBERS}
        for row in rows
    ] + links


def take_by_viewflow(review: Review, outcome: str, by: User) -> None:
    """The same step by the activation of viewflow, which knows nothing of the review's row."""
    task = Task.objects.get(process=review.process_id, finished=None)
    with task.activation() as activation:
        activation.decide(by, outcome, NOW)
        activation.execute()


def outcome_of(review: Review) -> str:
    """How the review's task ended that was finished last."""
    done = Task.objects.filter(process=review.process_id, flow_task_type="HUMAN", status=STATUS.DONE)
    return done.latest("pk").data["outcome"]


def test_every_step_writes_what_viewflow_writes(places: Places, cast: Cast) -> None:
    ours, theirs = opened(make_approved_plan(places.civic))[0], started_by_viewflow(make_approved_plan(places.tax))
    assert rows_of(ours) == rows_of(theirs)
    save(ours, cast.editor)
    for action, who in WAY:
        take(action, ours, getattr(cast, who))
        take_by_viewflow(theirs, outcome_of(ours), getattr(cast, who))
        assert rows_of(ours) == rows_of(theirs), action
    assert now_of(ours).stage == Stage.APPROVED


def test_viewflow_goes_on_from_where_a_step_has_led(review: Review, cast: Cast) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    prepared, opened_by_us = Task.objects.filter(process=review.process_id, flow_task_type="HUMAN").order_by("pk")
    assert list(opened_by_us.previous.all()) == [prepared]
    assert list(prepared.leading.all()) == [opened_by_us]
    assert type(opened_by_us.flow_task.activation_class(opened_by_us)) is ReviewFlow.review.activation_class
    take_by_viewflow(review, "pass_on", cast.reviewer)
    last = Task.objects.get(process=review.process_id, finished=None)
    assert (last.flow_task, list(last.previous.all())) == (ReviewFlow.approve, [opened_by_us])


def test_open_task_is_guarded_for_the_department(review: Review, cast: Cast) -> None:
    found = []
    save(review, cast.editor)
    for action, person in [(None, None), (Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer)]:
        if action is not None:
            take(action, review, person)
        task = Task.objects.get(pk=now_of(review).task_id)
        found.append((task.flow_task.name, task.status, task.owner_permission))
        assert task.owner_permission_content_type == ContentType.objects.get_for_model(Department)
        assert task.owner_permission_obj_pk == str(review.department_id)
    assert found == [
        ("prepare", STATUS.NEW, f"departments.{Permission.SUBMIT}"),
        ("review", STATUS.NEW, f"departments.{Permission.REVIEW}"),
        ("approve", STATUS.NEW, f"departments.{Permission.APPROVE}"),
    ]


def test_finished_task_says_who_did_what_when(review: Review, cast: Cast) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.RETURN, review, cast.reviewer)
    done = Task.objects.filter(process=review.process_id, status=STATUS.DONE, flow_task_type="HUMAN").order_by("pk")
    assert [(task.flow_task.name, task.owner, task.data, task.started) for task in done] == [
        ("prepare", cast.lead, {"outcome": "submit"}, NOW),
        ("review", cast.reviewer, {"outcome": "give_back"}, NOW),
    ]


@pytest.mark.parametrize("end", [Stage.APPROVED, Stage.LAPSED])
def test_process_ends_with_the_review(review: Review, cast: Cast, end: Stage) -> None:
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    take(Action.PASS, review, cast.reviewer)
    if end == Stage.APPROVED:
        take(Action.APPROVE, review, cast.approver)
    else:
        closed(review)
    process = ReviewProcess.objects.get(pk=review.process_id)
    assert process.status == (PROCESS.DONE if end == Stage.APPROVED else PROCESS.CANCELED)
    assert process.finished is not None
    assert not Task.objects.filter(process=process, finished=None).exists()


def test_pages_of_viewflow_are_not_served() -> None:
    """They list across departments; ours are the only ones."""

    def modules(patterns: list[Any]) -> set[str]:
        found = set()
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                found |= modules(pattern.url_patterns)
            else:
                found.add(pattern.callback.__module__)
        return found

    assert not [name for name in modules(get_resolver().url_patterns) if name.startswith("viewflow")]
