"""The schedule chart (工程表): measures as bars over the fiscal year, with checkpoints, today and progress.

Geometry comes from `departments.gantt`; here is what reviews add to it. `workflows/_gantt.html` draws it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from departments.access import rights
from departments.fiscal import MONTHS
from departments.gantt import Axis, Span
from departments.models import Measure, Milestone, User
from departments.models.organisation import Permission
from departments.wording import day_text, month_text, months_text
from workflows.charts import FILLS
from workflows.models import Checkpoint, CheckpointKind, MeasureReport, Stage
from workflows.wording import Status, progress_status

# Submitted, and with the office: what was handed in stands as it was, but it is provisional (速報).
WITH_THE_OFFICE = (Stage.REVIEW, Stage.APPROVE)
# Nearer to an edge than this, in per cent, a label grows inwards.
EDGE = 4.0


def short_name(kind: str) -> str:
    """A checkpoint in a narrow place: 計画, 1Q, 振り返り."""
    return {
        CheckpointKind.PLAN: pgettext("checkpoint, short", "Plan"),
        CheckpointKind.Q1: "1Q",
        CheckpointKind.Q2: "2Q",
        CheckpointKind.Q3: "3Q",
        CheckpointKind.YEAREND: pgettext("checkpoint, short", "Year end"),
    }[CheckpointKind(kind)]


@dataclass(frozen=True)
class Progress:
    """The newest report on a measure that the reader may read; `provisional` while it is not approved (速報)."""

    status: Status
    percent: int | None
    checkpoint: str
    provisional: bool

    @property
    def fill(self) -> str:
        return FILLS.get(self.status.tone, FILLS["gray"])


def progress_of(measures: Iterable[Measure], user: User, on: date) -> dict[int, Progress]:
    """Measure id → its newest readable report, where there is one. One query, and that of the reader's rights.

    Approved reports where the person reads those, submitted ones where they read submissions; never a draft.
    """
    known = rights(user, on)
    readable = Q(review__stage=Stage.APPROVED, review__department__in=known.departments(Permission.READ_APPROVED)) | Q(
        review__stage__in=WITH_THE_OFFICE, review__department__in=known.departments(Permission.READ_SUBMISSIONS)
    )
    reports = (
        MeasureReport.objects.filter(readable, measure__in=[measure.pk for measure in measures])
        .select_related("progress", "review__checkpoint")
        .defer("done", "issue", "next_step")
        .order_by("review__checkpoint__opens_on", "review__checkpoint_id")
    )
    return {
        report.measure_id: Progress(
            status=progress_status(report.progress),
            percent=report.percent,
            checkpoint=short_name(report.review.checkpoint.kind),
            provisional=report.review.stage != Stage.APPROVED,
        )
        for report in reports
        if report.progress is not None
    }


@dataclass(frozen=True)
class Label:
    """A word at a place of the axis; `anchor` keeps it inside the drawing."""

    x: float
    text: str

    @property
    def anchor(self) -> str:
        return "start" if self.x < EDGE else "end" if self.x > 100 - EDGE else "middle"


@dataclass(frozen=True)
class Star(Label):
    """A checkpoint (★) at the day as of which it asks; `begun`: it has been opened."""

    day: date
    begun: bool


@dataclass(frozen=True)
class Frame:
    """What all rows of a chart share. `today` is None outside the year."""

    axis: Axis
    stars: list[Star]
    today: Label | None

    @property
    def months(self) -> list[tuple[Span, str]]:
        return [(span, month_text(month)) for month, span in zip(MONTHS, self.axis.months, strict=True)]

    @property
    def quarters(self) -> list[tuple[Span, str]]:
        texts = (_("Quarter %(n)d") % {"n": n} for n in range(1, 5))
        return list(zip(self.axis.quarters, texts, strict=True))

    @property
    def lines(self) -> list[float]:
        """Where one month ends and the next begins."""
        return [span.end for span in self.axis.months[:-1]]

    @property
    def description(self) -> str:
        """The checkpoints and today in one sentence."""
        said = [f"★{star.text}: {day_text(star.day)}" for star in self.stars]
        return " / ".join(said + ([self.today.text] if self.today else []))


def frame_of(fiscal_year: int, checkpoints: Iterable[Checkpoint], on: date) -> Frame:
    """Of the year, with its checkpoints."""
    axis = Axis(fiscal_year)
    today = axis.today(on)
    return Frame(
        axis=axis,
        stars=[
            Star(axis.after(found.as_of), short_name(found.kind), found.as_of, found.opened_at is not None)
            for found in checkpoints
        ],
        today=None if today is None else Label(today, _("Today")),
    )


@dataclass(frozen=True)
class Bar:
    """A milestone (工程) of a measure."""

    title: str
    months: str
    span: Span

    @property
    def words(self) -> str:
        return f"{self.title} {self.months}"


@dataclass(frozen=True)
class Row:
    """One measure. `opens`: the reader may open its plan. `done`: the part of the bar that is filled."""

    measure: Measure
    bar: Bar
    milestones: list[Bar]
    progress: Progress | None
    opens: bool = True

    @property
    def done(self) -> Span | None:
        percent = self.progress.percent if self.progress else None
        return self.bar.span.part(percent) if percent else None

    @property
    def words(self) -> str:
        """All that the row's drawing shows, in one sentence."""
        said = [self.bar.words]
        if self.progress is None:
            said.append(_("no report yet"))
        else:
            percent = "" if self.progress.percent is None else f" {self.progress.percent}%"
            said.append(f"{self.progress.status.text}{percent} ({self.progress.checkpoint})")
        return " / ".join(said + [f"◆{found.words}" for found in self.milestones])


def row_of(axis: Axis, measure: Measure, progress: Progress | None, *, opens: bool = True) -> Row:
    """The measure with its milestones, which are fetched unless prefetched."""
    return Row(
        measure=measure,
        bar=_bar(axis, measure),
        milestones=[_bar(axis, found) for found in measure.milestones.all()],
        progress=progress,
        opens=opens,
    )


def _bar(axis: Axis, found: Measure | Milestone) -> Bar:
    first, last = found.first_month, found.last_month
    return Bar(found.title, months_text(first, last), axis.span(first, last))
