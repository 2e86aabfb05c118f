"""What a strategy file says: its tables read, checked and tied together, before anything is written."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from departments.entries import Entry, Fault, read_toml
from departments.models import Department
from departments.models.indicators import Derivation, Direction, Kind, Step
from departments.models.plans import PlanKind, Priority
from departments.rules import target_faults

TABLES = ("strategy", "theme", "initiative", "indicator", "measure")
CODE = re.compile(r"^(\d{1,2})-\d{1,2}$")
KEY = re.compile(r"^[a-z0-9][a-z0-9-]{0,19}$")


@dataclass(frozen=True)
class FileIndicator:
    """An indicator's model fields, the number of its initiative, and its step targets by quarter."""

    initiative: int
    values: dict[str, Any]
    step_targets: dict[str, Decimal]


@dataclass(frozen=True)
class FileMeasure:
    """A measure's model fields, with the plan it belongs to and its milestones as (title, first, last month)."""

    initiative: int
    department: Department
    kind: str
    values: dict[str, Any]
    milestones: list[tuple[str, int, int]]


@dataclass
class StrategyFile:
    """The file's content by what its entries are known by; usable only while `faults` is empty."""

    name: str
    fiscal_year: int = 0
    values: dict[str, str] = field(default_factory=dict)
    themes: dict[int, str] = field(default_factory=dict)
    # Initiative number → number of its theme and its model fields.
    initiatives: dict[int, tuple[int, dict[str, str]]] = field(default_factory=dict)
    indicators: dict[str, FileIndicator] = field(default_factory=dict)
    measures: dict[str, FileMeasure] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_strategy(path: Path, departments: Mapping[str, Department]) -> StrategyFile:
    """Read the whole file, noting every fault; `departments` are those it may name, by code."""
    tables, faults = read_toml(path)
    content = StrategyFile(name=path.name, faults=faults)
    if not faults:
        _Reader(content, tables, departments).read()
    return content


