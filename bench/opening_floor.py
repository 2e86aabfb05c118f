"""The rows of an opened checkpoint by one INSERT … SELECT a table, all in one transaction, without any rule."""

from datetime import datetime

from bench.plain import Plain
from workflows.models import Checkpoint

LOCK = "SELECT id FROM workflows_checkpoint WHERE id = %s {lock_row}"
OPENED = "UPDATE workflows_checkpoint SET opened_at = %s WHERE id = %s"
# Which plans, what their history ends with, and a number for each that its rows' numbers follow from.
PLANS = """
CREATE TEMPORARY TABLE opening AS
SELECT plan.id, plan.department_id, row_number() OVER (ORDER BY plan.id) AS number,
    COALESCE(last.sequence, 0) AS sequence, COALESCE(last.hash, '') AS previous
FROM departments_actionplan plan LEFT JOIN workflows_event last ON last.plan_id = plan.id
    AND last.sequence = (SELECT max(event.sequence) FROM workflows_event event WHERE event.plan_id = plan.id)
WHERE plan.fiscal_year = %s AND plan.state = 'approved'
"""
COUNT = "SELECT count(*) FROM opening"
PROCESSES = """
INSERT INTO viewflow_process (id, flow_class, status, created, data)
SELECT %s + number, 'workflows/flows.ReviewFlow', 'NEW', %s, CAST('{{}}' AS {json}) FROM opening
"""
STARTS = """
INSERT INTO viewflow_task (
    id, process_id, flow_task, flow_task_type, status, created, started, finished, token, data)
SELECT %s + number, %s + number, 'workflows/flows.ReviewFlow.start', 'START', 'DONE', %s, %s, %s, 'start',
    CAST('{{}}' AS {json})
FROM opening
"""
TASKS = """
INSERT INTO viewflow_task (
    id, process_id, flow_task, flow_task_type, status, created, token, data,
    owner_permission, owner_permission_content_type_id, owner_permission_obj_pk)
SELECT %s + number, %s + number, 'workflows/flows.ReviewFlow.prepare', 'HUMAN', 'NEW', %s, 'start',
    CAST('{{}}' AS {json}), 'departments.submit_reports', type.id, CAST(department_id AS text)
FROM opening, django_content_type type WHERE type.app_label = 'departments' AND type.model = 'department'
"""
LINKS = """
INSERT INTO viewflow_task_previous (from_task_id, to_task_id) SELECT %s + number, %s + number FROM opening
"""
REVIEWS = """
INSERT INTO workflows_review (
    id, plan_id, checkpoint_id, department_id, process_id, stage, task_id, due_on, stage_since,
    change_number, round, returned_from, version)
SELECT %s + opening.number, opening.id, checkpoint.id, opening.department_id, %s + opening.number, 'prepare',
    %s + opening.number, checkpoint.submit_due, %s, 0, 0, '', 1
FROM opening, workflows_checkpoint checkpoint WHERE checkpoint.id = %s
"""
# The hash has the length of the real one, not its content.
EVENTS = """
INSERT INTO workflows_event (id, plan_id, review_id, sequence, kind, at, by_id, round, data, previous, hash)
SELECT %s + opening.number, opening.id, %s + opening.number, opening.sequence + 1, 'opened', %s, %s, 0,
    CAST('{{"next_task": ' || (%s + opening.number) || ', "to": "prepare", "due": "' || checkpoint.submit_due || '"}}'
        AS {json}),
    opening.previous, {hash}
FROM opening, workflows_checkpoint checkpoint WHERE checkpoint.id = %s
"""
PENDING = "INSERT INTO workflows_pendingevent (event_id) SELECT %s + number FROM opening"
FORGET = "DROP TABLE opening"


def open_plainly(plain: Plain, *, checkpoint: Checkpoint, by: int, now: datetime) -> None:
    """Open the checkpoint for the approved plans of its year."""
    at = plain.moment(now)
    with plain.transaction():
        plain.execute(LOCK, checkpoint.pk)
        plain.execute(OPENED, at, checkpoint.pk)
        plain.execute(PLANS, checkpoint.fiscal_year)
        process, start, review, event = (
            plain.last(table) for table in ("viewflow_process", "viewflow_task", "workflows_review", "workflows_event")
        )
        task = start + plain.row(COUNT)[0]
        plain.execute(PROCESSES, process, at)
        plain.execute(STARTS, start, process, at, at, at)
        plain.execute(TASKS, task, process, at)
        plain.execute(LINKS, task, start)
        plain.execute(REVIEWS, review, process, task, at, checkpoint.pk)
        plain.execute(EVENTS, event, review, at, by, task, checkpoint.pk)
        plain.execute(PENDING, event)
        plain.execute(FORGET)
        plain.move_sequences()
