"""Changes of plans for tests (計画変更): asked for, drafted, brought to a stage."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from departments.content import plan_content
from departments.drafts import MeasureDraft, PlanDraft, draft_of
from departments.models import ActionPlan, User
from departments.models.plans import Priority
from tests.factories import the_initiative
from tests.workflows.moves import NOW, fresh, now_of, take
from workflows.access import Action
from workflows.models import Review, Stage
from workflows.services.changes import request_change, save_proposal

WHY = "国の制度改正により、目標と時期を見直すため。"


def asked(plan: ActionPlan, by: User, reason: str = WHY, now: datetime = NOW) -> Review:
    """A change of the plan, just asked for."""
    return request_change(plan_id=plan.pk, reason=reason, by=fresh(by), now=now)


def proposed(review: Review, by: User, content: PlanDraft, *, reason: str = WHY, now: datetime = NOW) -> Review:
    """Save the draft of the change from a page that shows it as it stands."""
    review = now_of(review)
    return save_proposal(
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=review.version,
        reason=reason,
        content=content,
        by=fresh(by),
        now=now,
    )


def other(plan: ActionPlan, **changes: Any) -> PlanDraft:
    """The plan with its first measure changed."""
    stands = draft_of(live(plan))
    first, *rest = stands.measures
    return replace(stands, measures=(replace(first, **changes), *rest))


def with_measure(content: PlanDraft, title: str = "新しい施策") -> PlanDraft:
    """The plan with one measure more, ready to be submitted."""
    new = MeasureDraft(the_initiative().pk, title, f"{title}の目標", 7, 12, Priority.OTHER)
    return replace(content, measures=(*content.measures, new))


def change_at(stage: Stage, plan: ActionPlan, cast: Any) -> Review:
    """A change of the civic department's plan, brought to the stage: its first measure gets another title."""
    review = asked(plan, cast.editor)
    proposed(review, cast.editor, other(plan, title="改めた施策"))
    steps = [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]
    stages = [Stage.PREPARE, Stage.REVIEW, Stage.APPROVE, Stage.APPROVED]
    for action, person in steps[: stages.index(stage)]:
        take(action, review, person)
    return now_of(review)


def live(plan: ActionPlan) -> ActionPlan:
    """The plan as it stands in the database."""
    return ActionPlan.objects.get(pk=plan.pk)


def plan_of(plan: ActionPlan) -> tuple[str, int, dict[str, Any]]:
    """All that a change of the plan may change: state, version, content."""
    found = live(plan)
    return found.state, found.version, plan_content(found)


def submitted(review: Review, number: int = 1) -> dict[str, Any]:
    """What was submitted in that round."""
    return json.loads(review.submissions.get(round=number).content)
