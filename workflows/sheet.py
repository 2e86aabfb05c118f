"""The sheet that a department fills in at a checkpoint: each measure and indicator, its form, last time's entry."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from departments.content import Problem
from departments.models import Indicator, Measure
from departments.wording import target_text
from workflows.draft import read_draft
from workflows.forms.attachments import FileForm
from workflows.forms.reports import EntryForm, IndicatorForm, MeasureForm
from workflows.models import ProgressClass, Review
from workflows.pinboard import SheetPins
from workflows.reading import IndicatorReading, MeasureReading, read_previous
from workflows.records import events_of, read_papers
from workflows.remarks import pinned_rounds, read_remarks
from workflows.services.drafts import IndicatorEntry, MeasureEntry

COPIED = ("done", "issue", "next_step")


@dataclass(frozen=True)
class IndicatorBlock:
    indicator: Indicator
    form: IndicatorForm
    target: str
    previous: IndicatorReading | None


@dataclass(frozen=True)
class MeasureBlock:
    measure: Measure
    form: MeasureForm
    previous: MeasureReading | None
    indicators: list[IndicatorBlock]

    @property
    def can_copy(self) -> bool:
        """Whether last time's texts could fill something that is still empty."""
        return self.previous is not None and any(
            getattr(self.previous, name) and not self.form[name].value() for name in COPIED
        )


class Sheet:
    """The forms of one review, filled from its draft or, with `data`, from what was sent.

    A handful of queries, however many measures there are. `events`: all that happened to the review, oldest first.
    """

    def __init__(self, review: Review, data: QueryDict | None = None, files: MultiValueDict | None = None) -> None:
        self.events = events_of(review)
        papers = read_papers(review, pinned_rounds(self.events), with_previous=True)
        classes = list(ProgressClass.objects.all())
        previous = read_previous(review, papers.previous, classes)
        self.previous_name = previous.name
        self.draft = read_draft(review)
        blocks = [
            IndicatorBlock(
                indicator=found,
                form=IndicatorForm(data, indicator=found, report=report),
                target=target_text(found),
                previous=previous.indicators.get(found.pk),
            )
            for found, report in self.draft.indicators
        ]
        self.measures = [
            MeasureBlock(
                measure=measure,
                form=MeasureForm(data, measure=measure, report=report, classes=classes),
                previous=previous.measures.get(measure.pk),
                indicators=[block for block in blocks if block.indicator.measure_id == measure.pk],
            )
            for measure, report in self.draft.measures
        ]
        self.indicators = [block for block in blocks if block.indicator.measure_id is None]
        self.pins = SheetPins(read_remarks(self.events, papers.rounds), self.forms, data)
        self.files = FileForm({}, files) if files else FileForm()

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
        """Look at every form, so that all mistakes are shown at once."""
        mistaken = [form for form in self.forms if not form.is_valid()]
        return self.pins.is_valid() and not mistaken

    def measure_entries(self) -> dict[int, MeasureEntry]:
        return {block.measure.pk: block.form.entry() for block in self.measures if block.form.was_sent}

    def indicator_entries(self) -> dict[int, IndicatorEntry]:
        return {
            form.indicator.pk: form.entry() for form in self.forms if isinstance(form, IndicatorForm) and form.was_sent
        }

    def unsaved(self) -> list[tuple[str, str]]:
        """All that was typed and is neither in the draft nor sent, as label and text."""
        return [*(pair for form in self.forms for pair in form.unsaved()), *self.pins.unsent()]

    def note_saved(self, current: "Sheet") -> None:
        """Show beside each field what the draft says now, where it differs from what was typed."""
        for mine, theirs in zip(self.forms, current.forms, strict=True):
            mine.note_saved(theirs)

    def measures_lacking(self, problems: list[Problem]) -> set[int]:
        """The ids of the measures to which, or to whose indicators, one of the problems belongs."""
        prefixes = {problem.anchor.removeprefix("id_").partition("-")[0] for problem in problems}
        return {
            block.measure.pk
            for block in self.measures
            if prefixes & {block.form.prefix, *(inner.form.prefix for inner in block.indicators)}
        }

    def note_missing(self, problems: list[Problem]) -> None:
        """Mark the fields that keep the review from being submitted."""
        anchors = {problem.anchor for problem in problems}
        for form in self.forms:
            for name in form.fields:
                if form[name].id_for_label in anchors:
                    form.add_error(name, _("Needed for submission."))


def copied(sheet: Sheet, data: QueryDict, measure_id: int) -> QueryDict:
    """What was sent, with the measure's empty texts filled from last time."""
    filled = data.copy()
    for block in sheet.measures:
        if block.measure.pk == measure_id and block.previous is not None:
            for name in COPIED:
                if not block.form[name].value():
                    filled[block.form.add_prefix(name)] = getattr(block.previous, name)
    return filled
