"""What stands approved beside what was frozen when it was submitted: plans, reports, attachments."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import orjson

from departments.content import plan_contents
from departments.models import ActionPlan
from departments.models.indicators import Kind
from departments.models.plans import PlanState
from workflows.content import number_text
from workflows.models import CheckpointKind, IndicatorReport, MeasureReport, Stage, StoredFile
from workflows.verification.found import Found, ReviewRow
from workflows.verification.rows import AT_ONCE, Fault, Plans
from workflows.verification.story import Story

# Stage of the review of a plan → the state in which it leaves the plan.
STATES: dict[str, PlanState] = {
    Stage.PREPARE: PlanState.DRAFT,
    Stage.REVIEW: PlanState.SUBMITTED,
    Stage.APPROVE: PlanState.SUBMITTED,
    Stage.APPROVED: PlanState.APPROVED,
}
FREEZES_PLAN = (CheckpointKind.PLAN, CheckpointKind.CHANGE)
# Of these the value follows from numerator and denominator, whatever else was typed.
COMPUTED = (Kind.RATIO, Kind.SURVEY, Kind.DERIVED)
UNREPORTED = {"progress": None, "percent": None, "done": "", "issue": "", "next_step": ""}
UNMEASURED = {
    "value": None,
    "numerator": None,
    "denominator": None,
    "done": None,
    "not_this_quarter": False,
    "note": "",
}

Content = dict[str, Any]
# Review → measure or indicator → what is reported of it, by the names of the frozen content.
Reports = dict[int, dict[int, Content]]


class Contents:
    """What stands approved in a range of plans: live plans, and the rows from which rates are computed."""

    def __init__(self, plans: Plans, found: Found) -> None:
        self.frozen: dict[tuple[int, int], Content] = {key: orjson.loads(text) for key, text in found.contents.items()}
        self.approved: dict[int, list[ReviewRow]] = defaultdict(list)
        self.misplaced: dict[int, Fault] = {}
        for row in found.reviews:
            if (row.pk, row.state.round) in self.frozen:
                self.approved[row.plan_id].append(row)
            if row.kind == CheckpointKind.PLAN and row.plan_state != STATES.get(row.state.stage, row.plan_state):
                what = f"is {row.plan_state}, though its review {row.pk} is {row.state.stage}"
                self.misplaced[row.plan_id] = Fault(f"plan {row.plan_id}", what)
        self.plans = self._live_plans()
        self.measures = _measure_reports(plans)
        self.indicators = _indicator_reports(plans)
        self.files = frozenset(StoredFile.objects.filter(sha256__in=self._attached()).values_list("sha256", flat=True))

    def _live_plans(self) -> dict[int, Content]:
        ids = [plan for plan, rows in self.approved.items() if any(row.kind in FREEZES_PLAN for row in rows)]
        return plan_contents(ActionPlan.objects.filter(pk__in=ids, state=PlanState.APPROVED)) if ids else {}

    def _attached(self) -> set[str]:
        return {file["sha256"] for frozen in self.frozen.values() for file in frozen.get("attachments", ())}

    def fault(self, plan_id: int, story: Story) -> Fault | None:
        """The first approved thing of the plan that is not what was frozen. Its events and their rows are right."""
        rows = sorted(self.approved.get(plan_id, ()), key=lambda row: story.approved[row.pk])
        for row in rows:
            fault = self._report_fault(row) or self._file_fault(row)
            if fault is not None:
                return fault
        return self.misplaced.get(plan_id) or self._plan_fault(plan_id, rows)

    def _plan_fault(self, plan_id: int, rows: Iterable[ReviewRow]) -> Fault | None:
        """The plan as it stands beside what was approved last, be it the plan itself or a change of it."""
        frozen = [self.frozen[row.pk, row.state.round]["plan"] for row in rows if row.kind in FREEZES_PLAN]
        live = self.plans.get(plan_id)
        if not frozen or live is None or live == _with_ids_of(live, frozen[-1]):
            return None
        return Fault(f"plan {plan_id}", "is not what was approved")

    def _report_fault(self, row: ReviewRow) -> Fault | None:
        frozen, of = self.frozen[row.pk, row.state.round], f"in review {row.pk}"
        reports = self.measures.get(row.pk, {})
        asked = {entry["id"] for entry in frozen.get("measures", ())}
        for pk in reports.keys() - asked:
            return Fault(f"report of measure {pk} {of}", "is none that was approved")
        for entry in frozen.get("measures", ()):
            if _differs(entry, reports.get(entry["id"], UNREPORTED)):
                return Fault(f"report of measure {entry['id']} {of}", "is not what was approved")
        values = self.indicators.get(row.pk, {})
        for entry in frozen.get("indicators", ()):
            if _differs(_as_typed(entry), values.get(entry["id"], UNMEASURED)):
                return Fault(f"report of indicator {entry['id']} {of}", "is not what was approved")
        return None

    def _file_fault(self, row: ReviewRow) -> Fault | None:
        for file in self.frozen[row.pk, row.state.round].get("attachments", ()):
            if file["sha256"] not in self.files:
                return Fault(f"file {file['sha256']}", f"is gone, though review {row.pk} was approved with it")
        return None


def _differs(entry: Content, row: Content) -> bool:
    """Whether the row says otherwise than the frozen entry, which in the first format lacks some fields."""
    return any(entry[name] != said for name, said in row.items() if name in entry)


def _as_typed(entry: Content) -> Content:
    """Without the value where that was computed."""
    return {name: said for name, said in entry.items() if not (name == "value" and entry["kind"] in COMPUTED)}


def _with_ids_of(live: Content, frozen: Content) -> Content:
    """The frozen plan with the ids that measures new in it, such as "new-1", got when it was approved."""
    ids = [measure["id"] for measure in live["measures"]]
    measures = [
        {**measure, "id": ids[at]} if isinstance(measure["id"], str) and at < len(ids) else measure
        for at, measure in enumerate(frozen["measures"])
    ]
    return {**frozen, "measures": measures}


def _measure_reports(plans: Plans) -> Reports:
    reports: Reports = defaultdict(dict)
    rows = MeasureReport.objects.filter(review__plan__pk__range=plans, review__stage=Stage.APPROVED).order_by()
    columns = ("review", "measure", "progress__code", "percent", "done", "issue", "next_step", "priority")
    for review, measure, *said in rows.values_list(*columns).iterator(AT_ONCE):
        reports[review][measure] = dict(zip((*UNREPORTED, "priority"), said, strict=True))
    return reports


def _indicator_reports(plans: Plans) -> Reports:
    reports: Reports = defaultdict(dict)
    rows = IndicatorReport.objects.filter(review__plan__pk__range=plans, review__stage=Stage.APPROVED).order_by()
    columns = ("review", "indicator", "value", "numerator", "denominator", "done", "not_this_quarter", "note")
    for review, indicator, *numbers, done, skipped, note in rows.values_list(*columns).iterator(AT_ONCE):
        said = (*map(number_text, numbers), done, skipped, note)
        reports[review][indicator] = dict(zip(UNMEASURED, said, strict=True))
    return reports
