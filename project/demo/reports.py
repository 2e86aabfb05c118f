"""What a department of the demo city types into its report: the texts of a quarter as entries of the draft."""

from decimal import Decimal

from departments.models import Indicator, Measure
from project.demo.texts import LAST_MONTH, NOT_THIS_QUARTER, QUARTERS, ReportText, Slip, Span, Texts
from workflows.draft import indicators_of
from workflows.models import ProgressClass, Review
from workflows.services.drafts import IndicatorEntry, MeasureEntry

# How far behind or ahead of the calendar each progress class is, in points of per cent.
DEVIATION = {"ahead": 10, "on_plan": 0, "slightly_late": -10, "late": -20, "undecidable": -25}
WITHOUT_PERCENT = ("stopped", "out_of_scope")


class Reporter:
    """Writes the entries of any review; keeps the progress classes at hand."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.classes = {found.code: found for found in ProgressClass.objects.all()}

    def measures(self, review: Review, thin: Slip | None = None) -> dict[int, MeasureEntry]:
        """Entries by measure id; with `thin`, the text that the office will return."""
        return {measure.pk: self._measure(review, measure, thin) for measure in review.plan.measures.order_by("number")}

    def indicators(self, review: Review) -> dict[int, IndicatorEntry]:
        at = QUARTERS.index(review.checkpoint.kind)
        return {found.pk: _value_entry(found, self._values(found)[at]) for found in indicators_of(review)}

    def is_late(self, review: Review) -> bool:
        """Whether the report has a measure behind its plan."""
        measures = review.plan.measures.all()
        return any(self._progress(review, measure) in ("late", "slightly_late") for measure in measures)

    def _measure(self, review: Review, measure: Measure, thin: Slip | None) -> MeasureEntry:
        code = self._progress(review, measure)
        text = self._text(review, measure)
        done = text.done[QUARTERS.index(review.checkpoint.kind)]
        if thin and thin.measure == measure.title:
            done = thin.text
        progress = self.classes[code]
        return MeasureEntry(
            progress=progress,
            percent=_percent(review, measure, code),
            done=done,
            issue=text.issue if progress.needs_reason else "",
            next_step=text.next_step if progress.needs_reason else "",
        )

    def _text(self, review: Review, measure: Measure) -> ReportText:
        if measure.origin:
            return self.texts.strategy_reports[measure.origin]
        return self.texts.reports[review.plan.department.code, measure.title]

    def _progress(self, review: Review, measure: Measure) -> str:
        """The progress class that the text gives, else what the measure's months say."""
        course = self._text(review, measure).course
        if course:
            return course[QUARTERS.index(review.checkpoint.kind)]
        month = LAST_MONTH[review.checkpoint.kind]
        if measure.first_month > month:
            return "not_started"
        return "finished" if measure.last_month <= month else "on_plan"

    def _values(self, indicator: Indicator) -> tuple[str, ...]:
        if indicator.measure is None:
            return self.texts.strategy_values[indicator.code]
        return self.texts.values[indicator.measure.title, indicator.title]


def _percent(review: Review, measure: Measure, code: str) -> int | None:
    if code in WITHOUT_PERCENT:
        return None
    if code in ("finished", "not_started"):
        return 100 if code == "finished" else 0
    span = Span(measure.first_month, measure.last_month)
    passed = LAST_MONTH[review.checkpoint.kind] - span.first + 1
    share = 100 * passed / (span.last - span.first + 1)
    uneven = 5 * (measure.number % 3 - 1)  # nobody's year is a straight line
    return max(5, min(95, 5 * round((share + DEVIATION[code] + uneven) / 5)))


def _value_entry(indicator: Indicator, text: str) -> IndicatorEntry:
    if text == NOT_THIS_QUARTER:
        return IndicatorEntry(not_this_quarter=True)
    if indicator.is_milestone:
        return IndicatorEntry(done=text == "yes")
    if indicator.is_share:
        numerator, denominator = map(Decimal, text.split("/"))
        return IndicatorEntry(numerator=numerator, denominator=denominator)
    return IndicatorEntry(value=Decimal(text))
