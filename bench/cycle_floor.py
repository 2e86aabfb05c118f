"""The rows of submit → pass on → approve by plain SQL, a transaction each, with the row locks, without any rule."""

import hashlib
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType

from bench.city import NOW
from bench.plain import Plain
from departments.models import Department
from workflows.models import Submission

LOCK = """
SELECT review.plan_id, review.process_id, review.task_id, review.department_id
FROM workflows_review review JOIN departments_actionplan plan ON plan.id = review.plan_id
WHERE review.id = %s {lock}
"""
LAST_EVENT = "SELECT sequence, hash FROM workflows_event WHERE plan_id = %s ORDER BY sequence DESC LIMIT 1"
SUBMISSION = """
INSERT INTO workflows_submission (review_id, round, content, sha256, submitted_by_id, submitted_at)
VALUES (%s, 1, %s, %s, %s, %s)
"""
AUTHOR = "INSERT INTO departments_planauthor (plan_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
DECISION = """
INSERT INTO workflows_decision (review_id, submission_id, step, outcome, comment, decided_by_id, decided_at)
SELECT review_id, id, %s, %s, '', %s, %s FROM workflows_submission WHERE review_id = %s AND round = 1
"""
TASK_DONE = """
UPDATE viewflow_task SET status = 'DONE', owner_id = %s, started = %s, finished = %s, data = %s WHERE id = %s
"""
HUMAN_TASK = """
INSERT INTO viewflow_task (
    process_id, flow_task, flow_task_type, status, created, token, data,
    owner_permission, owner_permission_content_type_id, owner_permission_obj_pk)
VALUES (%s, %s, 'HUMAN', 'NEW', %s, 'start', '{{}}', %s, %s, %s) RETURNING id
"""
END_TASK = """
INSERT INTO viewflow_task (process_id, flow_task, flow_task_type, status, created, started, finished, token, data)
VALUES (%s, 'workflows/flows.ReviewFlow.end', 'END', 'DONE', %s, %s, %s, 'start', '{{}}') RETURNING id
"""
LINK = "INSERT INTO viewflow_task_previous (from_task_id, to_task_id) VALUES (%s, %s)"
PROCESS_DONE = "UPDATE viewflow_process SET status = 'DONE', finished = %s WHERE id = %s"
REVIEW = """
UPDATE workflows_review SET stage = %s, task_id = %s, due_on = %s, stage_since = %s, round = 1, returned_from = ''
WHERE id = %s
"""
EVENT = """
INSERT INTO workflows_event (plan_id, review_id, sequence, kind, at, by_id, round, data, previous, hash)
VALUES (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s) RETURNING id
"""
PENDING = "INSERT INTO workflows_pendingevent (event_id) VALUES (%s)"


class Step(NamedTuple):
    """What a step leaves: the outcome of the task it closes, the decision, the event, the stage and its due day."""

    stage: str
    outcome: str
    decision: str
    kind: str
    next_stage: str
    due: str | None


STEPS = (
    Step("prepare", "submit", "", "submitted", "review", "2026-10-14"),
    Step("review", "pass_on", "passed", "passed", "approve", "2026-10-21"),
    Step("approve", "approve", "approved", "approved", "approved", None),
)


class CycleFloor:
    """The cycle by plain SQL. The content is that of a submission that Meguru made before."""

    def __init__(self, plain: Plain, by: int) -> None:
        self.plain, self.by = plain, by
        self.now = plain.moment(NOW)
        self.department_type = ContentType.objects.get_for_model(Department).pk
        model = Submission.objects.latest("pk")
        self.content, self.sha256 = model.content, model.sha256

    def cycle(self, review: int) -> None:
        """All steps, from the draft to the approval."""
        for step in STEPS:
            self.run(step, review)

    def run(self, step: Step, review: int) -> None:
        """One step on the review of that number."""
        plain, now, by = self.plain, self.now, self.by
        with plain.transaction():
            plan, process, task, department = plain.row(LOCK, review)
            sequence, previous = plain.row(LAST_EVENT, plan)
            if step.decision:
                plain.execute(DECISION, step.stage, step.decision, by, now, review)
            else:
                plain.execute(SUBMISSION, review, self.content, self.sha256, by, now)
                plain.execute(AUTHOR, plan, by)
            plain.execute(TASK_DONE, by, now, now, f'{{"outcome": "{step.outcome}"}}', task)
            opened = self._open_task(step, process, department)
            plain.execute(LINK, opened, task)
            plain.execute(REVIEW, step.next_stage, opened if step.due else None, step.due, now, review)
            data = f'{{"task": {task}, "from": "{step.stage}", "next_task": {opened}, "to": "{step.next_stage}"}}'
            digest = hashlib.sha256(f"{previous}{data}".encode()).hexdigest()
            (event,) = plain.row(EVENT, plan, review, sequence + 1, step.kind, now, by, data, previous, digest)
            plain.execute(PENDING, event)

    def _open_task(self, step: Step, process: int, department: int) -> int:
        """The next task, or the end of the process; returns the task's number."""
        if step.due is None:
            self.plain.execute(PROCESS_DONE, self.now, process)
            return self.plain.row(END_TASK, process, self.now, self.now, self.now)[0]
        node, permission = f"workflows/flows.ReviewFlow.{step.next_stage}", f"departments.{step.next_stage}_reports"
        values = (process, node, self.now, permission, self.department_type, str(department))
        return self.plain.row(HUMAN_TASK, *values)[0]
