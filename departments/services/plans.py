"""Plans: created, saved while they are drafts, and moved with the review of the plan checkpoint."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import CharField, F, ProtectedError, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from departments.drafts import IndicatorDraft, MeasureDraft, PlanDraft, draft_of
from departments.errors import Refused, Stale
from departments.models import ActionPlan, Department, Indicator, Initiative, Measure, Milestone, PlanAuthor, User
from departments.models.plans import PlanState
from departments.rules import months_fault, target_faults
from departments.services.rows import save_or_refuse, sentences_of
from departments.wording import moment_text
from departments.years import year_label

log = structlog.get_logger("meguru.departments")

# From which states a plan can come into each.
BEFORE = {
    PlanState.SUBMITTED: [PlanState.DRAFT],
    PlanState.DRAFT: [PlanState.SUBMITTED, PlanState.APPROVED],
    PlanState.APPROVED: [PlanState.SUBMITTED],
}
# Numbers are unique within a plan, so rows step aside this far while they are numbered anew.
ASIDE = 1000


@transaction.atomic
def create_plan(
    *, by: User | None, department: Department, fiscal_year: int, kind: str, summary: str = ""
) -> ActionPlan:
    """Start a department's plan (計画) of a kind for a fiscal year, as an empty draft."""
    plan = ActionPlan(department=department, fiscal_year=fiscal_year, kind=kind, summary=summary)
    save_or_refuse(plan)
    log.info("plan created", plan=plan.pk, by=by and by.pk)
    return plan


@transaction.atomic
def save_plan(*, by: User | None, plan_id: int, version: int, content: PlanDraft, now: datetime) -> ActionPlan:
    """Make a draft plan's content exactly `content`; measures and indicators that carry an id keep their rows.

    `version` is the one the content was typed against: raises Stale when somebody saved since, unless what they
    saved is the same, as on a second click. Raises Refused when the plan is no draft or the content breaks a rule.
    """
    plan = ActionPlan.objects.select_for_update().get(pk=plan_id)
    if not plan.is_editable:
        raise Refused(why_fixed(plan))
    if plan.version != version:
        if draft_of(plan) == content:
            return plan
        raise Stale(_changed_meanwhile(plan))
    _refuse_foreign_initiatives(plan, content)
    _write_measures(plan, content.measures)
    plan.summary, plan.version = content.summary, version + 1
    plan.saved_by, plan.saved_at = by, now
    save_or_refuse(plan, update_fields=["summary", "version", "saved_by", "saved_at"])
    if by is not None:
        note_author(plan_id, by)
    log.info("plan saved", plan=plan.pk, version=plan.version, by=by and by.pk)
    return plan


def _changed_meanwhile(plan: ActionPlan) -> str:
    """Who was first and when; a load of the strategy file is nobody's."""
    if plan.saved_by is None or plan.saved_at is None:
        return _("This plan was changed meanwhile. Nothing was overwritten.")
    facts = {"who": plan.saved_by, "at": moment_text(plan.saved_at)}
    return _("%(who)s changed this plan meanwhile, %(at)s. Nothing was overwritten.") % facts


def note_author(plan_id: int, by: User) -> None:
    """Remember for good that the person drafted or submitted something of the plan; again is harmless."""
    PlanAuthor.objects.bulk_create([PlanAuthor(plan_id=plan_id, user=by)], ignore_conflicts=True)


def mark(plan_id: int, state: PlanState) -> bool:
    """Move a plan to a state with the review of its plan checkpoint; False if it was in none that leads there."""
    return ActionPlan.objects.filter(pk=plan_id, state__in=BEFORE[state]).update(state=state) == 1


def why_fixed(plan: ActionPlan) -> str:
    """Why a plan that is no draft cannot be changed, as a sentence."""
    if plan.state == PlanState.SUBMITTED:
        return _("This plan is under review and cannot be changed now. Its lead can withdraw it.")
    return _("This plan has been approved and cannot be changed any more.")


