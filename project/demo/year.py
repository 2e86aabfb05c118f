"""The demo city's year up to today, lived through the services in the order in which it happened."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, Role, User
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.reminders import remind
from project.demo.absence import Absence
from project.demo.casting import FIXED, PAST_PLANS, PAST_REPORTS, RUNNING, Move, PlanKey, cast
from project.demo.changes import ChangeStory
from project.demo.figures import attach_figures
from project.demo.moments import CLOSING, MAILS, OPENING, REMINDERS, Pace, local
from project.demo.people import Staff
from project.demo.plans import FISCAL_YEAR, write_plan
from project.demo.remarks import answer_all, point_out, resolve_all
from project.demo.reports import Reporter
from project.demo.texts import PlanText, Slip, Texts
from project.demo.timeline import DemoStage, running_kind, year_days
from workflows.access import actors
from workflows.models import Checkpoint, CheckpointKind, Outcome, Review
from workflows.schedule import Days
from workflows.services.cases import cancel, extend, revoke
from workflows.services.checkpoints import add_checkpoint, close_checkpoint, open_checkpoint
from workflows.services.drafts import save_draft
from workflows.services.nudges import nudge
from workflows.services.reviews import decide, submit, withdraw

PASSING = ("", "", "", "数値と本文の一致を確認しました。", "前回の指摘が反映されていることを確認しました。")
APPROVING = ("", "", "承認します。", "承認します。次の四半期も計画どおりお願いします。")
APPROVING_LATE = (
    "承認します。遅れている施策は、次回の確認で手立ての効果を報告してください。",
    "承認します。遅れの原因が所属の外にあるものは、早めにDX推進課へ相談してください。",
)
LOOKING = timedelta(minutes=2)  # from the comments on its places to the decision on the whole
WHY = {
    Move.NUDGE: "数値だけでも先にそろえば、こちらで確認を進められます。ご協力をお願いします。",
    Move.EXTEND: "大雨による窓口対応のため、集計に時間を要すると所属から申出がありました。",
    Move.CANCEL: "年度途中の組織改正で事務が移管されたため、移管先の計画でまとめて報告することにしました。",
    Move.REVOKE: "承認後に指標の集計漏れが判明しました。正しい数値に直して再提出してください。",
}
EXTENDED_BY = 7  # business days
HEAD_DECIDES = 0.85  # how often the office's own head approves, where somebody else may as well


class Act(NamedTuple):
    """Something that happens; acts at the same time happen in the order of their names."""

    at: datetime
    name: str
    do: Callable[[datetime], None]


class Year:
    """Plays the year: `play` opens, fills and closes checkpoints until the day before today."""

    def __init__(
        self,
        *,
        stage: DemoStage,
        today: date,
        calendar: BusinessCalendar,
        staff: Staff,
        texts: Texts,
        plans: dict[PlanKey, ActionPlan],
        chance: Random,
    ) -> None:
        self.stage, self.today, self.calendar = stage, today, calendar
        self.staff, self.texts, self.plans, self.chance = staff, texts, plans, chance
        self.reporter = Reporter(texts)
        self.admin = staff.users["admin"]
        self.absence = Absence(staff.users["approver"], staff.users["kondo"], calendar, today)
        self.yesterday = calendar.add(today, -1)

    def play(self) -> None:
        days = year_days(self.stage, self.today, self.calendar)
        checkpoints = {
            kind: add_checkpoint(fiscal_year=FISCAL_YEAR, kind=kind, days=row, by=self.admin)
            for kind, row in days.items()
        }
        acts = sorted([*self._acts(days, checkpoints), *self._absence_acts()], key=lambda act: (act.at, act.name))
        running_since = days[running_kind(self.stage, self.today)].opens_on
        for act in acts:
            if act.at.date() < running_since:
                act.do(act.at)
        day = running_since
        while day <= self.yesterday:
            self._live(day, [act for act in acts if act.at.date() == day])
            day = self.calendar.add(day, 1)

    def _live(self, day: date, acts: list[Act]) -> None:
        """One day: reminders in the morning, what people do, the mails about it in the evening."""
        morning = local(day, REMINDERS)
        remind(now=morning)
        _tell(morning)
        for act in acts:
            act.do(act.at)
        _tell(local(day, MAILS))

    def _acts(self, days: dict[CheckpointKind, Days], checkpoints: dict[CheckpointKind, Checkpoint]) -> Iterator[Act]:
        running = running_kind(self.stage, self.today)
        for kind, checkpoint in checkpoints.items():
            yield from self._checkpoint_acts(checkpoint, days[kind], is_running=kind == running)
            if kind == running:
                break
        if running != CheckpointKind.PLAN:
            story = ChangeStory(self.plans, self.staff, self.calendar, self._decider)
            stand = days[list(days)[list(days).index(running) - 1]].approve_due
            yield from (Act(*act) for act in story.acts(plans_stand=stand, today=self.today))

    def _absence_acts(self) -> Iterator[Act]:
        yield Act(local(self.absence.first_day, OPENING), "", self.absence.enter)
        yield Act(local(self.yesterday, CLOSING), "", self.absence.read_one)

    def _checkpoint_acts(self, checkpoint: Checkpoint, days: Days, *, is_running: bool) -> Iterator[Act]:
        yield Act(local(days.opens_on, OPENING), "", self._opening(checkpoint))
        if not is_running or self.stage == DemoStage.CLOSED:
            yield Act(local(days.closes_on, CLOSING), "", self._closing(checkpoint))
        past = PAST_PLANS if checkpoint.is_plan else PAST_REPORTS
        parts = cast(
            self.texts.plans.values(),
            RUNNING[self.stage] if is_running else past,
            FIXED[self.stage] if is_running else {},
            self.chance,
            reports=not checkpoint.is_plan,
        )
        pace = Pace(self.calendar, self.yesterday, self.chance)
        for key, part in parts.items():
            for move, at in zip(part.value, pace.moments(part.value, days), strict=True):
                yield Act(at, "/".join(key), self._moving(checkpoint, key, move))

    def _opening(self, checkpoint: Checkpoint) -> Callable[[datetime], None]:
        return lambda now: open_checkpoint(checkpoint=checkpoint, by=self.admin, now=now)

    def _closing(self, checkpoint: Checkpoint) -> Callable[[datetime], None]:
        """Close it and tell what nobody was told yet: of past checkpoints, what was approved, in one mail a person."""

        def close(now: datetime) -> None:
            close_checkpoint(checkpoint=checkpoint, by=self.admin, now=now)
            _tell(now)

        return close

    def _moving(self, checkpoint: Checkpoint, key: PlanKey, move: Move) -> Callable[[datetime], None]:
        return lambda now: self._move(checkpoint, key, move, now)

    def _move(self, checkpoint: Checkpoint, key: PlanKey, move: Move, now: datetime) -> None:
        rows = Review.objects.select_related("plan__department", "checkpoint")
        text, review = self.texts.plans[key], rows.get(plan=self.plans[key], checkpoint=checkpoint)
        lead = self.absence.instead_of(self.staff.holder(text.department, Role.LEAD), now.date())
        at = {"review_id": review.pk, "task_id": review.task_id, "now": now}
        match move:
            case Move.SUBMIT:
                submit(**at, version=review.draft_version, by=lead)
            case Move.WITHDRAW:
                withdraw(**at, by=lead)
            case Move.PASS | Move.RETURN | Move.APPROVE:
                outcome, comment = self._decision(review, move, text)
                by = self._decider(review, now)
                if move == Move.RETURN:
                    point_out(review, _slip(review, text), by=by, now=now - LOOKING)
                else:
                    resolve_all(review, by=by, now=now - LOOKING)
                decide(**at, outcome=outcome, comment=comment, by=by)
            case Move.NUDGE:
                nudge(**at, note=WHY[move], by=self.staff.users["reviewer"])
            case Move.EXTEND | Move.CANCEL | Move.REVOKE:
                self._beside_the_way(review, text, move, now)
            case _:
                self._save(review, text, move, now)
                answer_all(review, by=self.staff.holder(text.department, Role.EDITOR), now=now)

    def _save(self, review: Review, text: PlanText, move: Move, now: datetime) -> None:
        editor = self.staff.holder(text.department, Role.EDITOR)
        thin = move == Move.SAVE_THIN
        if review.checkpoint.is_plan:
            half = len(text.measures) // 2 if move == Move.BEGIN else None
            write_plan(review.plan_id, text, by=editor, now=now, vague=thin, measures=half)
            return
        measures = self.reporter.measures(review, text.thin if thin else None)
        indicators = self.reporter.indicators(review)
        if move == Move.BEGIN:
            measures = dict(list(measures.items())[: (len(measures) + 1) // 2])
            indicators = dict(list(indicators.items())[: len(indicators) // 2])
        save_draft(
            review_id=review.pk,
            task_id=review.task_id,
            version=review.version,
            measures=measures,
            indicators=indicators,
            by=editor,
            now=now,
        )
        if thin or review.is_returned:
            attach_figures(review, whole=not thin, by=editor, now=now)

    def _decider(self, review: Review, now: datetime) -> User:
        """Somebody who may decide on it; where the office's own head may, mostly they."""
        holders = actors([review], now.date())[review.pk]
        people, head = [holder.user for holder in holders if holder.absent is None], self.absence.person
        if self.absence.covers(now.date()):
            people = [holder.user for holder in holders if holder.absent == head] or people
        if head in people and self.chance.random() < HEAD_DECIDES:
            return head
        return self.chance.choice(people)

    def _beside_the_way(self, review: Review, text: PlanText, move: Move, now: datetime) -> None:
        """What the office does outside the steps; where its head may not or is away, the other who approves does."""
        is_head = text.department != "dx" and not self.absence.covers(now.date())
        head = self.staff.users["approver" if is_head else "okochi"]
        act = {"review_id": review.pk, "reason": WHY[move], "now": now}
        if move == Move.EXTEND:
            to = self.calendar.add(review.due_on, EXTENDED_BY)
            extend(**act, task_id=review.task_id, to=to, by=self.staff.users["reviewer"])
        elif move == Move.CANCEL:
            cancel(**act, task_id=review.task_id, by=head)
        else:
            revoke(**act, round_number=review.round, by=head)

    def _decision(self, review: Review, move: Move, text: PlanText) -> tuple[Outcome, str]:
        if move == Move.RETURN:
            return Outcome.RETURNED, _slip(review, text).reason
        if move == Move.PASS:
            return Outcome.PASSED, self.chance.choice(PASSING)
        is_late = not review.checkpoint.is_plan and self.reporter.is_late(review)
        return Outcome.APPROVED, self.chance.choice(APPROVING_LATE if is_late else APPROVING)


def _slip(review: Review, text: PlanText) -> Slip:
    """The text that the office does not accept."""
    return text.vague if review.checkpoint.is_plan else text.thin


def _tell(now: datetime) -> None:
    """Send the mails about what has happened."""
    dispatch(now=now)
    deliver(clock=lambda: now)
