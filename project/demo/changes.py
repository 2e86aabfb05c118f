"""Two changes of plans (計画変更) in the demo city: one approved before the running quarter, one under review."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from departments.drafts import MeasureDraft, MilestoneDraft, PlanDraft, draft_of
from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, Role, User
from project.demo.casting import PlanKey
from project.demo.moments import local
from project.demo.people import Staff
from workflows.models import Outcome, Review
from workflows.services.changes import request_change, save_proposal
from workflows.services.reviews import decide, submit


class PlanChange(NamedTuple):
    """What a department wants to change in one measure of its plan, and why."""

    plan: PlanKey
    measure: str
    reason: str
    mend: Callable[[MeasureDraft], MeasureDraft]


def _fewer_visitors(measure: MeasureDraft) -> MeasureDraft:
    (count,) = measure.indicators
    goal = "3か所の出張所から本庁の8課に画面越しで相談できるようにし、年480件の利用を得る。"
    return replace(measure, goal=goal, indicators=(replace(count, target=Decimal(480)),))


def _more_applicants(measure: MeasureDraft) -> MeasureDraft:
    (share,) = measure.indicators
    *earlier, last = measure.milestones
    return replace(
        measure,
        goal="4月入園の一次申込の80%以上をオンラインで受ける(令和7年度61%)。",
        last_month=12,
        milestones=(*earlier, MilestoneDraft(last.title, last.first_month, 12)),
        indicators=(replace(share, target=Decimal(80)),),
    )


FINISHED = PlanChange(
    ("kumin", "execution"),
    "出張所と本庁を結ぶ遠隔相談窓口",
    "西部出張所の改修工事が10月まで延び、3か所目の開始が遅れるため、年間の利用件数の目標を見直す。",
    _fewer_visitors,
)
UNDER_WAY = PlanChange(
    ("hoiku", "execution"),
    "入園申込のオンライン化",
    "事前登録が見込みを上回ったため、一次申込の目標を引き上げる。あわせて二次申込の振り返りを3月まで行う。",
    _more_applicants,
)
# Business days from asking until it is submitted, passed on and approved.
SUBMITTED, PASSED, APPROVED = 2, 4, 6


class ChangeStory:
    """Plays the changes; `decider` names somebody who may decide on a review at a moment."""

    def __init__(
        self,
        plans: dict[PlanKey, ActionPlan],
        staff: Staff,
        calendar: BusinessCalendar,
        decider: Callable[[Review, datetime], User],
    ) -> None:
        self.plans, self.staff, self.calendar, self.decider = plans, staff, calendar, decider

    def acts(self, *, plans_stand: date, today: date) -> Iterator[tuple[datetime, str, Callable[[datetime], None]]]:
        """What happens when, until the day before today: time, name, deed. All plans are approved by `plans_stand`."""
        yield from self._acts_of(FINISHED, self.calendar.add(plans_stand, 1), today)
        yield from self._acts_of(UNDER_WAY, self.calendar.add(today, -5), self.calendar.add(today, -2))

    def _acts_of(
        self, change: PlanChange, first: date, before: date
    ) -> Iterator[tuple[datetime, str, Callable[[datetime], None]]]:
        steps = {0: self._ask, SUBMITTED: self._submit, PASSED: self._pass, APPROVED: self._approve}
        for days, step in steps.items():
            day = self.calendar.add(first, days)
            if day < before:
                yield local(day, time(11, 20)), "/".join(change.plan), partial(step, change)

    def _ask(self, change: PlanChange, now: datetime) -> None:
        plan, editor = self.plans[change.plan], self.staff.holder(change.plan[0], Role.EDITOR)
        review = request_change(plan_id=plan.pk, reason=change.reason, by=editor, now=now)
        stands = draft_of(ActionPlan.objects.get(pk=plan.pk))
        measures = (change.mend(row) if row.title == change.measure else row for row in stands.measures)
        save_proposal(
            review_id=review.pk,
            task_id=review.task_id,
            version=review.version,
            reason=change.reason,
            content=PlanDraft(stands.summary, tuple(measures)),
            by=editor,
            now=now,
        )

    def _submit(self, change: PlanChange, now: datetime) -> None:
        review, lead = self._review(change), self.staff.holder(change.plan[0], Role.LEAD)
        submit(review_id=review.pk, task_id=review.task_id, version=review.draft_version, by=lead, now=now)

    def _pass(self, change: PlanChange, now: datetime) -> None:
        self._decide(change, Outcome.PASSED, "工事の工程表で、開始の時期を確認しました。", now)

    def _approve(self, change: PlanChange, now: datetime) -> None:
        self._decide(change, Outcome.APPROVED, "承認します。次の四半期から見直し後の目標で報告してください。", now)

    def _decide(self, change: PlanChange, outcome: Outcome, comment: str, now: datetime) -> None:
        review = self._review(change)
        by = self.decider(review, now)
        decide(review_id=review.pk, task_id=review.task_id, outcome=outcome, comment=comment, by=by, now=now)

    def _review(self, change: PlanChange) -> Review:
        changes = Review.objects.select_related("plan__department", "checkpoint").filter(change_number__gte=1)
        return changes.get(plan=self.plans[change.plan])
