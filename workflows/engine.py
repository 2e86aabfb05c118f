"""The only door to viewflow: starting reviews in bulk, moving one on, ending what a closing checkpoint leaves.

Callers hold the review's lock and have checked every rule; here the flow and its echo on the review row move together.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from viewflow.workflow.base import Node
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from departments.models import ActionPlan, Department, User
from departments.prepared import insert, update
from workflows.flows import Decision, ReviewFlow
from workflows.models import Checkpoint, Review, ReviewProcess, Stage
from workflows.schedule import due_day

# Which task followed which.
FOLLOWED = Task.previous.through


def start(
    checkpoint: Checkpoint,
    plans: Sequence[ActionPlan],
    *,
    now: datetime,
    due_on: date | None = None,
    change_number: int = 0,
) -> list[Review]:
    """Open one review a plan by bulk inserts, the very rows that viewflow's own start would write.

    Due on the checkpoint's day, unless another is given.
    """
    processes = ReviewProcess.objects.bulk_create(
        ReviewProcess(flow_class=ReviewFlow, status=PROCESS.NEW, created=now) for _ in plans
    )
    tasks = _first_tasks(processes, plans, now=now)
    return Review.objects.bulk_create(
        Review(
            plan=plan,
            checkpoint=checkpoint,
            department_id=plan.department_id,
            process=process,
            task=task,
            due_on=due_on or checkpoint.submit_due,
            stage_since=now,
            change_number=change_number,
        )
        for plan, process, task in zip(plans, processes, tasks, strict=True)
    )


def _first_tasks(processes: Sequence[ReviewProcess], plans: Sequence[ActionPlan], *, now: datetime) -> list[Task]:
    """The tasks in which the departments prepare, each behind the start that is done already."""
    starts = Task.objects.bulk_create(_passed(ReviewFlow.start, process.pk, now=now) for process in processes)
    tasks = Task.objects.bulk_create(
        _opened(ReviewFlow.prepare, process.pk, plan.department_id, now=now)
        for process, plan in zip(processes, plans, strict=True)
    )
    FOLLOWED.objects.bulk_create(
        FOLLOWED(from_task=task, to_task=before) for task, before in zip(tasks, starts, strict=True)
    )
    return tasks


def _opened(node: Decision, process_id: int, department_id: int, *, now: datetime) -> Task:
    """A task that waits for somebody who holds the node's permission on the department."""
    return Task(
        process_id=process_id,
        flow_task=node,
        flow_task_type=node.task_type,
        status=STATUS.NEW,
        created=now,
        token=Token("start"),
        owner_permission=node.calc_owner_permission(None),
        owner_permission_content_type=ContentType.objects.get_for_model(Department),
        owner_permission_obj_pk=str(department_id),
    )


def _passed(node: Node, process_id: int, *, now: datetime) -> Task:
    """The task of a node that waits for nobody: the start and the end."""
    return Task(
        process_id=process_id,
        flow_task=node,
        flow_task_type=node.task_type,
        status=STATUS.DONE,
        created=now,
        started=now,
        finished=now,
        token=Token("start"),
    )


def advance(review: Review, outcome: str, *, by: User, now: datetime, due_on: date | None = None) -> None:
    """Finish the review's open task with the outcome and open the one the flow routes to; the caller saves the review.

    Sets `stage`, `task`, `due_on` (the stage's own day, unless another is given) and `stage_since`. Writes the very
    rows that the flow's activations write, but no statement more.
    """
    closed_id = review.task_id
    if closed_id is None:
        raise ValueError(f"review {review.pk} has no open task")
    node = ReviewFlow.instance.node(review.stage).routes[outcome]
    done = Task(pk=closed_id, status=STATUS.DONE, owner=by, started=now, finished=now, data={"outcome": outcome})
    update(done, "status", "owner", "started", "finished", "data")
    if node is ReviewFlow.end:
        task = _passed(node, review.process_id, now=now)
        update(ReviewProcess(pk=review.process_id, status=PROCESS.DONE, finished=now), "status", "finished")
        review.stage, review.due_on = Stage.APPROVED, None
    else:
        task = _opened(node, review.process_id, review.department_id, now=now)
        review.stage = Stage(node.name)
        review.due_on = due_on or due_day(review, review.stage, timezone.localdate(now))
    insert(task)
    insert(FOLLOWED(from_task=task, to_task_id=closed_id))
    review.task = None if node is ReviewFlow.end else task
    review.stage_since = now


def reopen(review: Review, *, now: datetime) -> None:
    """Open the department's task in a review that had ended; the caller has set `due_on`, and saves the review."""
    ended = Task.objects.filter(process=review.process_id).latest("pk")
    ReviewProcess.objects.filter(pk=review.process_id).update(status=PROCESS.NEW, finished=None)
    task = insert(_opened(ReviewFlow.prepare, review.process_id, review.department_id, now=now))
    insert(FOLLOWED(from_task=task, to_task=ended))
    review.task, review.stage, review.stage_since = task, Stage.PREPARE, now


def end(reviews: Sequence[Review], stage: Stage, *, now: datetime) -> None:
    """End open reviews without approval: their tasks and processes are cancelled, the rows and the objects say so."""
    Task.objects.filter(pk__in=[review.task_id for review in reviews]).update(status=STATUS.CANCELED, finished=now)
    ReviewProcess.objects.filter(pk__in=[review.process_id for review in reviews]).update(
        status=PROCESS.CANCELED, finished=now
    )
    Review.objects.filter(pk__in=[review.pk for review in reviews]).update(
        stage=stage, task=None, due_on=None, stage_since=now
    )
    for review in reviews:
        review.stage, review.task, review.due_on, review.stage_since = stage, None, None, now