def _refuse_foreign_initiatives(plan: ActionPlan, content: PlanDraft) -> None:
    known = set(Initiative.objects.filter(strategy__fiscal_year=plan.fiscal_year).values_list("pk", flat=True))
    for number, draft in enumerate(content.measures, start=1):
        if draft.initiative not in known:
            raise Refused(
                _("Measure %(number)d: choose an initiative of the strategy of %(year)s.")
                % {"number": number, "year": year_label(plan.fiscal_year)}
            )


def _write_measures(plan: ActionPlan, drafts: Iterable[MeasureDraft]) -> None:
    kept = {measure.pk: measure for measure in plan.measures.prefetch_related("indicators")}
    drafts = list(drafts)
    _remove(plan.measures.all(), kept.keys() - {draft.id for draft in drafts})
    plan.measures.update(number=F("number") + ASIDE)
    Indicator.objects.filter(measure__plan=plan).update(code=Concat(Value("~"), Cast("pk", CharField())))
    Milestone.objects.filter(measure__plan=plan).delete()
    milestones: list[Milestone] = []
    for number, draft in enumerate(drafts, start=1):
        measure = _existing(kept, draft.id) or Measure(plan=plan)
        _write_measure(measure, number, draft)
        milestones += _milestones(measure, draft)
        _write_indicators(measure, draft.indicators)
    Milestone.objects.bulk_create(milestones)


def _existing(kept: dict[int, Measure], pk: int | None) -> Measure | None:
    if pk is not None and pk not in kept:
        raise Refused(_("A measure that you changed is no longer part of this plan."))
    return None if pk is None else kept.pop(pk)  # a row can be only one row of the page


def _remove(rows: models.QuerySet, ids: set[int]) -> None:
    try:
        rows.filter(pk__in=ids).delete()
    except ProtectedError as error:
        raise Refused(_("What has been reported on already cannot be removed from the plan.")) from error


def _write_measure(measure: Measure, number: int, draft: MeasureDraft) -> None:
    measure.number, measure.initiative_id = number, draft.initiative
    measure.title, measure.goal, measure.priority = draft.title, draft.goal, draft.priority
    measure.first_month, measure.last_month = draft.first_month, draft.last_month
    name = _("Measure %(number)d") % {"number": number}
    _check_row(measure, name, months_fault(draft.first_month, draft.last_month))
    measure.save()


def _milestones(measure: Measure, draft: MeasureDraft) -> list[Milestone]:
    rows = []
    for stretch in draft.milestones:
        row = Milestone(
            measure=measure, title=stretch.title, first_month=stretch.first_month, last_month=stretch.last_month
        )
        name = _("Measure %(number)d, milestone “%(title)s”") % {"number": measure.number, "title": stretch.title}
        _check_row(row, name, months_fault(stretch.first_month, stretch.last_month))
        rows.append(row)
    return rows


def _write_indicators(measure: Measure, drafts: Iterable[IndicatorDraft]) -> None:
    drafts = list(drafts)
    kept = {row.pk: row for row in measure.indicators.all()}
    _remove(measure.indicators.all(), kept.keys() - {draft.id for draft in drafts})
    for number, draft in enumerate(drafts, start=1):
        if draft.id is not None and draft.id not in kept:
            raise Refused(_("An indicator that you changed is no longer part of this plan."))
        row = Indicator(measure=measure) if draft.id is None else kept.pop(draft.id)
        row.code = f"M{measure.number}-{number}"
        row.title, row.kind, row.direction = draft.title, draft.kind, draft.direction
        row.unit, row.target, row.formula = draft.unit, draft.target, draft.formula
        name = _("Measure %(number)d, indicator “%(title)s”") % {"number": measure.number, "title": draft.title}
        faults = target_faults(draft.kind, draft.direction, draft.target)
        _check_row(row, name, next(iter(faults.values()), None))
        row.save()


def _check_row(row: models.Model, name: str, fault: str | None) -> None:
    """The rules that need no query; the rest holds by how the rows are made."""
    related = [field.name for field in row._meta.fields if field.is_relation]
    try:
        row.clean_fields(exclude=related)
    except ValidationError as error:
        raise Refused(f"{name}: {' '.join(sentences_of(row, error))}") from error
    if fault is not None:
        raise Refused(f"{name}: {fault}")
