"""Reading what the demo city's departments plan and report from `project/data/demo-*.toml`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from departments.fiscal import calendar_month
from departments.models.plans import PlanKind
from workflows.models import CheckpointKind

FOLDER = Path(settings.BASE_DIR) / "project" / "data"
STRATEGY_FILE = FOLDER / "strategy-r8.toml"
STRATEGY_TEXTS = FOLDER / "demo-strategy.toml"

# The quarters that have texts, in their order, with the fiscal month each ends in.
QUARTERS = (CheckpointKind.Q1, CheckpointKind.Q2, CheckpointKind.Q3)
LAST_MONTH = {CheckpointKind.Q1: 3, CheckpointKind.Q2: 6, CheckpointKind.Q3: 9}
FISCAL_MONTHS = {str(calendar_month(month)): month for month in range(1, 13)}
NOT_THIS_QUARTER = "-"


class Span(NamedTuple):
    """Fiscal months, both included."""

    first: int
    last: int

    @classmethod
    def read(cls, text: str) -> "Span":
        """ "4-6", April to June, as on the wall."""
        first, last = text.split("-")
        return cls(FISCAL_MONTHS[first], FISCAL_MONTHS[last])


@dataclass(frozen=True)
class IndicatorText:
    title: str
    kind: str
    direction: str
    values: tuple[str, ...]
    unit: str = ""
    target: Decimal | None = None
    formula: str = ""


@dataclass(frozen=True)
class ReportText:
    """What is reported on a measure: a text a quarter, and the progress where it does not follow from the months."""

    done: tuple[str, ...]
    course: tuple[str, ...] = ()
    issue: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class MeasureText:
    title: str
    goal: str
    initiative: int
    span: Span
    priority: str
    milestones: tuple[tuple[str, Span], ...]
    report: ReportText
    indicators: tuple[IndicatorText, ...]


class Slip(NamedTuple):
    """A text that was too thin at first, so that the office returned it: the measure's title, the text, the reason."""

    measure: str
    text: str
    reason: str


@dataclass(frozen=True)
class PlanText:
    """`thin` is a slip in a report, `vague` one in the plan's goals."""

    department: str
    kind: PlanKind
    summary: str
    measures: tuple[MeasureText, ...]
    thin: Slip | None
    vague: Slip | None

    @property
    def key(self) -> tuple[str, str]:
        return self.department, self.kind


@dataclass(frozen=True)
class Texts:
    """Everything that the city says. Strategy measures by their key in the strategy file, indicators by number."""

    plans: dict[tuple[str, str], PlanText]
    strategy_reports: dict[str, ReportText]
    strategy_values: dict[str, tuple[str, ...]]

    @cached_property
    def reports(self) -> dict[tuple[str, str], ReportText]:
        """The reports on the departments' own measures, by department and title."""
        return {(plan.department, row.title): row.report for plan in self.plans.values() for row in plan.measures}

    @cached_property
    def values(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The values of the departments' own indicators, by the measure's and the indicator's title."""
        measures = [measure for plan in self.plans.values() for measure in plan.measures]
        return {(row.title, indicator.title): indicator.values for row in measures for indicator in row.indicators}


def read_texts() -> Texts:
    strategy = _read(STRATEGY_TEXTS)
    plans = [plan for path in sorted(FOLDER.glob("demo-*.toml")) for plan in _plans(_read(path))]
    return Texts(
        plans={plan.key: plan for plan in plans},
        strategy_reports={key: _report(table) for key, table in strategy["measure"].items()},
        strategy_values={code: tuple(values) for code, values in strategy["indicator"].items()},
    )


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _plans(content: dict[str, Any]) -> Iterator[PlanText]:
    for table in content.get("plan", []):
        yield PlanText(
            department=table["department"],
            kind=PlanKind(table["kind"]),
            summary=table["summary"],
            measures=tuple(_measure(row) for row in table.get("measure", [])),
            thin=_slip(table, "thin", "done"),
            vague=_slip(table, "vague", "goal"),
        )


def _slip(table: dict[str, Any], key: str, text: str) -> Slip | None:
    row = table.get(key)
    return None if row is None else Slip(row["measure"], row[text], row["reason"])


def _measure(row: dict[str, Any]) -> MeasureText:
    return MeasureText(
        title=row["title"],
        goal=row["goal"],
        initiative=row["initiative"],
        span=Span.read(row["months"]),
        priority=row["priority"],
        milestones=tuple(_milestone(text) for text in row["milestones"]),
        report=_report(row),
        indicators=tuple(_indicator(table) for table in row.get("indicator", [])),
    )


def _milestone(text: str) -> tuple[str, Span]:
    """ "4-6 様式の見直し" → its title and months."""
    months, _space, title = text.partition(" ")
    return title, Span.read(months)


def _report(row: dict[str, Any]) -> ReportText:
    return ReportText(
        done=tuple(row["done"]),
        course=tuple(row.get("course", ())),
        issue=row.get("issue", ""),
        next_step=row.get("next_step", ""),
    )


def _indicator(row: dict[str, Any]) -> IndicatorText:
    target = row.get("target")
    return IndicatorText(
        title=row["title"],
        kind=row["kind"],
        direction=row["direction"],
        values=tuple(row["values"]),
        unit=row.get("unit", ""),
        target=None if target is None else Decimal(target),
        formula=row.get("formula", ""),
    )
