"""Anybody does anything in any order, from fresh and from stale pages; the rows must always tell one story.

`HYPOTHESIS_PROFILE=long` looks for longer and at random; the short form tries the same examples every time.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from departments.models import Appointment, CalendarDay, Deputy, Role
from departments.projection import rebuild_access
from tests.factories import appoint
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.machine import APPROVERS, KINDS, OPEN, REVIEWERS, Expected, Mandate, Told
from tests.workflows.moves import NOW, REASON, entries, fresh, now_of, opened
from workflows.access import Action, allowed
from workflows.errors import Closed, Incomplete, NotAllowed, ReviewError, Stale
from workflows.models import Event, Outcome, PendingEvent, Review, Stage
from workflows.services.cases import cancel, extend, revoke
from workflows.services.checkpoints import close_checkpoint, open_checkpoint
from workflows.services.drafts import save_draft
from workflows.services.nudges import nudge
from workflows.services.pins import answer, pin, resolve
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
    "long": settings(COMMON, max_examples=int(os.environ.get("EXAMPLES", "2000")), stateful_step_count=50),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "short")]

OUTCOMES = {Action.PASS: Outcome.PASSED, Action.RETURN: Outcome.RETURNED, Action.APPROVE: Outcome.APPROVED}
ON_PINS = {Action.ANSWER, Action.RESOLVE}
NAMES = sorted(Cast.__annotations__)
TEAMS = {"civic": {"editor", "lead"}, "tax": {"tax_editor", "tax_lead", "doubled"}}
LEADS = {"civic": "lead", "tax": "tax_lead"}
ROLES = {Role.LEAD: LEADS.values(), Role.REVIEWER: REVIEWERS, Role.APPROVER: APPROVERS}

people = st.sampled_from(NAMES)
places_ = st.sampled_from(["civic", "tax"])
actions = st.sampled_from(list(KINDS))


class Crash(Exception):
    """The process dies before a statement is carried out."""


class Quarter(RuleBasedStateMachine):
    cast: ClassVar[Cast]
    places: ClassVar[Places]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.savepoint()
        self.now = NOW
        self.mandates: list[Mandate] = []
        self.know_everybody()
        plans = [make_approved_plan(getattr(self.places, place)) for place in TEAMS]
        self.expected = {
            place: Expected(
                place, review, drafters=set(team), leads={LEADS[place]}, served=set(team), pages=[review.task_id or 0]
            )
            for (place, team), review in zip(TEAMS.items(), opened(*plans), strict=True)
        }
        self.expected["civic"].served.add("moved")

    def teardown(self) -> None:
        try:
            self.agree_on_everything()
        finally:
            transaction.savepoint_rollback(self.undo)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    def know_everybody(self) -> None:
        """As in new requests: nothing is remembered of anybody's rights."""
        self.people = {who: fresh(getattr(self.cast, who)) for who in NAMES}

    # ---- what people do

    @rule(who=people, place=places_, action=actions, page=st.integers(0, 3), clicks=st.integers(1, 2))
    def act(self, who: str, place: str, action: Action, page: int, clicks: int) -> None:
        """Press a button on the page as it is (0), or on one opened earlier; perhaps twice."""
        expected = self.expected[place]
        task_id = expected.pages[-1 - page % len(expected.pages)]
        for _ in range(clicks):
            self.press(expected, action, who, task_id)

    @rule(place=places_, steps=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5)), min_size=1, max_size=6))
    def go_on(self, place: str, steps: list[tuple[int, int]]) -> None:
        """Somebody who may does something that they may, a few times, so that reviews get far."""
        expected = self.expected[place]
        for what, who in steps:
            if expected.stage == Stage.PREPARE and not expected.complete:
                self.write(expected, sorted(expected.drafters)[0], expected.pages[-1], "完了した。")
            possible = [action for action in KINDS if action not in ON_PINS or expected.pins > expected.resolved]
            possible = possible if len(expected.story) > 15 else [each for each in possible if each != Action.CANCEL]
            able = {action: sorted(filter(partial(self.may, expected, action), NAMES)) for action in possible}
            actions = [action for action in possible if able[action]]
            if actions:
                action = actions[what % len(actions)]
                self.press(expected, action, able[action][who % len(able[action])], expected.pages[-1])

    @rule(place=places_, steps=st.integers(1, 3))
    def go_straight_on(self, place: str, steps: int) -> None:
        """Submit, pass on and approve, as far as it goes."""
        expected = self.expected[place]
        if expected.stage == Stage.PREPARE and not expected.complete:
            self.write(expected, sorted(expected.drafters)[0], expected.pages[-1], "完了した。")
        for action in (Action.SUBMIT, Action.PASS, Action.APPROVE)[:steps]:
            able = sorted(filter(partial(self.may, expected, action), NAMES))
            if able:
                self.press(expected, action, able[0], expected.pages[-1])

    @rule(who=people, place=places_, page=st.integers(0, 1), done=st.sampled_from(["予定どおり", "半分まで", ""]))
    def save(self, who: str, place: str, page: int, done: str) -> None:
        expected = self.expected[place]
        self.write(expected, who, expected.pages[-1 - page % len(expected.pages)], done)

    @rule(place=places_, action=actions, who=st.integers(0, 5), statement=st.integers(0, 40))
    def crash(self, place: str, action: Action, who: int, statement: int) -> None:
        """The process dies before that statement of an action that would be carried out: nothing has happened."""
        expected = self.expected[place]
        able = sorted(filter(partial(self.may, expected, action), NAMES))
        if action in ON_PINS and not expected.pins:
            return
        if not able or self.refusal_of(expected, action, able[who % len(able)], expected.pages[-1]):
            return
        before = (self.rows(expected), PendingEvent.objects.count())
        left = statement

        def die(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0 and not sql.startswith(("ROLLBACK", "RELEASE")):
                raise Crash
            return execute(sql, params, many, context)

        try:
            with transaction.atomic(), connection.execute_wrapper(die):
                self.carry_out(expected, action, able[who % len(able)], expected.pages[-1])
                raise Crash
        except Crash:
            self.know_everybody()
        assert (self.rows(expected), PendingEvent.objects.count()) == before

    @rule(who=people, place=places_)
    def become_editor(self, who: str, place: str) -> None:
        """A new post in the department bars from deciding on it, from the first day on."""
        person, department = getattr(self.cast, who), getattr(self.places, place)
        posts = Appointment.objects.filter(user=person, department=department, role=Role.EDITOR)
        if person.is_active and not posts.exists():
            appoint(person, department, Role.EDITOR, valid_from=self.today, on=self.today)
            self.know_everybody()
            self.expected[place].drafters.add(who)
            self.expected[place].served.add(who)

    @rule(who=people, role=st.sampled_from(list(ROLES)), absent=st.integers(0, 3), days=st.integers(0, 9))
    def name_deputy(self, who: str, role: Role, absent: int, days: int) -> None:
        """Somebody is absent from today on, and another stands in for them; who leads is barred for good."""
        name = sorted(ROLES[role])[absent % len(ROLES[role])]
        taken = any((each.absent, each.role) == (name, role) for each in self.standing_in())
        if taken or who == name or who == "leaver":
            return
        place = next((place for place, lead in LEADS.items() if role == Role.LEAD and lead == name), "")
        last_day = self.today + timedelta(days=days)
        Deputy.objects.create(
            absent=getattr(self.cast, name),
            deputy=getattr(self.cast, who),
            role=role,
            department=getattr(self.places, place or "city"),
            first_day=self.today,
            last_day=last_day,
            entered_at=self.now,
        )
        rebuild_access(self.today)
        self.know_everybody()
        self.mandates.append(Mandate(who, name, role, place, last_day))
        if place:
            self.expected[place].served.add(who)

    @rule(days=st.integers(1, 4))
    def let_days_pass(self, days: int) -> None:
        """The clock jumps, perhaps past due days and the ends of absences; the day's tick may come later."""
        self.now += timedelta(days=days)

    @rule()
    def open_again(self) -> None:
        checkpoint = now_of(self.expected["civic"].review).checkpoint
        if self.expected["civic"].closed:
            with pytest.raises(Closed):
                open_checkpoint(checkpoint=checkpoint, by=None, now=self.now)
        else:
            assert open_checkpoint(checkpoint=checkpoint, by=None, now=self.now).opened == 0

    @precondition(lambda self: not self.expected["civic"].closed)
    @rule(really=st.integers(0, 5))
    def close(self, really: int) -> None:
        if really or sum(len(each.story) for each in self.expected.values()) < 20:
            return
        still_open = [expected for expected in self.expected.values() if expected.stage in OPEN]
        checkpoint = self.expected["civic"].review.checkpoint
        assert close_checkpoint(checkpoint=checkpoint, by=None, now=self.now) == len(still_open)
        for expected in self.expected.values():
            expected.closed = True
        for expected in still_open:
            expected.stage = Stage.LAPSED
            expected.story.append(Told("lapsed", None, None, expected.round))

    # ---- how it must come out

    def standing_in(self) -> list[Mandate]:
        """The mandates of today, in the order in which a right is looked for in them."""
        today = [each for each in self.mandates if each.last_day >= self.today and each.deputy != "leaver"]
        return sorted(today, key=lambda each: getattr(self.cast, each.absent).pk)

    def may(self, expected: Expected, action: Action, who: str) -> bool:
        return any(True for _ in expected.in_whose_place(action, who, self.standing_in()))

    def press(self, expected: Expected, action: Action, who: str, task_id: int) -> None:
        if action in ON_PINS and not expected.pins:
            return
        self.now += timedelta(minutes=1)
        refusal = self.refusal_of(expected, action, who, task_id)
        absent = next(expected.in_whose_place(action, who, self.standing_in()), None)
        pinned = expected.pins
        refused = None
        try:
            self.carry_out(expected, action, who, task_id)
        except ReviewError as error:
            refused = type(error)
        assert refused is refusal, (action, who, expected)
        if refused is not None:
            return
        if action in OUTCOMES:
            assert {who, absent}.isdisjoint(expected.served)
        if action == Action.PIN:
            expected.pins = expected.review.pins.count()
            if expected.pins == pinned:  # a second click
                return
        expected.resolved += action == Action.RESOLVE
        expected.do(action, who, absent, self.today)
        current = now_of(expected.review).task_id
        if current is not None and current != expected.pages[-1]:
            expected.pages.append(current)

    def carry_out(self, expected: Expected, action: Action, who: str, task_id: int) -> None:
        review = now_of(expected.review)
        common: dict[str, Any] = {"by": self.people[who], "now": self.now}
        if action in ON_PINS:
            common |= {"task_id": task_id, "pin_id": self.pin_of(expected)}
        elif action != Action.REVOKE:
            common |= {"task_id": task_id, "review_id": review.pk}
        steps: dict[Action, Callable[[], Any]] = {
            Action.SUBMIT: lambda: submit(**common, version=review.draft_version),
            Action.WITHDRAW: lambda: withdraw(**common),
            Action.REVOKE: lambda: revoke(review_id=review.pk, round_number=review.round, reason=REASON, **common),
            Action.NUDGE: lambda: nudge(**common, note=f"{who}より"),
            Action.EXTEND: lambda: extend(**common, to=self.later_day(review), reason=REASON),
            Action.CANCEL: lambda: cancel(**common, reason=REASON),
            Action.PIN: lambda: pin(**common, target="", text=f"指摘 {expected.round}"),
            Action.ANSWER: lambda: answer(**common, text=f"回答 {self.now}"),
            Action.RESOLVE: lambda: resolve(**common),
        }
        if action in OUTCOMES:
            decide(**common, outcome=OUTCOMES[action], comment="理由" if action == Action.RETURN else "")
        else:
            steps[action]()

    def pin_of(self, expected: Expected) -> int:
        """The oldest comment that is not resolved yet, else the last."""
        pins = expected.review.pins.all()
        return (pins.open().first() or pins.latest("pk")).pk

    def later_day(self, review: Review) -> date:
        return CalendarDay.objects.calendar().add(max(review.due_on or self.today, self.today), 1)

    def refusal_of(self, expected: Expected, action: Action, who: str, task_id: int) -> type[ReviewError] | None:
        if action == Action.REVOKE:
            stale = expected.stage != Stage.APPROVED
        else:
            stale = task_id != expected.pages[-1] or expected.stage not in OPEN
        if stale:
            return Stale
        if not self.may(expected, action, who):
            return NotAllowed
        if action in ON_PINS and expected.resolved == expected.pins:
            return Stale
        if action == Action.NUDGE and (expected.nudged_on == self.today or not self.turn_of(expected) - {who}):
            return ReviewError
        if action == Action.EXTEND and self.later_day(now_of(expected.review)) > expected.review.checkpoint.closes_on:
            return ReviewError
        return Incomplete if action == Action.SUBMIT and not expected.complete else None

    def turn_of(self, expected: Expected) -> set[str]:
        """Whose turn it is."""
        turn = {Stage.PREPARE: Action.SAVE, Stage.REVIEW: Action.PASS, Stage.APPROVE: Action.APPROVE}[expected.stage]
        return set(filter(partial(self.may, expected, turn), NAMES))

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

    def rows(self, expected: Expected) -> tuple[Any, ...]:
        review = now_of(expected.review)
        return review.stage, review.round, review.returned_from, review.due_on, self.story_of(review)

    @staticmethod
    def story_of(review: Review) -> list[Told]:
        events = Event.objects.filter(review=review).order_by("sequence")
        return [Told(*row) for row in events.values_list("kind", "by__username", "on_behalf_of__username", "round")]

    @invariant()
    def rows_are_as_expected(self) -> None:
        for expected in self.expected.values():
            stage, number, returned_from, _due, story = self.rows(expected)
            assert (stage, number, returned_from) == (expected.stage, expected.round, expected.returned_from)
            assert story == expected.story

    def agree_on_everything(self) -> None:
        """What takes too long to look at after every step."""
        rebuild_access(self.today)
        self.know_everybody()
        for expected in self.expected.values():
            review = now_of(expected.review)
            assert {who: allowed(self.people[who], review, self.today) for who in NAMES} == {
                who: {action for action in Action if self.may(expected, action, who)} for who in NAMES
            }
            self.flow_agrees_with(expected)
        assert list(faults()) == []
        assert PendingEvent.objects.count() == Event.objects.count()

    def flow_agrees_with(self, expected: Expected) -> None:
        review = Review.objects.select_related("process").get(pk=expected.review.pk)
        ended = [STATUS.DONE, STATUS.CANCELED]
        waiting = Task.objects.filter(process=review.process_id).exclude(status__in=ended)
        assert [(task.pk, task.flow_task.name, task.status) for task in waiting] == (
            [(review.task_id, expected.stage.value, STATUS.NEW)] if expected.stage in OPEN else []
        )
        ends = {Stage.APPROVED: PROCESS.DONE, Stage.LAPSED: PROCESS.CANCELED, Stage.CANCELLED: PROCESS.CANCELED}
        assert review.process.status == ends.get(expected.stage, PROCESS.NEW)


def test_whatever_people_do_the_rows_tell_one_story(places: Places, cast: Cast) -> None:
    machine = type("Quarter", (Quarter,), {"cast": cast, "places": places})
    run_state_machine_as_test(machine, settings=PROFILE)
