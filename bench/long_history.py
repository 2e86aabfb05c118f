"""A long history, its hashes true: reviews that were returned twice, written as rows by the million."""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bench.city import NOW, TODAY, City, build_checkpoint, build_departments, build_plans
from bench.plain import Plain
from workflows.content import canonical, digest
from workflows.history import event_hash
from workflows.models import ROUNDS, CheckpointKind
from workflows.services.seals import seal
from workflows.verification.rows import EventRow

FIRST_YEAR, PLANS_OF_A_YEAR = 2200, 1000
KINDS = [kind for kind in ROUNDS if kind != CheckpointKind.PLAN]
TEXT = canonical({"format": 2, "kind": "report", "measures": [], "indicators": [], "remarks": "進捗を報告する。" * 50})
SHA256 = digest(TEXT)


class Step(NamedTuple):
    """One event of every review: in which round, by whom, and what it tells beside its tasks."""

    kind: str
    round: int
    by: str
    facts: dict[str, str]


STEPS = [
    Step("opened", 0, "reviewer", {"to": "prepare"}),
    Step("submitted", 1, "lead", {"from": "prepare", "to": "review", "sha256": SHA256}),
    Step("returned", 1, "reviewer", {"from": "review", "to": "prepare", "step": "review", "comment": "根拠を追記。"}),
    Step("submitted", 2, "lead", {"from": "prepare", "to": "review", "sha256": SHA256}),
    Step("passed", 2, "reviewer", {"from": "review", "to": "approve", "step": "review", "comment": ""}),
    Step("returned", 2, "approver", {"from": "approve", "to": "prepare", "step": "approve", "comment": "具体的に。"}),
    Step("submitted", 3, "lead", {"from": "prepare", "to": "approve", "sha256": SHA256}),
    Step("approved", 3, "approver", {"from": "approve", "to": "approved", "step": "approve", "comment": "承認。"}),
]
EVENTS_OF_A_PLAN = len(KINDS) * len(STEPS)

# What is written of each review, in the order in which the tables refer to each other.
COLUMNS = {
    "viewflow_process": "id flow_class status created data",
    "workflows_review": "id plan_id checkpoint_id department_id process_id stage stage_since round returned_from "
    "change_number version",
    "workflows_submission": "id review_id round content sha256 submitted_by_id submitted_at",
    "workflows_decision": "review_id submission_id step outcome comment decided_by_id decided_at",
    "workflows_event": "plan_id review_id sequence kind at by_id round data previous hash",
}
Rows = dict[str, list[tuple[Any, ...]]]


def build(plain: Plain, city: City, events: int) -> int:
    """Write about so many events with the rows that they tell of, and seal them; returns how many there are."""
    departments = build_departments("history", PLANS_OF_A_YEAR // 2)
    needed = events // EVENTS_OF_A_PLAN
    writer = Writer(plain, city)
    year = FIRST_YEAR
    while needed > 0:
        checkpoints = [build_checkpoint(year, kind).pk for kind in KINDS]
        plans = build_plans(departments, year)[:needed]
        for plan in plans:
            writer.add(plan.pk, plan.department_id, checkpoints)
        writer.flush()
        needed, year = needed - len(plans), year + 1
    seal(day=TODAY, now=NOW)
    plain.settle()
    return events // EVENTS_OF_A_PLAN * EVENTS_OF_A_PLAN


class Writer:
    """Collects the rows of one plan after the other; their numbers follow those that are there."""

    def __init__(self, plain: Plain, city: City) -> None:
        self.plain = plain
        self.rows: Rows = defaultdict(list)
        self.people = {"lead": city.leads[city.departments[0].pk].pk}
        self.people |= {"reviewer": city.reviewer.pk, "approver": city.approver.pk}
        self.last = {table: plain.last(table) for table in COLUMNS}

    def next(self, table: str) -> int:
        self.last[table] += 1
        return self.last[table]

    def flush(self) -> None:
        for table, columns in COLUMNS.items():
            self.plain.insert(table, columns.split(), self.rows.pop(table))

    def add(self, plan_id: int, department_id: int, checkpoints: list[int]) -> None:
        """A plan's reviews at these checkpoints, all approved in the end."""
        sequence, previous, at = 0, "", NOW
        for checkpoint in checkpoints:
            process, review = self.next("viewflow_process"), self.next("workflows_review")
            for step in STEPS:
                sequence, at = sequence + 1, at + timedelta(hours=1)
                previous = self._event(step, plan_id, review, sequence, at, previous)
                self._told(step, review, at)
            moment = self.plain.moment(at)
            flow = (process, "workflows/flows.ReviewFlow", "DONE", moment, "{}")
            self.rows["viewflow_process"].append(flow)
            row = (review, plan_id, checkpoint, department_id, process, "approved", moment, STEPS[-1].round, "", 0, 1)
            self.rows["workflows_review"].append(row)

    def _event(self, step: Step, plan_id: int, review: int, sequence: int, at: datetime, previous: str) -> str:
        data = {**step.facts, "task": sequence, "next_task": None if step.kind == "approved" else sequence + 1}
        data["due"] = str(TODAY)
        begins, by = (plan_id, review, sequence, step.kind), self.people[step.by]
        own = event_hash(EventRow(*begins, by, None, step.round, previous, hash="", pk=0, at=at, data=data))
        stored = (*begins, self.plain.moment(at), by, step.round, json.dumps(data), previous, own)
        self.rows["workflows_event"].append(stored)
        return own

    def _told(self, step: Step, review: int, at: datetime) -> None:
        """The submission or the decision that the step is about."""
        by, moment = self.people[step.by], self.plain.moment(at)
        if step.kind == "submitted":
            row = (self.next("workflows_submission"), review, step.round, TEXT, SHA256, by, moment)
            self.rows["workflows_submission"].append(row)
        elif "step" in step.facts:
            said = (step.facts["step"], step.kind, step.facts["comment"], by, moment)
            self.rows["workflows_decision"].append((review, self.last["workflows_submission"], *said))
