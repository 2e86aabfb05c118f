"""What a review should be after whatever people did: the rules written down a second time, by names instead of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from departments.models import Role
from workflows.access import Action
from workflows.models import Review, Stage

OPEN = {Stage.PREPARE, Stage.REVIEW, Stage.APPROVE}
KINDS = {
    Action.SUBMIT: "submitted",
    Action.WITHDRAW: "withdrawn",
    Action.PASS: "passed",
    Action.RETURN: "returned",
    Action.APPROVE: "approved",
    Action.REVOKE: "revoked",
    Action.NUDGE: "nudged",
    Action.EXTEND: "extended",
    Action.CANCEL: "cancelled",
    Action.PIN: "pinned",
    Action.ANSWER: "answered",
    Action.RESOLVE: "resolved",
}
REVIEWERS = {"reviewer", "second_reviewer", "moved", "doubled"}
APPROVERS = {"approver", "dx_lead"}


class Mandate(NamedTuple):
    """Who stands in for whom in which role until when; for a lead, at which place."""

    deputy: str
    absent: str
    role: Role
    place: str
    last_day: date


class Told(NamedTuple):
    """One event: what, by whom, in whose place, in which round."""

    kind: str
    by: str | None
    absent: str | None
    round: int


@dataclass
class Expected:
    """One review as it should be."""

    place: str
    review: Review
    drafters: set[str]
    leads: set[str]
    served: set[str]
    stage: Stage = Stage.PREPARE
    round: int = 0
    returned_from: str = ""
    complete: bool = False
    closed: bool = False
    pins: int = 0
    resolved: int = 0
    nudged_on: date | None = None
    story: list[Told] = field(default_factory=lambda: [Told("opened", None, None, 0)])
    pages: list[int] = field(default_factory=list)

    @property
    def is_untouched(self) -> bool:
        return self.stage == Stage.REVIEW or (self.stage, self.returned_from) == (Stage.APPROVE, "approve")

    def able(self, action: Action) -> dict[Role, set[str]]:
        """By role, who may take the action by their own right."""
        reviewers, approvers = REVIEWERS - self.served, APPROVERS - self.served
        turn: dict[Role, set[str]] = {}
        if self.stage == Stage.REVIEW:
            turn = {Role.REVIEWER: reviewers}
        elif self.stage == Stage.APPROVE:
            turn = {Role.APPROVER: approvers}
        drafters = {Role.LEAD: self.leads, Role.EDITOR: self.drafters}
        preparing = self.stage == Stage.PREPARE
        return {
            Action.SAVE: drafters if preparing else {},
            Action.SUBMIT: {Role.LEAD: self.leads} if preparing else {},
            Action.WITHDRAW: {Role.LEAD: self.leads} if self.is_untouched else {},
            Action.PASS: turn if self.stage == Stage.REVIEW else {},
            Action.RETURN: turn,
            Action.APPROVE: turn if self.stage == Stage.APPROVE else {},
            Action.REVOKE: {Role.APPROVER: approvers} if self.stage == Stage.APPROVED and not self.closed else {},
            Action.EXTEND: {Role.REVIEWER: reviewers, Role.APPROVER: approvers} if preparing else {},
            Action.NUDGE: self.nudgers(),
            Action.CANCEL: {Role.APPROVER: approvers} if self.stage in OPEN else {},
            Action.PIN: turn,
            Action.RESOLVE: turn,
            Action.ANSWER: {**drafters, **turn} if self.stage in OPEN else {},
        }[action]

    def nudgers(self) -> dict[Role, set[str]]:
        """Those of the office whose turn it is not, work in the department or not."""
        everybody = {Role.REVIEWER: REVIEWERS, Role.APPROVER: APPROVERS}
        deciding = {Stage.REVIEW: Role.REVIEWER, Stage.APPROVE: Role.APPROVER}.get(self.stage)
        return {role: people for role, people in everybody.items() if self.stage in OPEN and role != deciding}

    def in_whose_place(self, action: Action, who: str, mandates: list[Mandate]) -> Iterator[str | None]:
        """None first where they may by their own right; then every absent person in whose place they may."""
        able = self.able(action)
        if any(who in people for people in able.values()):
            yield None
        for mandate in mandates:
            if mandate.deputy != who or (mandate.role == Role.LEAD and mandate.place != self.place):
                continue
            if mandate.role != Role.LEAD and who in self.served and action != Action.NUDGE:
                continue
            if mandate.absent in able.get(mandate.role, set()):
                yield mandate.absent

    def do(self, action: Action, who: str, absent: str | None, on: date) -> None:
        if action == Action.SUBMIT:
            self.round += 1
            self.stage = Stage.APPROVE if self.returned_from == "approve" else Stage.REVIEW
        elif action == Action.RETURN:
            self.stage, self.returned_from = Stage.PREPARE, str(self.stage.value)
        elif action == Action.REVOKE:
            self.stage, self.returned_from = Stage.PREPARE, "approve"
        elif action == Action.WITHDRAW:
            self.stage = Stage.PREPARE
        elif action == Action.CANCEL:
            self.stage = Stage.CANCELLED
        elif action == Action.NUDGE:
            self.nudged_on = on
        elif action in (Action.PASS, Action.APPROVE):
            self.stage = Stage.APPROVE if action == Action.PASS else Stage.APPROVED
            self.returned_from = ""
        self.story.append(Told(KINDS[action], who, absent, self.round))
