"""Three plans' histories with every kind of event in them, sealed twice: what there is to be tampered with."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from departments.models import ActionPlan, User
from tests.factories import make_indicator, make_plan
from tests.workflows.amendments import asked, other, proposed
from tests.workflows.cast import Cast, Places, make_approved_plan, make_deputy
from tests.workflows.moves import NOW, TODAY, closed, fresh, now_of, opened, save, take
from workflows.access import Action
from workflows.models import CheckpointKind, Event, Review
from workflows.schedule import Days
from workflows.services.acknowledgements import acknowledge
from workflows.services.checkpoints import change_days
from workflows.services.drafts import IndicatorEntry
from workflows.services.seals import seal


def _minutes() -> Iterator[datetime]:
    at = NOW
    while True:
        at += timedelta(minutes=1)
        yield at


class Story:
    """Told minute by minute, so that no two rows have the same time; `line` is that of the last seal."""

    def __init__(self, places: Places, cast: Cast) -> None:
        self.cast, self.clock = cast, _minutes()
        self.deputy = make_deputy(places, cast)
        civic, tax, dx = (
            make_plan(places.civic, measures=2),
            make_approved_plan(places.tax),
            make_approved_plan(places.dx),
        )
        self.plan_is_approved(civic)
        self.quarter_with_everything(civic)
        self.quarter_by_deputy(tax)
        seal(day=TODAY, now=next(self.clock))
        self.change(civic)
        self.quarter_without_end(tax, dx)
        self.line = seal(day=TODAY + timedelta(days=1), now=next(self.clock)).line

    def go(self, review: Review, *steps: tuple[Action, User]) -> None:
        for action, person in steps:
            take(action, review, person, now=next(self.clock))

    def decided(self, first: User, *others: User) -> list[tuple[Action, User]]:
        return list(zip((Action.SUBMIT, Action.PASS, Action.APPROVE), (first, *others), strict=True))

    def plan_is_approved(self, plan: ActionPlan) -> None:
        """Twice, for the approval is revoked once."""
        cast = self.cast
        (review,) = opened(plan, kind=CheckpointKind.PLAN, now=next(self.clock))
        self.go(review, *self.decided(cast.lead, cast.reviewer, cast.approver), (Action.REVOKE, cast.approver))
        self.go(review, (Action.SUBMIT, cast.lead), (Action.APPROVE, cast.approver))

    def quarter_with_everything(self, plan: ActionPlan) -> None:
        cast = self.cast
        found = make_indicator(department=plan.department)
        (review,) = opened(plan, kind=CheckpointKind.Q1, now=next(self.clock))
        save(review, cast.editor, now=next(self.clock), indicators={found.pk: IndicatorEntry(value=8, note="延べ")})
        self.go(
            review,
            (Action.EXTEND, cast.reviewer),
            (Action.NUDGE, cast.approver),
            (Action.SUBMIT, cast.lead),
            (Action.WITHDRAW, cast.lead),
            (Action.SUBMIT, cast.lead),
            (Action.PIN, cast.reviewer),
            (Action.RETURN, cast.reviewer),
            (Action.ANSWER, cast.editor),
            (Action.SUBMIT, cast.lead),
            (Action.RESOLVE, cast.reviewer),
            (Action.PASS, cast.reviewer),
            (Action.RETURN, cast.approver),
            (Action.SUBMIT, cast.lead),
            (Action.APPROVE, cast.approver),
        )

    def quarter_by_deputy(self, plan: ActionPlan) -> None:
        (review,) = opened(plan, kind=CheckpointKind.Q1, now=next(self.clock))[:1]
        save(review, self.cast.tax_editor, now=next(self.clock))
        self.go(review, *self.decided(self.cast.tax_lead, self.cast.reviewer, self.deputy))
        done = Event.objects.filter(review=review).latest("sequence")
        acknowledge(event_id=done.pk, by=fresh(self.cast.approver), now=next(self.clock))

    def change(self, plan: ActionPlan) -> None:
        review = asked(plan, self.cast.editor, now=next(self.clock))
        proposed(review, self.cast.editor, other(plan, title="改めた施策"), now=next(self.clock))
        self.go(review, *self.decided(self.cast.lead, self.cast.reviewer, self.cast.approver))

    def quarter_without_end(self, *plans: ActionPlan) -> None:
        """The due days are moved; one is nudged and cancelled, the others lapse."""
        first, *others = opened(*plans, kind=CheckpointKind.Q2, now=next(self.clock))
        days = {name: getattr(first.checkpoint, name) for name in Days.__dataclass_fields__}
        days["submit_due"] += timedelta(days=5)
        by = fresh(self.cast.administrator)
        change_days(checkpoint=first.checkpoint, days=Days(**days), by=by, now=next(self.clock))
        self.go(first, (Action.NUDGE, self.cast.reviewer))
        self.go(first, (Action.CANCEL, self.cast.approver))
        closed(now_of(others[0]), now=next(self.clock))
