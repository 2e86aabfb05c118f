"""What the rows say that events tell of: plan → key → what stands there, in the form of `Story`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from workflows.content import digest
from workflows.models import Acknowledgement, Decision, Pin, PinEntry, Review, Stage, Submission
from workflows.verification.rows import AT_ONCE, Fault, Plans
from workflows.verification.story import State, Story

# Table → plan → key → what stands there.
Table = dict[int, dict[Any, Any]]


class ReviewRow(NamedTuple):
    """A review, with what is needed to hold its contents against what was frozen."""

    plan_id: int
    pk: int
    stage: str
    round: int
    state: State
    kind: str
    plan_state: str


class Found:
    """The rows of a range of plans. `contents`: what stands approved, frozen, by review and round."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self.reviews = _review_rows(plans)
        self.contents: dict[tuple[int, int], str] = {}
        self.tables: dict[str, Table] = {
            "submission": self._submissions(),
            "decision": self._decisions(),
            "pin": self._pins(),
            "answers to pin": self._answers(),
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
        """Keeps the contents of approved rounds on the way, for each is read once."""
        kept = {(row.pk, row.round) for row in self.reviews if row.stage == Stage.APPROVED}
        table: Table = defaultdict(dict)
        rows = Submission.objects.filter(review__plan__pk__range=self.plans).order_by("review", "round")
        columns = ("review__plan", "review", "round", "sha256", "content")
        for plan, review, number, sha256, content, *who_when in rows.values_list(
            *columns, "submitted_by", "submitted_at", "on_behalf_of"
        ).iterator(AT_ONCE):
            table[plan][review, number] = (sha256, digest(content), *who_when)
            if (review, number) in kept:
                self.contents[review, number] = content
        return table

    def _decisions(self) -> Table:
        rows = Decision.objects.filter(review__plan__pk__range=self.plans).order_by("pk")
        columns = ("review__plan", "review", "submission__round", "step", "submission__review", "outcome", "comment")
        return _grouped(
            (plan, (review, number, step), tuple(said))
            for plan, review, number, step, *said in rows.values_list(
                *columns, "decided_by", "decided_at", "on_behalf_of"
            ).iterator(AT_ONCE)
        )

    def _pins(self) -> Table:
        rows = Pin.objects.filter(submission__review__plan__pk__range=self.plans).order_by("pk")
        columns = ("submission__review__plan", "pk", "review", "submission__review", "submission__round")
        return _grouped(
            (plan, pk, tuple(said))
            for plan, pk, *said in rows.values_list(*columns, "target", "text", "made_by", "made_at").iterator(AT_ONCE)
        )

    def _answers(self) -> Table:
        table: Table = defaultdict(dict)
        rows = PinEntry.objects.filter(pin__submission__review__plan__pk__range=self.plans).order_by("pk")
        columns = ("pin__submission__review__plan", "pin", "kind", "text", "by", "at")
        for plan, pin, *said in rows.values_list(*columns).iterator(AT_ONCE):
            table[plan][pin] = (*table[plan].get(pin, ()), tuple(said))
        return table

    def _acknowledgements(self) -> Table:
        rows = Acknowledgement.objects.filter(event__plan__pk__range=self.plans)
        return _grouped(rows.order_by("event").values_list("event__plan", "event__sequence", "at").iterator(AT_ONCE))


TOLD: dict[str, Callable[[Story], Mapping[Any, Any]]] = {
    "submission": lambda story: story.submissions,
    "decision": lambda story: story.decisions,
    "pin": lambda story: story.pins,
    "answers to pin": lambda story: story.answers,
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
    columns = ("plan", "pk", "stage", "stage_since", "task", "round", "returned_from", "extended_to")
    return [
        ReviewRow(
            plan_id=plan,
            pk=pk,
            stage=stage,
            round=number,
            state=State(stage, since, task, number, returned_from, str(extended_to) if extended_to else None),
            kind=kind,
            plan_state=plan_state,
        )
        for plan, pk, stage, since, task, number, returned_from, extended_to, kind, plan_state in rows.values_list(
            *columns, "checkpoint__kind", "plan__state"
        ).iterator(AT_ONCE)
    ]


def _grouped(rows: Iterable[tuple[int, Any, Any]]) -> Table:
    table: Table = defaultdict(dict)
    for plan_id, key, row in rows:
        table[plan_id][key] = row
    return table
