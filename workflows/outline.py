"""A sheet at a glance: what of each card is entered, what is missing, and how the numbers are judged as they stand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from departments.content import Problem
from departments.judgement import Reading
from departments.models.indicators import Step
from departments.wording import amount_text
from workflows.bullets import Measured, computed_text, measured_at, value_text
from workflows.draft import Draft
from workflows.models import IndicatorReport, MeasureReport
from workflows.services.drafts import IndicatorEntry, MeasureEntry
from workflows.wording import Status, judgement_status

ENTERED = Status("green", "○", pgettext_lazy("sheet", "Entered"))
PARTLY = Status("yellow", "△", pgettext_lazy("sheet", "Incomplete"))
EMPTY = Status("gray", "－", pgettext_lazy("sheet", "Not entered"))
NOTHING = (MeasureEntry(), IndicatorEntry())


@dataclass(frozen=True)
class Part:
    """One card of the sheet: its anchor (`measure-5`), its title, its state, and how much is missing in it."""

    anchor: str
    title: str
    status: Status
    lacking: int


def parts_of(draft: Draft, lacking: Iterable[Problem]) -> list[Part]:
    """The cards in the order of the sheet: the measures with their own indicators, then the strategy's indicators."""
    missing = [problem.anchor.removeprefix("id_").partition("-")[0] for problem in lacking]
    own = [(found, report) for found, report in draft.indicators if found.measure_id is None]
    parts = []
    for measure, report in draft.measures:
        inner = [(found, entered) for found, entered in draft.indicators if found.measure_id == measure.pk]
        keys = [f"m{measure.pk}", *(f"i{found.pk}" for found, _report in inner)]
        reports = [report, *(entered for _found, entered in inner)]
        parts.append(_part(f"measure-{measure.pk}", str(measure), keys, reports, missing))
    if own:
        keys = [f"i{found.pk}" for found, _report in own]
        title = _("Indicators of the strategy")
        parts.append(_part("indicators", title, keys, [report for _found, report in own], missing))
    return parts


def _part(
    anchor: str,
    title: str,
    keys: list[str],
    reports: list[MeasureReport | IndicatorReport],
    missing: list[str],
) -> Part:
    lacking = sum(missing.count(key) for key in keys)
    is_empty = all(_entry(report) in NOTHING for report in reports)
    status = ENTERED if not lacking else EMPTY if is_empty else PARTLY
    return Part(anchor, title, status, lacking)


def _entry(report: MeasureReport | IndicatorReport) -> MeasureEntry | IndicatorEntry:
    return MeasureEntry.of(report) if isinstance(report, MeasureReport) else IndicatorEntry.of(report)


@dataclass(frozen=True)
class Judged:
    """An indicator's value as the draft has it, in words; how a share was computed; what the system judges it to be.

    `step`: what should be reached by now; empty where nothing is said.
    """

    pk: int
    value: str
    computed: str
    step: str
    status: Status


def judged_of(draft: Draft, step: Step) -> dict[int, Judged]:
    """By indicator id, as of the end of `step`."""
    return {found.pk: found for found in _judged(draft, step)}


def _judged(draft: Draft, step: Step) -> Iterator[Judged]:
    for indicator, report in draft.indicators:
        numbers = report.value, report.numerator, report.denominator
        found: Measured = measured_at(indicator, Reading(*numbers, report.done, report.not_this_quarter), step)
        yield Judged(
            pk=indicator.pk,
            value=value_text(indicator, found.reading),
            computed=computed_text(found.reading),
            step="" if found.step_target is None else amount_text(indicator, found.step_target),
            status=judgement_status(found.judgement),
        )
