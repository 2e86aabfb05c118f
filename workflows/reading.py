"""A content as people read it: numbers with units, chips for classes and judgements, what changed between rounds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from departments.judgement import Judgement
from departments.models import Indicator, Initiative
from departments.models.indicators import Direction, Kind
from departments.models.plans import Priority
from departments.wording import amount_text, month_text, months_text, number_text, target_text
from workflows.bullets import Bullet, Measured, bullet, computed_text, measured_then, value_text
from workflows.content import Change, Content, changes
from workflows.evidence.checking import KINDS
from workflows.models import CheckpointKind, ProgressClass, Review
from workflows.wording import Status, judgement_status, progress_status


@dataclass(frozen=True)
class FileReading:
    """One attachment; `kind` says in words what `media_type` does."""

    name: str
    sha256: str
    size: int
    media_type: str
    kind: str


def read_files(content: Content) -> list[FileReading]:
    """The attachments of a content; there are none in format 1."""
    return [
        FileReading(
            name=entry["name"],
            sha256=entry["sha256"],
            size=entry["size"],
            media_type=entry["type"],
            kind=str(KINDS[entry["type"]].label) if entry["type"] in KINDS else entry["type"],
        )
        for entry in content.get("attachments", [])
    ]


@dataclass(frozen=True)
class IndicatorReading:
    """One indicator: the target in words, the value with its unit, how it was computed, the judgement."""

    id: int
    code: str
    title: str
    target: str
    formula: str
    value: str
    computed: str
    judgement: Status
    note: str
    measured: Measured

    @property
    def step_target(self) -> str:
        """What should be reached by now, in words; empty where that is the target, or nothing is said."""
        step = self.measured.step_target
        return "" if step is None else amount_text(self.measured.indicator, step)

    @property
    def bullet(self) -> Bullet:
        return bullet(self.measured, f"bullet-{self.id}")


@dataclass(frozen=True)
class MeasureReading:
    """One measure: its progress class and per cent, the texts, and its own indicators.

    `rank`: how the class stands among those that tell success from delay, best first; None of any other.
    """

    id: int
    number: int
    title: str
    initiative: str
    goal: str
    progress: Status | None
    percent: int | None
    done: str
    issue: str
    next_step: str
    indicators: list[IndicatorReading]
    rank: int | None = None


@dataclass(frozen=True)
class ReportReading:
    """A whole report: the measures, and the strategy's indicators that the department reports."""

    measures: list[MeasureReading]
    indicators: list[IndicatorReading]


@dataclass(frozen=True)
class PreviousReading:
    """An earlier report, such as what was last submitted to the checkpoint before, by the ids of its entries."""

    name: str = ""
    measures: dict[int, MeasureReading] = field(default_factory=dict)
    indicators: dict[int, IndicatorReading] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.measures or self.indicators)


def read_previous(review: Review, content: Content | None, classes: Iterable[ProgressClass]) -> PreviousReading:
    """What `read_papers` found of the checkpoint before this review's; empty where there is none."""
    kind = CheckpointKind(review.checkpoint.kind).previous
    if kind is None:
        return PreviousReading()
    if content is None:
        return PreviousReading(str(kind.label))
    return read_earlier(str(kind.label), content, classes)


def read_earlier(name: str, content: Content, classes: Iterable[ProgressClass]) -> PreviousReading:
    """An earlier content under the name by which people know it."""
    report = read_report(content, classes)
    inner = [reading for measure in report.measures for reading in measure.indicators]
    return PreviousReading(
        name=name,
        measures={reading.id: reading for reading in report.measures},
        indicators={reading.id: reading for reading in [*report.indicators, *inner]},
    )


def read_report(content: Content, classes: Iterable[ProgressClass]) -> ReportReading:
    """A report's content for the page. Of the classes it takes the colours; all else is as it was frozen."""
    by_code = {found.code: found for found in classes}
    readings = [(entry["measure"], _read_indicator(entry)) for entry in content["indicators"]]
    return ReportReading(
        measures=[
            _read_measure(entry, by_code, [reading for number, reading in readings if number == entry["number"]])
            for entry in content["measures"]
        ],
        indicators=[reading for number, reading in readings if number is None],
    )


def _read_measure(
    entry: Content, classes: dict[str, ProgressClass], indicators: list[IndicatorReading]
) -> MeasureReading:
    progress = classes.get(entry["progress"])
    return MeasureReading(
        id=entry["id"],
        number=entry["number"],
        title=entry["title"],
        initiative=entry["initiative"],
        goal=entry["goal"],
        progress=_frozen_status(progress, entry["progress_name"]) if progress else None,
        percent=entry["percent"],
        done=entry["done"],
        issue=entry["issue"],
        next_step=entry["next_step"],
        indicators=indicators,
        rank=_rank(progress) if progress else None,
    )