class _Reader:
    def __init__(self, content: StrategyFile, tables: dict[str, Any], departments: Mapping[str, Department]) -> None:
        self.content = content
        self.tables = tables
        self.departments = departments

    def read(self) -> None:
        for name in self.tables:
            if name not in TABLES:
                message = _("This table is not known here. Known are: %(known)s.") % {"known": ", ".join(TABLES)}
                self.content.faults.append(Fault(self.content.name, name, "", message))
        self._read_strategy()
        self._each("theme", "number", self._read_theme)
        self._each("initiative", "number", self._read_initiative)
        self._each("indicator", "code", self._read_indicator)
        self._each("measure", "key", self._read_measure)

    def _entry(self, name: str, table: dict[str, Any]) -> Entry:
        return Entry(file=self.content.name, name=name, table=table, faults=self.content.faults)

    def _each(self, table: str, key: str, read: Callable[[Entry], Hashable]) -> None:
        """Read each entry of an array of tables, named by its key or, without one, by its place."""
        rows = self.tables.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = _("Write each entry under a line [[%(table)s]].") % {"table": table}
            self.content.faults.append(Fault(self.content.name, table, "", message))
            return
        seen: set[Hashable] = set()
        for place, row in enumerate(rows, start=1):
            entry = self._entry(f"{table} {row.get(key, f'#{place}')}", row)
            known_by = read(entry)
            if known_by and known_by in seen:
                entry.fault(key, _("This stands in the file twice."))
            seen.add(known_by)
            entry.refuse_unknown()

    def _read_strategy(self) -> None:
        table = self.tables.get("strategy")
        if not isinstance(table, dict):
            message = _("The file needs one table [strategy].")
            self.content.faults.append(Fault(self.content.name, "strategy", "", message))
            return
        entry = self._entry("strategy", table)
        self.content.fiscal_year = entry.whole("fiscal_year", 2019, 2100) or 0
        self.content.values = {
            "title": entry.text("title", 120, required=True),
            "vision": entry.text("vision", 2000),
        }
        entry.refuse_unknown()

    def _read_theme(self, entry: Entry) -> int | None:
        number = entry.whole("number", 1, 99)
        title = entry.text("title", 120, required=True)
        if number:
            self.content.themes[number] = title
        return number

    def _read_initiative(self, entry: Entry) -> int | None:
        number = entry.whole("number", 1, 99)
        theme = entry.whole("theme", 1, 99)
        if theme and theme not in self.content.themes:
            entry.fault("theme", _("The file has no theme %(number)d.") % {"number": theme})
        values = {
            "title": entry.text("title", 120, required=True),
            "summary": entry.text("summary", 2000),
            "aims": entry.text("aims", 40),
        }
        if number and theme:
            self.content.initiatives[number] = (theme, values)
        return number

    def _read_indicator(self, entry: Entry) -> str:
        code = entry.text("code", 10, required=True)
        initiative = self._initiative_of_code(entry, code)
        values = {
            "title": entry.text("title", 160, required=True),
            "kind": entry.choice("kind", Kind),
            "direction": entry.choice("direction", Direction),
            "unit": entry.text("unit", 10),
            "target": entry.number("target"),
            "baseline": entry.number("baseline"),
            "baseline_year": entry.whole("baseline_year", 1990, 2100, required=False),
            "formula": entry.text("formula", 1000),
            "derivation": entry.choice("derivation", Derivation, required=False),
            "each_department": entry.flag("each_department"),
            "department": self._department(entry, required=False),
        }
        self._check_indicator(entry, values)
        self.content.indicators[code] = FileIndicator(initiative, values, self._step_targets(entry, values["kind"]))
        return code

    def _initiative_of_code(self, entry: Entry, code: str) -> int:
        match = CODE.match(code)
        if code and match is None:
            entry.fault("code", _('Give the initiative\'s number, a dash and a number: "5-3".'))
        number = int(match[1]) if match else 0
        if match and number not in self.content.initiatives:
            entry.fault("code", _("The file has no initiative %(number)d.") % {"number": number})
        return number

    def _check_indicator(self, entry: Entry, values: dict[str, Any]) -> None:
        kind, said = values["kind"], entry.table
        if kind and values["direction"] and (values["target"] is not None or "target" not in said):
            for at, message in target_faults(kind, values["direction"], values["target"]).items():
                entry.fault(at, message)
        if ("baseline" in said) != ("baseline_year" in said):
            missing = "baseline_year" if "baseline" in said else "baseline"
            entry.fault(missing, _("A baseline needs its year, and a year its baseline."))
        if kind == Kind.DERIVED and "derivation" not in said:
            entry.fault("derivation", _("Say which rate this system computes."))
        if kind == Kind.DERIVED and "department" in said:
            entry.fault("department", _("This system reports a computed indicator; leave the department out."))
        if kind and kind != Kind.DERIVED:
            self._check_reported(entry)

    @staticmethod
    def _check_reported(entry: Entry) -> None:
        if "derivation" in entry.table:
            entry.fault("derivation", _('Only an indicator of kind "derived" has this.'))
        if "department" not in entry.table:
            entry.fault("department", _("Say which department reports this."))

    def _step_targets(self, entry: Entry, kind: str) -> dict[str, Decimal]:
        steps = entry.subtable("step_targets")
        if steps.table and kind in (Kind.MILESTONE, Kind.DERIVED):
            entry.fault("step_targets", _("This kind of indicator has no step targets."))
        # The end of the year is what the target itself is for.
        found = {step.value: steps.number(step.value) for step in Step if step != Step.YEAREND}
        steps.refuse_unknown()
        return {step: target for step, target in found.items() if target is not None}

    def _department(self, entry: Entry, *, required: bool) -> Department | None:
        code = entry.text("department", 20, required=required)
        if code and code not in self.departments:
            entry.fault("department", _("There is no department with the code “%(code)s”.") % {"code": code})
        return self.departments.get(code)

    def _read_measure(self, entry: Entry) -> str:
        key = entry.text("key", 20, required=True)
        if key and not KEY.match(key):
            entry.fault("key", _("Use small letters a–z, digits and dashes."))
        initiative = entry.whole("initiative", 1, 99)
        if initiative and initiative not in self.content.initiatives:
            entry.fault("initiative", _("The file has no initiative %(number)d.") % {"number": initiative})
        department = self._department(entry, required=True)
        kind = entry.choice("plan", PlanKind)
        values = {
            "title": entry.text("title", 120, required=True),
            "goal": entry.text("goal", 1000, required=True),
            "priority": entry.choice("priority", Priority),
        }
        span = entry.months("months")
        milestones = self._milestones(entry, span)
        if initiative and department and span:
            values |= {"first_month": span[0], "last_month": span[1]}
            self.content.measures[key] = FileMeasure(initiative, department, kind, values, milestones)
        return key

    @staticmethod
    def _milestones(entry: Entry, span: tuple[int, int] | None) -> list[tuple[str, int, int]]:
        milestones = []
        for row in entry.list("milestones"):
            if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and 0 < len(row[0]) <= 120):
                entry.fault("milestones", _('Give each milestone as ["title", "4-6"].'))
                continue
            months = entry.month_span("milestones", row[1])
            if months and span and not span[0] <= months[0] <= months[1] <= span[1]:
                message = _("“%(title)s” lies outside the measure's months.") % {"title": row[0]}
                entry.fault("milestones", message)
            elif months:
                milestones.append((row[0], *months))
        return milestones
