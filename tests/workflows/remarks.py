"""Comments on a submission, made and followed through their services as a page that is up to date would do it."""

from departments.models import User
from tests.factories import make_indicator, make_measure
from tests.workflows.cast import Cast
from tests.workflows.moves import NOW, fresh, now_of, save, take
from workflows.access import Action
from workflows.models import Event, Pin, PinEntry, Review
from workflows.services import pins
from workflows.services.drafts import IndicatorEntry

TEXT = "件数の根拠を書いてください。"


def under_review(review: Review, cast: Cast) -> Review:
    """Submitted with two measures, an indicator of the first one and one of the strategy's."""
    first = review.plan.measures.get()
    make_measure(review.plan)
    indicators = [make_indicator("M1-1", measure=first), make_indicator("1-1", department=review.department)]
    save(review, cast.editor, indicators={found.pk: IndicatorEntry(not_this_quarter=True) for found in indicators})
    return now_of(take(Action.SUBMIT, review, cast.lead))


def pinned(review: Review, by: User, target: str = "", text: str = TEXT, task_id: int | None = None) -> Pin:
    task_id = task_id or now_of(review).task_id or 0
    return pins.pin(review_id=review.pk, task_id=task_id, target=target, text=text, by=fresh(by), now=NOW)


def answered(pin: Pin, by: User, text: str = "追記しました。", task_id: int | None = None) -> PinEntry:
    task_id = task_id or now_of(pin.review).task_id or 0
    return pins.answer(pin_id=pin.pk, task_id=task_id, text=text, by=fresh(by), now=NOW)


def resolved(pin: Pin, by: User, text: str = "", task_id: int | None = None) -> PinEntry:
    task_id = task_id or now_of(pin.review).task_id or 0
    return pins.resolve(pin_id=pin.pk, task_id=task_id, text=text, by=fresh(by), now=NOW)


def rows() -> tuple[int, int, int]:
    return Pin.objects.count(), PinEntry.objects.count(), Event.objects.count()
