"""Plans: created, saved while they are drafts, and moved with the review of the plan checkpoint."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import structlog
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import CharField, F, ProtectedError, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from departments.drafts import IndicatorDraft, MeasureDraft, PlanDraft, draft_of, indicator_code
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
    _write(plan, content, by=by, now=now)
    if by is not None:
        note_author(plan_id, by)
    log.info("plan saved", plan=plan.pk, version=plan.version, by=by and by.pk)
    return plan


@transaction.atomic
def change_plan(*, by: User, plan_id: int, version: int, content: PlanDraft, now: datetime) -> ActionPlan:
    """Make an approved plan's content exactly `content`, because the change was approved (計画変更); it stays approved.

    Raises Refused when the plan is not approved or the content breaks a rule, and Stale when `version`, from which the
    change was made, is not that of the plan.
    """
    plan = ActionPlan.objects.select_for_update().get(pk=plan_id)
    if plan.state != PlanState.APPROVED:
        raise Refused(_("Only an approved plan can be changed by a change request."))
    if plan.version != version:
        raise Stale(_changed_meanwhile(plan))
    _write(plan, content, by=by, now=now)
    log.info("plan changed", plan=plan.pk, version=plan.version, by=by.pk)
    return plan


def check_content(plan: ActionPlan, content: PlanDraft) -> None:
    """Raise Refused, with a sentence, where the content breaks a rule that would keep it from being written."""
    _refuse_foreign_initiatives(plan, content)
    _checked_rows(plan, content.measures)


def _write(plan: ActionPlan, content: PlanDraft, *, by: User | None, now: datetime) -> None:
    _refuse_foreign_initiatives(plan, content)
    _write_measures(plan, _checked_rows(plan, content.measures))
    plan.summary, plan.version = content.summary, plan.version + 1
    plan.saved_by, plan.saved_at = by, now
    plan.save(update_fields=["summary", "version", "saved_by", "saved_at"])


def _changed_meanwhile(plan: ActionPlan) -> str:
    """Who was first and when; a load of the strategy file is nobody's."""
    if plan.saved_by is None or plan.saved_at is None:
        return _("This plan was changed meanwhile. Nothing was overwritten.")
    facts = {"who": plan.saved_by, "at": moment_text(plan.saved_at)}
    return _("%(who)s changed this plan meanwhile, %(at)s. Nothing was overwritten.") % facts


def note_author(plan_id: int, by: User, absent_id: int | None = None) -> None:
    """Remember for good that the person drafted or submitted something of the plan; again is harmless.

    What is submitted in the place of an absent person is theirs as well.
    """
    people = [by.pk] if absent_id is None else [by.pk, absent_id]
    PlanAuthor.objects.bulk_create([PlanAuthor(plan_id=plan_id, user_id=pk) for pk in people], ignore_conflicts=True)


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


class _Rows(NamedTuple):
    """A measure with all its milestones and indicators, checked and not written yet."""

    measure: Measure
    milestones: list[Milestone]
    indicators: list[Indicator]


def _checked_rows(plan: ActionPlan, drafts: Iterable[MeasureDraft]) -> list[_Rows]:
    kept = {measure.pk: measure for measure in plan.measures.prefetch_related("indicators")}
    found = []
    for number, draft in enumerate(drafts, start=1):
        measure = _existing(kept, draft.id) or Measure(plan=plan)
        _fill_measure(measure, number, draft)
        found.append(_Rows(measure, _milestones(measure, draft), _indicators(measure, draft.indicators)))
    return found


def _existing(kept: dict[int, Measure], pk: int | None) -> Measure | None:
    if pk is None or pk < 0:
        return None
    if pk not in kept:
        raise Refused(_("A measure that you changed is no longer part of this plan."))
    return kept.pop(pk)  # a row can be only one row of the page


def _write_measures(plan: ActionPlan, rows: list[_Rows]) -> None:
    indicators_of_plan = Indicator.objects.filter(measure__plan=plan)
    _remove(plan.measures.exclude(pk__in=[row.measure.pk for row in rows if row.measure.pk]))
    _remove(indicators_of_plan.exclude(pk__in=[found.pk for row in rows for found in row.indicators if found.pk]))
    plan.measures.update(number=F("number") + ASIDE)
    indicators_of_plan.update(code=Concat(Value("~"), Cast("pk", CharField())))
    Milestone.objects.filter(measure__plan=plan).delete()
    for measure, _milestone_rows, indicators in rows:
        measure.save()
        for row in indicators:
            row.save()
    Milestone.objects.bulk_create(row for _measure, milestones, _indicators in rows for row in milestones)


def _remove(rows: models.QuerySet) -> None:
    try:
        rows.delete()
    except ProtectedError as error:
        raise Refused(_("What has been reported on already cannot be removed from the plan.")) from error


def _fill_measure(measure: Measure, number: int, draft: MeasureDraft) -> None:
    measure.number, measure.initiative_id = number, draft.initiative
    measure.title, measure.goal, measure.priority = draft.title, draft.goal, draft.priority
    measure.first_month, measure.last_month = draft.first_month, draft.last_month
    name = _("Measure %(number)d") % {"number": number}
    _check_row(measure, name, months_fault(draft.first_month, draft.last_month))


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


def _indicators(measure: Measure, drafts: Iterable[IndicatorDraft]) -> list[Indicator]:
    kept = {row.pk: row for row in measure.indicators.all()} if measure.pk else {}
    rows = []
    for place, draft in enumerate(drafts, start=1):
        if draft.id is not None and draft.id not in kept:
            raise Refused(_("An indicator that you changed is no longer part of this plan."))
        row = Indicator(measure=measure) if draft.id is None else kept.pop(draft.id)
        row.code = indicator_code(measure.number, place)
        row.title, row.kind, row.direction = draft.title, draft.kind, draft.direction
        row.unit, row.target, row.formula = draft.unit, draft.target, draft.formula
        name = _("Measure %(number)d, indicator “%(title)s”") % {"number": measure.number, "title": draft.title}
        faults = target_faults(draft.kind, draft.direction, draft.target)
        _check_row(row, name, next(iter(faults.values()), None))
        rows.append(row)
    return rows


def _check_row(row: models.Model, name: str, fault: str | None) -> None:
    """The rules that need no query; the rest holds by how the rows are made."""
    related = [field.name for field in row._meta.fields if field.is_relation]
    try:
        row.clean_fields(exclude=related)
    except ValidationError as error:
        raise Refused(f"{name}: {' '.join(sentences_of(row, error))}") from error
    if fault is not None:
        raise Refused(f"{name}: {fault}")
