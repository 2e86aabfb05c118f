"""What the demo city's office points out when it returns something, and how the departments answer."""

from datetime import datetime

from departments.models import Measure, User
from project.demo.texts import Slip
from workflows.models import Pin, Review
from workflows.services import pins

# At a plan's goal and at a report's text: what the office says, and what the department answers.
POINTED_OUT = {
    "goal": "この書き方では、年度末に達成したかどうかを判断できません。数値で示してください。",
    "done": "この記述だけでは進み具合が読み取れません。根拠となる件数などを書いてください。",
}
ANSWERS = {"goal": "目標に数値を入れました。", "done": "四半期末の実績を確認し、数字を書き加えました。"}


def point_out(review: Review, slip: Slip, *, by: User, now: datetime) -> None:
    """Pin a comment to the text that is too thin."""
    measure = Measure.objects.get(plan=review.plan_id, title=slip.measure)
    field = "goal" if review.checkpoint.is_plan else "done"
    target, text = f"m{measure.pk}.{field}", POINTED_OUT[field]
    pins.pin(review_id=review.pk, task_id=review.task_id or 0, target=target, text=text, by=by, now=now)


def answer_all(review: Review, *, by: User, now: datetime) -> None:
    """Answer what is not resolved, once the text is mended."""
    for pin in Pin.objects.open().filter(review=review):
        text = ANSWERS[pin.target.partition(".")[2]]
        pins.answer(pin_id=pin.pk, task_id=review.task_id or 0, text=text, by=by, now=now)


def resolve_all(review: Review, *, by: User, now: datetime) -> None:
    """Resolve what the department has mended."""
    for pin in Pin.objects.open().filter(review=review):
        pins.resolve(pin_id=pin.pk, task_id=review.task_id or 0, by=by, now=now)
