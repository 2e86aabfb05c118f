"""What stands approved beside what was frozen when it was submitted: plans, reports, attachments."""

from collections import defaultdict

import orjson

from departments.content import plan_contents
from departments.models import ActionPlan
from departments.models.indicators import Kind
from departments.models.plans import PlanState
from workflows.content import Content, number_text
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

# Review → measure or indicator → what is reported of it, by the names of the frozen content.
Reports = dict[int, dict[int, Content]]


class Contents:
    """What stands approved in a range of plans: live plans, and the rows from which rates are computed."""

    def __init__(self, plans: Plans, found: Found) -> None:
        self.contents = found.contents
        self.approved: dict[int, list[ReviewRow]] = defaultdict(list)
        self.misplaced: dict[int, Fault] = {}
        for row in found.reviews:
            if row.state.stage == Stage.APPROVED:
                self.approved[row.plan_id].append(row)
            if row.kind == CheckpointKind.PLAN and row.plan_state != STATES.get(row.state.stage, row.plan_state):
                what = f"is {row.plan_state}, though its review {row.pk} is {row.state.stage}"
                self.misplaced[row.plan_id] = Fault(f"plan {row.plan_id}", what)
        self.plans = self._live_plans()
        self.measures = _measure_reports(plans)
        self.indicators = _indicator_reports(plans)
        self.files = frozenset(StoredFile.objects.values_list("sha256", flat=True))

    def _live_plans(self) -> dict[int, Content]:
        ids = [plan for plan, rows in self.approved.items() if any(row.kind in FREEZES_PLAN for row in rows)]
        return plan_contents(ActionPlan.objects.filter(pk__in=ids, state=PlanState.APPROVED)) if ids else {}

    def fault(self, plan_id: int, story: Story) -> Fault | None:
        """The first approved thing of the plan that is not what was frozen.

        Only where its events and the rows that they tell of are right: then the contents are what was submitted.
        """
        frozen_plan = None
        for row in sorted(self.approved.get(plan_id, ()), key=lambda row: story.approved[row.pk]):
            frozen = orjson.loads(self.contents[row.pk, row.state.round])
            fault = self._report_fault(row.pk, frozen) or self._file_fault(row.pk, frozen)
            if fault is not None:
                return fault
            frozen_plan = frozen.get("plan", frozen_plan)
        return self.misplaced.get(plan_id) or self._plan_fault(plan_id, frozen_plan)

    def _plan_fault(self, plan_id: int, frozen: Content | None) -> Fault | None:
        """The plan as it stands beside what was approved last, be it the plan itself or a change of it."""
        live = self.plans.get(plan_id)
        if frozen is None or live is None or live == _with_ids_of(live, frozen):
            return None
        return Fault(f"plan {plan_id}", "is not what was approved")

    def _report_fault(self, review_id: int, frozen: Content) -> Fault | None:
        measures, of = self.measures.get(review_id, {}), f"in review {review_id}"
        asked = {entry["id"] for entry in frozen.get("measures", ())}
        for pk in measures.keys() - asked:
            return Fault(f"report of measure {pk} {of}", "is none that was approved")
        for entry in map(_as_counted, frozen.get("measures", ())):
            if _differs(entry, measures.get(entry["id"], UNREPORTED)):
                return Fault(f"report of measure {entry['id']} {of}", "is not what was approved")
        indicators = self.indicators.get(review_id, {})
        for entry in frozen.get("indicators", ()):
            if _differs(_as_typed(entry), indicators.get(entry["id"], UNMEASURED)):
                return Fault(f"report of indicator {entry['id']} {of}", "is not what was approved")
        return None

    def _file_fault(self, review_id: int, frozen: Content) -> Fault | None:
        for file in frozen.get("attachments", ()):
            if file["sha256"] not in self.files:
                return Fault(f"file {file['sha256']}", f"is gone, though review {review_id} was approved with it")
        return None


def _differs(entry: Content, row: Content) -> bool:
    """Whether the row says otherwise than the frozen entry, which in the first format lacks some fields."""
    return any(entry[name] != said for name, said in row.items() if name in entry)


def _as_counted(entry: Content) -> Content:
    """With the number alone of the initiative that the measure is counted under, which begins its name."""
    return {**entry, "initiative_number": int(entry["initiative"].partition(" ")[0])}


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
    columns = ("review", "measure", "progress__code", "percent", "done", "issue", "next_step")
    noted = ("priority", "initiative_number")
    for review, measure, *said in rows.values_list(*columns, *noted).iterator(AT_ONCE):
        reports[review][measure] = dict(zip((*UNREPORTED, *noted), said, strict=True))
    return reports


def _indicator_reports(plans: Plans) -> Reports:
    reports: Reports = defaultdict(dict)
    rows = IndicatorReport.objects.filter(review__plan__pk__range=plans, review__stage=Stage.APPROVED).order_by()
    columns = ("review", "indicator", "value", "numerator", "denominator", "done", "not_this_quarter", "note")
    for review, indicator, *numbers, done, skipped, note in rows.values_list(*columns).iterator(AT_ONCE):
        said = (*map(number_text, numbers), done, skipped, note)
        reports[review][indicator] = dict(zip(UNMEASURED, said, strict=True))
    return reports
