"""The sheet that a department fills in at a checkpoint: each measure and indicator, its form, last time's entry."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from departments.content import Problem
from departments.models import Indicator, Measure
from departments.wording import months_text, target_text
from workflows.content import Content
from workflows.draft import Draft, read_draft
from workflows.forms.attachments import FileForm
from workflows.forms.reports import EntryForm, IndicatorForm, MeasureForm
from workflows.models import IndicatorReport, MeasureReport, ProgressClass, Review
from workflows.pinboard import SheetPins
from workflows.reading import IndicatorReading, MeasureReading, PreviousReading, read_previous
from workflows.records import events_of, read_papers
from workflows.remarks import pinned_rounds, read_remarks
from workflows.services.drafts import IndicatorEntry, MeasureEntry


@dataclass(frozen=True)
class IndicatorBlock:
    indicator: Indicator
    form: IndicatorForm
    target: str
    previous: IndicatorReading | None


@dataclass(frozen=True)
class MeasureBlock:
    """One measure. `last`: its entry in last time's content, as it was frozen; empty where there is none."""

    measure: Measure
    form: MeasureForm
    previous: MeasureReading | None
    last: Content
    indicators: list[IndicatorBlock]

    @property
    def months(self) -> str:
        return months_text(self.measure.first_month, self.measure.last_month)

    @property
    def milestones(self) -> list[tuple[str, str]]:
        """Months and title of each."""
        return [(months_text(row.first_month, row.last_month), row.title) for row in self.measure.milestones.all()]


@dataclass(frozen=True)
class Earlier:
    """Last time's report as people read it, and its measures as they were frozen, by id."""

    reading: PreviousReading = field(default_factory=PreviousReading)
    measures: dict[int, Content] = field(default_factory=dict)


class Entries:
    """The forms about one review's draft, filled from it or, with `data`, from what was sent.

    Five queries, however many measures there are.
    """

    def __init__(
        self,
        review: Review,
        data: QueryDict | None = None,
        *,
        classes: list[ProgressClass] | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        classes = list(ProgressClass.objects.all()) if classes is None else classes
        earlier = earlier or Earlier()
        self.draft = read_draft(review)
        blocks = [
            IndicatorBlock(
                indicator=found,
                form=IndicatorForm(data, indicator=found, report=report),
                target=target_text(found),
                previous=earlier.reading.indicators.get(found.pk),
            )
            for found, report in self.draft.indicators
        ]
        self.measures = [
            MeasureBlock(
                measure=measure,
                form=MeasureForm(data, measure=measure, report=report, classes=classes),
                previous=earlier.reading.measures.get(measure.pk),
                last=earlier.measures.get(measure.pk, {}),
                indicators=[block for block in blocks if block.indicator.measure_id == measure.pk],
            )
            for measure, report in self.draft.measures
        ]
        self.indicators = [block for block in blocks if block.indicator.measure_id is None]

    @property
    def forms(self) -> list[EntryForm]:
        """All forms about the draft, in the order of the page."""
        return list(self._forms())

    def _forms(self) -> Iterator[EntryForm]:
        for block in self.measures:
            yield block.form
            yield from (inner.form for inner in block.indicators)
        yield from (block.form for block in self.indicators)

    def is_valid(self) -> bool:
        """Look at every form that was sent, so that all mistakes are shown at once."""
        return not [form for form in self.forms if form.is_bound and not form.is_valid()]

    def measure_entries(self) -> dict[int, MeasureEntry]:
        """What can be kept of what was sent, after `is_valid`, by measure id."""
        return {block.measure.pk: block.form.entry() for block in self.measures if block.form.is_bound}

    def indicator_entries(self) -> dict[int, IndicatorEntry]:
        return {
            form.indicator.pk: form.entry() for form in self.forms if isinstance(form, IndicatorForm) and form.is_bound
        }

    def as_draft(self) -> Draft:
        """The draft as it is once these entries are saved."""
        measures, indicators = self.measure_entries(), self.indicator_entries()
        return Draft(
            measures=[
                (found, MeasureReport(**vars(measures[found.pk])) if found.pk in measures else report)
                for found, report in self.draft.measures
            ],
            indicators=[
                (found, IndicatorReport(**vars(indicators[found.pk].kept)) if found.pk in indicators else report)
                for found, report in self.draft.indicators
            ],
            attachments=self.draft.attachments,
        )

    def note_saved(self, current: "Entries") -> None:
        """Show beside each field what the draft says now, where it differs from what was typed."""
        for mine, theirs in zip(self.forms, current.forms, strict=True):
            mine.note_saved(theirs)

    def note_missing(self, problems: list[Problem]) -> None:
        """Mark the fields that keep the review from being submitted."""
        anchors = {problem.anchor for problem in problems}
        for form in self.forms:
            for name in form.fields if form.is_bound else ():
                if form[name].id_for_label in anchors:
                    form.add_error(name, _("Needed for submission."))


class Sheet(Entries):
    """The whole page: the entries beside last time's, the office's comments, the attachments.

    A handful of queries. `events`: all that happened to the review, oldest first. `data`: what was sent, if anything.
    """

    def __init__(self, review: Review, data: QueryDict | None = None, files: MultiValueDict | None = None) -> None:
        self.data, self.events = data, events_of(review)
        papers = read_papers(review, pinned_rounds(self.events), with_previous=True)
        classes = list(ProgressClass.objects.all())
        previous = read_previous(review, papers.previous, classes)
        frozen = {entry["id"]: entry for entry in papers.previous["measures"]} if papers.previous else {}
        super().__init__(review, data, classes=classes, earlier=Earlier(previous, frozen))
        prefetch_related_objects([block.measure for block in self.measures], "milestones")
        self.previous_name = previous.name
        self.pins = SheetPins(read_remarks(self.events, papers.rounds), self.forms, data)
        self.files = FileForm({}, files) if files else FileForm()

    def is_valid(self) -> bool:
        """The same of the answers to comments."""
        are_fit = super().is_valid()
        return self.pins.is_valid() and are_fit

    def unsaved(self) -> list[tuple[str, str]]:
        """All that was typed and is neither in the draft nor sent, as label and text."""
        return [*(pair for form in self.forms for pair in form.unsaved()), *self.pins.unsent()]
