"""Loading a strategy file: everything is validated first, then all of it is written, or nothing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from django.db import models, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from departments.entries import Fault
from departments.errors import Refused
from departments.models import (
    ActionPlan,
    Department,
    Indicator,
    Initiative,
    Measure,
    Milestone,
    StepTarget,
    Strategy,
    Theme,
    User,
)
from departments.models.plans import PlanKind
from departments.strategy_file import FileIndicator, FileMeasure, StrategyFile, read_strategy

log = structlog.get_logger("meguru.departments")


class ImportRefused(Refused):
    """Nothing was loaded; `faults` names every reason at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass
class Imported:
    """What a load did. `left` names what the database has and the file does not: the load leaves it alone."""

    counts: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)

    @property
    def new(self) -> int:
        return self.counts["new"]

    @property
    def changed(self) -> int:
        return self.counts["changed"]

    @property
    def unchanged(self) -> int:
        return self.counts["unchanged"]


@transaction.atomic
def import_strategy(path: Path, *, by: User | None = None) -> Imported:
    """Load a strategy file (戦略ファイル); a second load of the same file changes nothing.

    Measures go into the responsible departments' plans of the year, which are started as drafts where missing;
    each department that reports an indicator gets an execution plan. Raises ImportRefused with every fault.
    """
    content = read_strategy(path, {row.code: row for row in Department.objects.all()})
    content.faults.extend(_abolished(content))
    plans = _Plans(content)
    content.faults.extend(plans.faults())
    if content.faults:
        raise ImportRefused(content.faults)
    imported = Imported()
    initiatives = _write_tree(content, imported)
    _write_indicators(content, initiatives, imported)
    plans.write(initiatives, imported)
    log.info("strategy imported", file=path.name, **imported.counts, by=by and by.pk)
    return imported


def _abolished(content: StrategyFile) -> list[Fault]:
    """A department that was abolished before the year began neither reports nor acts in it."""
    named = [(f"indicator {code}", row.values["department"]) for code, row in content.indicators.items()]
    named += [(f"measure {key}", row.department) for key, row in content.measures.items()]
    return [
        Fault(content.name, entry, "department", _("“%(code)s” was abolished before this year.") % {"code": row.code})
        for entry, row in named
        if row is not None and content.fiscal_year and _is_gone(row, date(content.fiscal_year, 4, 1))
    ]


def _is_gone(department: Department, on: date) -> bool:
    return department.abolished_on is not None and department.abolished_on <= on


def _put(
    rows: models.QuerySet, known_by: dict[str, Any], values: dict[str, Any], imported: Imported, *, also: bool = False
) -> Any:
    """Make the row say `values`, adding it if it is missing; `also`: rows that hang on it change as well."""
    row = rows.filter(**known_by).first()
    if row is None:
        imported.counts["new"] += 1
        return rows.create(**known_by, **values)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    imported.counts["changed" if changed or also else "unchanged"] += 1
    return row


def _write_tree(content: StrategyFile, imported: Imported) -> dict[int, Initiative]:
    strategy = _put(Strategy.objects.all(), {"fiscal_year": content.fiscal_year}, content.values, imported)
    themes = {
        number: _put(Theme.objects.all(), {"strategy": strategy, "number": number}, {"title": title}, imported)
        for number, title in content.themes.items()
    }
    initiatives = {}
    for number, (theme, values) in content.initiatives.items():
        known_by = {"strategy": strategy, "number": number}
        initiatives[number] = _put(Initiative.objects.all(), known_by, {**values, "theme": themes[theme]}, imported)
    imported.left += [f"theme {row.number}" for row in strategy.themes.exclude(number__in=themes)]
    imported.left += [f"initiative {row.number}" for row in strategy.initiatives.exclude(number__in=initiatives)]
    return initiatives


def _write_indicators(content: StrategyFile, initiatives: dict[int, Initiative], imported: Imported) -> None:
    for code, wanted in content.indicators.items():
        known_by = {"initiative": initiatives[wanted.initiative], "code": code}
        before = dict(StepTarget.objects.filter(**_of_indicator(known_by)).values_list("step", "target"))
        also = before != wanted.step_targets
        row = _put(Indicator.objects.all(), known_by, wanted.values, imported, also=also)
        if also:
            _write_step_targets(row, wanted)
    others = Indicator.objects.filter(initiative__in=initiatives.values()).exclude(code__in=content.indicators)
    imported.left += [f"indicator {row.code}" for row in others]


