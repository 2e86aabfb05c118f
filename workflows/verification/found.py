"""What the rows say that events tell of: plan → key → what stands there, in the form of `Story`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from workflows.content import digest
from workflows.models import Acknowledgement, Decision, Nudge, Pin, PinEntry, Review, Stage, Submission
from workflows.verification.rows import AT_ONCE, Fault, Plans, as_text, moment
from workflows.verification.story import State, Story

# Table → plan → key → what stands there.
Table = dict[int, dict[Any, Any]]

# Review and round of a decision on a submission of other plans.
ELSEWHERE = (0, 0)


class ReviewRow(NamedTuple):
    """A review, with what is needed to hold its contents against what was frozen."""

    plan_id: int
    pk: int
    kind: str
    plan_state: str
    state: State


class Found:
    """The rows of a range of plans. `contents`: what stands approved, frozen, by review and round."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self.reviews = _review_rows(plans)
        self.contents: dict[tuple[int, int], str] = {}
        self.rounds: dict[int, tuple[int, int]] = {}
        self.tables: dict[str, Table] = {
            "submission": self._submissions(),
            "decision": self._decisions(),
            "pin": self._pins(),
            "answers to pin": self._answers(),
            "nudge of row": self._nudges(),
            "acknowledgement of row": self._acknowledgements(),
            "review": _grouped((row.plan_id, row.pk, row.state) for row in self.reviews),
        }

    def difference(self, plan_id: int, story: Story) -> Fault | None:
        """The first row of the plan that is not what its event says, that is gone, or that no event tells of."""
        for name, told_of in TOLD.items():
            told, found = told_of(story), self.tables[name].get(plan_id, {})
            if told != found:
                return difference(name, told, found)
        return None

    def _submissions(self) -> Table:
        """Keeps the contents of approved rounds on the way, for each is read once, and of each its review and round."""
        kept = {(row.pk, row.state.round) for row in self.reviews if row.state.stage == Stage.APPROVED}
        table: Table = defaultdict(dict)
        rows = Submission.objects.filter(review__plan__pk__range=self.plans).order_by()
        columns = ("review__plan", "pk", "review", "round", "content", as_text("submitted_at"))
        for plan, pk, review, number, content, at, *said in rows.values_list(
            *columns, "sha256", "submitted_by", "on_behalf_of"
        ).iterator(AT_ONCE):
            table[plan][review, number] = (digest(content), moment(at), *said)
            self.rounds[pk] = (review, number)
            if (review, number) in kept:
                self.contents[review, number] = content
        return table

    def _decisions(self) -> Table:
        """By review, round and step, as the submission has them that was decided on."""
        rows = Decision.objects.filter(review__plan__pk__range=self.plans).order_by()
        columns = ("review__plan", "submission", "step", as_text("decided_at"))
        said = ("review", "outcome", "comment", "decided_by", "on_behalf_of")
        return _grouped(
            (plan, (*self.rounds.get(submission, ELSEWHERE), step), (moment(at), *rest))
            for plan, submission, step, at, *rest in rows.values_list(*columns, *said).iterator(AT_ONCE)
        )

    def _pins(self) -> Table:
        rows = Pin.objects.filter(submission__review__plan__pk__range=self.plans).order_by("pk")
        columns = ("submission__review__plan", "pk", as_text("made_at"))
        said = ("review", "submission__review", "submission__round", "target", "text", "made_by")
        return _grouped(
            (plan, pk, (moment(at), *rest))
            for plan, pk, at, *rest in rows.values_list(*columns, *said).iterator(AT_ONCE)
        )

    def _answers(self) -> Table:
        table: Table = defaultdict(dict)
        rows = PinEntry.objects.filter(pin__submission__review__plan__pk__range=self.plans).order_by("pk")
        columns = ("pin__submission__review__plan", "pin", as_text("at"), "kind", "text", "by")
        for plan, pin, at, *said in rows.values_list(*columns).iterator(AT_ONCE):
            table[plan][pin] = (*table[plan].get(pin, ()), (moment(at), *said))
        return table

    def _nudges(self) -> Table:
        rows = Nudge.objects.filter(event__plan__pk__range=self.plans).order_by("event_id")
        columns = ("event__plan", "event__sequence", "review", "day")
        return _grouped((plan, sequence, tuple(told)) for plan, sequence, *told in rows.values_list(*columns))

    def _acknowledgements(self) -> Table:
        rows = Acknowledgement.objects.filter(event__plan__pk__range=self.plans).order_by("event_id")
        columns = ("event__plan", "event__sequence", as_text("at"))
        return _grouped(
            (plan, sequence, moment(at)) for plan, sequence, at in rows.values_list(*columns).iterator(AT_ONCE)
        )


TOLD: dict[str, Callable[[Story], Mapping[Any, Any]]] = {
    "submission": lambda story: story.submissions,
    "decision": lambda story: story.decisions,
    "pin": lambda story: story.pins,
    "answers to pin": lambda story: story.answers,
    "nudge of row": lambda story: story.nudges,
    "acknowledgement of row": lambda story: story.acknowledgements,
    "review": lambda story: story.reviews,
}


def difference(name: str, told: Mapping[Any, Any], found: Mapping[Any, Any]) -> Fault | None:
    """The first row, in the order of events, that differs; then those that no event tells of."""
    for key in [*told, *found]:
        if told.get(key) != found.get(key):
            row = f"{name} {' '.join(map(str, key)) if isinstance(key, tuple) else key}"
            if key not in found:
                return Fault(row, "is gone, though an event tells of it")
            return Fault(row, "is not what its event says" if key in told else "is told of by no event")
    return None


def _review_rows(plans: Plans) -> list[ReviewRow]:
    rows = Review.objects.filter(plan__pk__range=plans).order_by("pk")
    columns = ("plan", "pk", "checkpoint__kind", "plan__state", as_text("stage_since"))
    state = ("stage", "task", "round", "returned_from", "extended_to")
    return [
        ReviewRow(plan, pk, kind, plan_state, State(*rest, since=moment(since)))
        for plan, pk, kind, plan_state, since, *rest in rows.values_list(*columns, *state).iterator(AT_ONCE)
    ]


def _grouped(rows: Iterable[tuple[int, Any, Any]]) -> Table:
    table: Table = defaultdict(dict)
    for plan_id, key, row in rows:
        table[plan_id][key] = row
    return table
