"""Anybody does anything in any order, from fresh and from stale pages; the rows must always tell one story.

`HYPOTHESIS_PROFILE=long` looks for longer and at random; the short form tries the same examples every time.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from departments.models import Appointment, Role
from tests.factories import appoint
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, TODAY, entries, fresh, now_of, opened, told
from workflows.access import Action, allowed
from workflows.errors import Closed, Incomplete, NotAllowed, ReviewError, Stale
from workflows.models import Event, Outcome, PendingEvent, Review, Stage
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.services.drafts import save_draft
from workflows.services.reviews import decide, submit, withdraw
from workflows.verification import faults

COMMON = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
PROFILES = {
    "short": settings(COMMON, max_examples=15, stateful_step_count=30, derandomize=True),
    "long": settings(COMMON, max_examples=2000, stateful_step_count=50),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

OUTCOMES = {Action.PASS: Outcome.PASSED, Action.RETURN: Outcome.RETURNED, Action.APPROVE: Outcome.APPROVED}
KINDS = {
    Action.SUBMIT: "submitted",
    Action.WITHDRAW: "withdrawn",
    Action.PASS: "passed",
    Action.RETURN: "returned",
    Action.APPROVE: "approved",
}
NODES = {Stage.PREPARE: "prepare", Stage.REVIEW: "review", Stage.APPROVE: "approve"}
REVIEWERS = {"reviewer", "second_reviewer", "moved", "doubled"}
APPROVERS = {"approver", "dx_lead"}


@dataclass
class Expected:
    """What one review should be, by rules written down here a second time."""

    review: Review
    drafters: set[str]
    leads: set[str]
    served: set[str]
    stage: Stage = Stage.PREPARE
    round: int = 0
    returned_from: str = ""
    complete: bool = False
    story: list[tuple[str, str | None, int]] = field(default_factory=lambda: [("opened", None, 0)])
    pages: list[int] = field(default_factory=list)

    def allows(self, action: Action, who: str) -> bool:
        decides = {
            Stage.REVIEW: REVIEWERS - self.served,
            Stage.APPROVE: APPROVERS - self.served,
        }.get(self.stage, set())
        untouched = self.stage == Stage.REVIEW or (self.stage, self.returned_from) == (Stage.APPROVE, "approve")
        return who in {
            Action.SAVE: self.drafters if self.stage == Stage.PREPARE else set(),
            Action.SUBMIT: self.leads if self.stage == Stage.PREPARE else set(),
            Action.WITHDRAW: self.leads if untouched else set(),
            Action.PASS: decides if self.stage == Stage.REVIEW else set(),
            Action.RETURN: decides,
            Action.APPROVE: decides if self.stage == Stage.APPROVE else set(),
        }.get(action, set())

    def do(self, action: Action, who: str) -> None:
        if action == Action.SUBMIT:
            self.round += 1
            self.stage = Stage.APPROVE if self.returned_from == "approve" else Stage.REVIEW
        elif action == Action.RETURN:
            self.stage, self.returned_from = Stage.PREPARE, str(self.stage.value)
        elif action == Action.WITHDRAW:
            self.stage = Stage.PREPARE
        else:
            self.stage = Stage.APPROVE if action == Action.PASS else Stage.APPROVED
            self.returned_from = ""
        self.story.append((KINDS[action], who, self.round))


NAMES = sorted(Cast.__annotations__)
people = st.sampled_from(NAMES)
places_ = st.sampled_from(["civic", "tax"])


class Quarter(RuleBasedStateMachine):
    cast: ClassVar[Cast]
    places: ClassVar[Places]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.savepoint()
        self.now = NOW
        self.is_closed = False
        self.people = {who: fresh(getattr(self.cast, who)) for who in NAMES}
        civic, tax = opened(make_approved_plan(self.places.civic), make_approved_plan(self.places.tax))
        self.expected = {
            "civic": Expected(civic, {"editor", "lead"}, {"lead"}, {"editor", "lead", "moved"}),
            "tax": Expected(
                tax, {"tax_editor", "tax_lead", "doubled"}, {"tax_lead"}, {"tax_editor", "tax_lead", "doubled"}
            ),
        }
        for expected in self.expected.values():
            expected.pages.append(expected.review.task_id or 0)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.undo)

    # ---- what people do

    @rule(
        who=people, place=places_, action=st.sampled_from(list(KINDS)), page=st.integers(0, 3), clicks=st.integers(1, 2)
    )
    def act(self, who: str, place: str, action: Action, page: int, clicks: int) -> None:
        """Press a button on the page as it is (0), or on one opened earlier; perhaps twice."""
        expected = self.expected[place]
        task_id = expected.pages[-1 - page % len(expected.pages)]
        for _ in range(clicks):
            self.press(expected, action, who, task_id)

    @rule(place=places_, what=st.integers(0, 5), who=st.integers(0, 5))
    def go_on(self, place: str, what: int, who: int) -> None:
        """Somebody whose turn it is does what the turn is, so that reviews get far."""
        expected = self.expected[place]
        if expected.stage == Stage.PREPARE and not expected.complete and what:
            self.write(expected, sorted(expected.drafters)[0], expected.pages[-1], "完了した。")
        able = {
            action: people for action in KINDS if (people := sorted(filter(partial(expected.allows, action), NAMES)))
        }
        if able:
            action = sorted(able)[what % len(able)]
            self.press(expected, action, able[action][who % len(able[action])], expected.pages[-1])

    @rule(what=st.integers(0, 5), who=st.integers(0, 5))
    def go_on_at_both(self, what: int, who: int) -> None:
        self.go_on("civic", what, who)
        self.go_on("tax", what, who)

    @rule(who=people, place=places_, page=st.integers(0, 1), done=st.sampled_from(["予定どおり", "半分まで", ""]))
    def save(self, who: str, place: str, page: int, done: str) -> None:
        expected = self.expected[place]
        task_id = expected.pages[-1 - page % len(expected.pages)]
        self.write(expected, who, task_id, done)

    @rule(who=people, place=places_)
    def become_editor(self, who: str, place: str) -> None:
        """A new post in the department bars from deciding on it, from the first day on."""
        person, department = getattr(self.cast, who), getattr(self.places, place)
        posts = Appointment.objects.filter(user=person, department=department, role=Role.EDITOR)
        if person.is_active and not posts.exists():
            appoint(person, department, Role.EDITOR, valid_from=TODAY, on=TODAY)
            self.people[who] = fresh(person)
            self.expected[place].drafters.add(who)
            self.expected[place].served.add(who)

    @rule()
    def open_again(self) -> None:
        checkpoint = self.expected["civic"].review.checkpoint
        if self.is_closed:
            with pytest.raises(Closed):
                open_checkpoint(checkpoint=checkpoint, by=None, now=self.now)
        else:
            assert open_checkpoint(checkpoint=checkpoint, by=None, now=self.now).opened == 0

    @precondition(lambda self: not self.is_closed and sum(len(each.story) for each in self.expected.values()) > 12)
    @rule()
    def close(self) -> None:
        still_open = [expected for expected in self.expected.values() if expected.stage in NODES]
        checkpoint = self.expected["civic"].review.checkpoint
        assert close_checkpoint(checkpoint=checkpoint, by=None, now=self.now) == len(still_open)
        self.is_closed = True
        for expected in still_open:
            expected.stage = Stage.LAPSED
            expected.story.append(("lapsed", None, expected.round))

    # ---- how it must come out

    def press(self, expected: Expected, action: Action, who: str, task_id: int) -> None:
        self.now += timedelta(minutes=1)
        common = {"review_id": expected.review.pk, "task_id": task_id, "by": self.people[who], "now": self.now}
        refused = None
        try:
            if action == Action.SUBMIT:
                submit(**common, version=now_of(expected.review).draft_version)
            elif action == Action.WITHDRAW:
                withdraw(**common)
            else:
                decide(**common, outcome=OUTCOMES[action], comment="理由" if action == Action.RETURN else "")
        except ReviewError as error:
            refused = type(error)
        assert refused is self.refusal_of(expected, action, who, task_id), (action, who, expected)
        if refused is not None:
            return
        if action in OUTCOMES:
            assert who not in expected.served
        expected.do(action, who)
        current = now_of(expected.review).task_id
        if current is not None:
            expected.pages.append(current)

    def refusal_of(self, expected: Expected, action: Action, who: str, task_id: int) -> type[ReviewError] | None:
        if task_id != expected.pages[-1] or expected.stage not in NODES:
            return Stale
        if not expected.allows(action, who):
            return NotAllowed
        return Incomplete if action == Action.SUBMIT and not expected.complete else None

    def write(self, expected: Expected, who: str, task_id: int, done: str) -> None:
        review, refused = now_of(expected.review), None
        try:
            save_draft(
                review_id=review.pk,
                task_id=task_id,
                version=review.version,
                measures=entries(review, done=done),
                indicators={},
                by=self.people[who],
                now=self.now,
            )
        except ReviewError as error:
            refused = type(error)
        assert refused is self.refusal_of(expected, Action.SAVE, who, task_id), (who, expected)
        if refused is None:
            expected.complete = done != ""

    @invariant()
    def rows_are_as_expected(self) -> None:
        for expected in self.expected.values():
            review = now_of(expected.review)
            assert (review.stage, review.round, review.returned_from) == (
                expected.stage,
                expected.round,
                expected.returned_from,
            )
            assert told(review) == expected.story

    @invariant()
    def everybody_may_do_what_they_should(self) -> None:
        for expected in self.expected.values():
            review = now_of(expected.review)
            assert {who: allowed(self.people[who], review, TODAY) for who in NAMES} == {
                who: {action for action in Action if expected.allows(action, who)} for who in NAMES
            }

    @invariant()
    def flow_agrees_with_the_review(self) -> None:
        for expected in self.expected.values():
            review = Review.objects.select_related("process").get(pk=expected.review.pk)
            waiting = list(
                Task.objects.filter(process=review.process_id).exclude(status__in=[STATUS.DONE, STATUS.CANCELED])
            )
            assert [(task.pk, task.flow_task.name, task.status) for task in waiting] == (
                [(review.task_id, NODES[expected.stage], STATUS.NEW)] if expected.stage in NODES else []
            )
            assert review.process.status == {Stage.APPROVED: PROCESS.DONE, Stage.LAPSED: PROCESS.CANCELED}.get(
                expected.stage, PROCESS.NEW
            )

    @invariant()
    def history_is_whole_and_all_of_it_waits_to_be_told(self) -> None:
        assert list(faults()) == []
        assert PendingEvent.objects.count() == Event.objects.count()


def test_whatever_people_do_the_rows_tell_one_story(places: Places, cast: Cast) -> None:
    machine = type("Quarter", (Quarter,), {"cast": cast, "places": places})
    run_state_machine_as_test(machine, settings=PROFILE)