def _of_indicator(known_by: dict[str, Any]) -> dict[str, Any]:
    return {f"indicator__{name}": value for name, value in known_by.items()}


def _write_step_targets(row: Indicator, wanted: FileIndicator) -> None:
    row.step_targets.all().delete()
    StepTarget.objects.bulk_create(
        StepTarget(indicator=row, step=step, target=target) for step, target in wanted.step_targets.items()
    )


class _PlanKey(NamedTuple):
    department_id: int
    kind: str


class _Plans:
    """The year's plans, and those of their measures that came from the file before."""

    def __init__(self, content: StrategyFile) -> None:
        self.content = content
        of_year = ActionPlan.objects.filter(fiscal_year=content.fiscal_year).select_for_update()
        self.plans = {_PlanKey(plan.department_id, plan.kind): plan for plan in of_year}
        rows = Measure.objects.filter(plan__in=self.plans.values()).exclude(origin="")
        self.measures = {
            row.origin: row for row in rows.select_related("plan", "initiative").prefetch_related("milestones")
        }

    def faults(self) -> list[Fault]:
        """One for each measure that would change a plan that is no draft any more."""
        found = []
        for key, wanted in self.content.measures.items():
            row = self.measures.get(key)
            touched = [self._plan_of(wanted), row and row.plan] if row is None or self._differs(row, wanted) else []
            fixed = next((plan for plan in touched if plan is not None and not plan.is_editable), None)
            if fixed is not None:
                message = _("The plan of %(department)s is %(state)s; its measures can no longer be changed here.") % {
                    "department": wanted.department,
                    "state": fixed.get_state_display(),
                }
                found.append(Fault(self.content.name, f"measure {key}", "", message))
        return found

    def write(self, initiatives: dict[int, Initiative], imported: Imported) -> None:
        for indicator in self.content.indicators.values():
            if indicator.values["department"] is not None:
                self._start(indicator.values["department"], PlanKind.EXECUTION, imported)
        touched = set()
        for key, wanted in self.content.measures.items():
            plan = self._start(wanted.department, wanted.kind, imported)
            touched |= self._write_measure(key, wanted, plan, initiatives[wanted.initiative], imported)
        # An edit page opened before the load is stale now.
        ActionPlan.objects.filter(pk__in=touched).update(version=F("version") + 1, saved_by=None, saved_at=None)
        imported.left += [f"measure {key}" for key in self.measures if key not in self.content.measures]

    def _plan_of(self, wanted: FileMeasure) -> ActionPlan | None:
        return self.plans.get(_PlanKey(wanted.department.pk, wanted.kind))

    def _differs(self, row: Measure, wanted: FileMeasure) -> bool:
        return (
            row.plan != self._plan_of(wanted)
            or row.initiative.number != wanted.initiative
            or any(getattr(row, name) != value for name, value in wanted.values.items())
            or [(stretch.title, stretch.first_month, stretch.last_month) for stretch in row.milestones.all()]
            != sorted(wanted.milestones, key=lambda milestone: milestone[1:])
        )

    def _start(self, department: Department, kind: str, imported: Imported) -> ActionPlan:
        key = _PlanKey(department.pk, kind)
        if key not in self.plans:
            self.plans[key] = ActionPlan.objects.create(
                department=department, kind=kind, fiscal_year=self.content.fiscal_year
            )
            imported.counts["new"] += 1
        return self.plans[key]

    def _write_measure(
        self, key: str, wanted: FileMeasure, plan: ActionPlan, initiative: Initiative, imported: Imported
    ) -> set[int]:
        """Write one measure; returns the ids of the plans that it changed."""
        row = self.measures.get(key)
        if row is not None and not self._differs(row, wanted):
            imported.counts["unchanged"] += 1
            return set()
        imported.counts["new" if row is None else "changed"] += 1
        touched = {plan.pk} if row is None else {plan.pk, row.plan_id}
        if row is None or row.plan_id != plan.pk:
            row = row or Measure(origin=key)
            row.number = (plan.measures.aggregate(last=Max("number"))["last"] or 0) + 1
        row.plan, row.initiative = plan, initiative
        for name, value in wanted.values.items():
            setattr(row, name, value)
        row.save()
        row.milestones.all().delete()
        Milestone.objects.bulk_create(
            Milestone(measure=row, title=title, first_month=first, last_month=last)
            for title, first, last in sorted(wanted.milestones, key=lambda milestone: milestone[1:])
        )
        return touched