def _rank(progress: ProgressClass) -> int | None:
    """What has not begun, or does not count, is neither better nor worse than anything."""
    if not progress.tells_what_was_done:
        return None
    return 0 if progress.achieved else progress.position


def _frozen_status(progress: ProgressClass, name: str) -> Status:
    """The class under the name it had when it was submitted, which is kept in Japanese."""
    status = progress_status(progress)
    return status if get_language() == "en" else Status(status.tone, status.glyph, name)


def _read_indicator(entry: Content) -> IndicatorReading:
    found = measured_then(entry)
    return IndicatorReading(
        id=entry["id"],
        code=entry["code"],
        title=entry["title"],
        target=target_text(found.indicator),
        formula=found.indicator.formula,
        value=value_text(found.indicator, found.reading),
        computed=computed_text(found.reading),
        judgement=judgement_status(entry["judgement"]),
        note=entry["note"],
        measured=found,
    )


@dataclass(frozen=True)
class PlanMeasureReading:
    """One measure of a plan as it was submitted; one that a change adds has an id such as "new-1"."""

    id: int | str
    number: int
    title: str
    goal: str
    initiative: str
    months: str
    priority: str
    milestones: list[tuple[str, str]]
    indicators: list[tuple[str, str]]


def read_plan(content: Content, fiscal_year: int) -> list[PlanMeasureReading]:
    """The measures of a plan's content for the page; one query, for the names of the year's initiatives."""
    names = {found.number: str(found) for found in Initiative.objects.filter(strategy__fiscal_year=fiscal_year)}
    return [
        PlanMeasureReading(
            id=entry["id"],
            number=entry["number"],
            title=entry["title"],
            goal=entry["goal"],
            initiative=names.get(entry["initiative"], str(entry["initiative"])),
            months=months_text(entry["first_month"], entry["last_month"]),
            priority=str(Priority(entry["priority"]).label),
            milestones=[
                (months_text(row["first_month"], row["last_month"]), row["title"]) for row in entry["milestones"]
            ],
            indicators=[(f"{row['code']} {row['title']}", _planned_target(row)) for row in entry["indicators"]],
        )
        for entry in content["plan"]["measures"]
    ]


def _planned_target(row: Content) -> str:
    return target_text(
        Indicator(
            kind=row["kind"],
            direction=row["direction"],
            unit=row["unit"],
            target=None if row["target"] is None else Decimal(row["target"]),
        )
    )


@dataclass(frozen=True)
class ChangeRow:
    """One row of the comparison: `change` is changed, added or removed."""

    label: str
    before: str
    after: str
    change: str


def change_rows(before: Content, after: Content) -> list[ChangeRow]:
    """What differs between two contents, in words; without fields that are empty on both sides."""
    return [_change_row(change) for change in _worth_reading(changes(before, after))]


def _worth_reading(found: Iterable[Change]) -> Iterable[Change]:
    """Without the empty fields of entries that are new or gone."""
    return (change for change in found if {_shown(change.key, change.before), _shown(change.key, change.after)} != {""})


def _change_row(change: Change) -> ChangeRow:
    before, after = _shown(change.key, change.before), _shown(change.key, change.after)
    kind = "added" if before == "" else "removed" if after == "" else "changed"
    label = " › ".join(filter(None, [change.place, change.field]))
    if change.key == "file":
        label = f"{change.field} › {change.place}"
        after = _("%(size)s, replaced by another file of this name") % {"size": after} if kind == "changed" else after
    return ChangeRow(label=label, before=before, after=after, change=kind)


@dataclass(frozen=True)
class Amendment:
    """A change of a plan: why, and what differs between the plan as it is and as it should be."""

    reason: str
    rows: list[ChangeRow]


def read_amendment(content: Content | None) -> Amendment | None:
    """The change that the content asks for; None where it is a plan or a report."""
    if content is None or content["kind"] != "change":
        return None
    before, after = ({"format": content["format"], "kind": "plan", "plan": content[key]} for key in ("before", "plan"))
    return Amendment(content["reason"], change_rows(before, after))


CHOICES = {"priority": Priority, "kind": Kind, "direction": Direction, "judgement": Judgement}


def _shown(key: str, value: Any) -> str:
    """A field's value in words; empty where nothing is said."""
    if value is None or value == "":
        return ""
    if key in CHOICES:
        return str(CHOICES[key](value).label)
    if key in ("first_month", "last_month"):
        return month_text(value)
    if key == "target":
        return number_text(Decimal(value))
    if key == "file":
        return filesizeformat(value["size"])
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)
