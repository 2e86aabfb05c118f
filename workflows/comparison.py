"""A report beside an earlier one, measure by measure and field by field: what changed, what got better or worse."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from departments.judgement import GROWING, measured
from departments.models.indicators import Direction
from departments.wording import number_text
from workflows.bullets import Measured
from workflows.content import Content
from workflows.reading import ChangeRow, IndicatorReading, MeasureReading, PreviousReading, ReportReading, change_rows
from workflows.wording import Status

TEXTS = {"done": _("What was done"), "issue": _("Issue"), "next_step": _("Next step")}
# What stands side by side on the page, so that no list needs to tell it again.
SIDE_BY_SIDE = {"progress", "progress_name", "percent", *TEXTS}
SIDE_BY_SIDE |= {"value", "numerator", "denominator", "not_this_quarter", "note", "judgement"}
# From checkpoint to checkpoint, texts with less in common than this share of their pairs of letters are two texts.
LEAST_IN_COMMON = 0.4


class Against(models.TextChoices):
    """What a report is compared with: its own last round, or the report of the checkpoint before."""

    ROUND = "round", _("The round before")
    QUARTER = "quarter", _("The checkpoint before")


class Turn(models.TextChoices):
    BETTER = "better", pgettext_lazy("change", "better")
    WORSE = "worse", pgettext_lazy("change", "worse")


TURNS = {Turn.BETTER: ("green", "↑"), Turn.WORSE: ("red", "↓")}


@dataclass(frozen=True)
class Move:
    """How a measure moved since an earlier report.

    `was`: its class there, where it is another now; `turn`: whether that is better or worse, where it is either.
    `points`: of progress, in per cent; `texts`: how many of the texts were changed.
    """

    was: Status | None
    turn: Turn | None
    points: int | None
    texts: int

    @property
    def status(self) -> Status | None:
        """A chip that says so where it got better or worse."""
        return Status(*TURNS[self.turn], self.turn.label) if self.turn else None

    @property
    def points_text(self) -> str:
        """+20, −5; empty where nothing is to be said."""
        return signed(self.points) if self.points else ""


@dataclass(frozen=True)
class TextPair:
    """One text and the same of the earlier report.

    `change`: same, changed (what differs is marked), rewritten (another text, nothing is marked), added, removed, or
    empty where there is nothing earlier.
    """

    name: str | Promise
    now: str
    before: str
    change: str


@dataclass(frozen=True)
class IndicatorPair:
    """`trend`: how the value moved since the checkpoint before, None where that cannot be said."""

    now: IndicatorReading
    before: IndicatorReading | None
    trend: Status | None

    @property
    def is_same(self) -> bool:
        """Whether value, judgement and note are what they were."""
        return self.before is not None and (
            (self.now.value, self.now.computed, self.now.judgement, self.now.note)
            == (self.before.value, self.before.computed, self.before.judgement, self.before.note)
        )


@dataclass(frozen=True)
class MeasurePair:
    """One measure beside what it was, and how it moved since the last round and since the last checkpoint.

    `texts`: those that say anything on either side.
    """

    now: MeasureReading
    before: MeasureReading | None
    texts: list[TextPair]
    indicators: list[IndicatorPair]
    since_round: Move | None
    since_quarter: Move | None

    @property
    def is_in_same_class(self) -> bool:
        """Whether class and per cent are what they were."""
        was = self.before
        return was is not None and (self.now.progress, self.now.percent) == (was.progress, was.percent)


@dataclass(frozen=True)
class Comparison:
    """A whole report beside an earlier one, if there is any.

    `against`: which one stands beside it; `names`: those there are, by their names. `rest`: what else was changed since
    the last round and does not stand side by side. `counts`: how many measures are in which class, most first.
    """

    against: Against | None
    names: dict[str, str]
    measures: list[MeasurePair]
    indicators: list[IndicatorPair]
    rest: list[ChangeRow]
    counts: list[tuple[Status, int]]

    @property
    def before_name(self) -> str:
        return self.names[self.against] if self.against else ""

    @property
    def has_indicators(self) -> bool:
        return bool(self.indicators) or any(pair.indicators for pair in self.measures)

    @property
    def worse(self) -> int:
        """How many measures are in a worse class than at the checkpoint before."""
        return sum(pair.since_quarter is not None and pair.since_quarter.turn == Turn.WORSE for pair in self.measures)


def compare(
    report: ReportReading, last_round: PreviousReading, last_quarter: PreviousReading, asked: str, rest: list[ChangeRow]
) -> Comparison:
    """The report beside the one that is asked for (`Against`), else beside the last round, else the last quarter."""
    known = {Against.ROUND: last_round, Against.QUARTER: last_quarter}
    names = {str(key): found.name for key, found in known.items() if found}
    against = Against(asked) if asked in names else Against(next(iter(names))) if names else None
    before = known[against] if against else PreviousReading()
    return Comparison(
        against=against,
        names=names,
        measures=[_measure_pair(now, before, last_round, last_quarter) for now in report.measures],
        indicators=[_indicator_pair(now, before, last_quarter) for now in report.indicators],
        rest=rest,
        counts=_counts(report.measures),
    )


def _measure_pair(
    now: MeasureReading, before: PreviousReading, last_round: PreviousReading, last_quarter: PreviousReading
) -> MeasurePair:
    was = before.measures.get(now.id)
    texts = [_text_pair(name, getattr(now, key), getattr(was, key) if was else None) for key, name in TEXTS.items()]
    if before is last_quarter:
        texts = [_unmarked_if_rewritten(pair) for pair in texts]
    return MeasurePair(
        now=now,
        before=was,
        texts=[pair for pair in texts if pair.now or pair.before],
        indicators=[_indicator_pair(found, before, last_quarter) for found in now.indicators],
        since_round=_move(now, last_round.measures.get(now.id)),
        since_quarter=_move(now, last_quarter.measures.get(now.id)),
    )


def _counts(measures: Iterable[MeasureReading]) -> list[tuple[Status, int]]:
    found = Counter(measure.progress for measure in measures if measure.progress)
    return found.most_common()


def _move(now: MeasureReading, before: MeasureReading | None) -> Move | None:
    if before is None:
        return None
    changed = now.progress != before.progress
    points = None if now.percent is None or before.percent is None else now.percent - before.percent
    return Move(
        was=before.progress if changed else None,
        turn=_turn(now.rank, before.rank),
        points=points,
        texts=sum(getattr(now, key) != getattr(before, key) for key in TEXTS),
    )


def _turn(now: int | None, before: int | None) -> Turn | None:
    if now is None or before is None or now == before:
        return None
    return Turn.BETTER if now < before else Turn.WORSE


def _text_pair(name: str | Promise, now: str, before: str | None) -> TextPair:
    if before is None:
        change = ""
    elif now == before:
        change = "same"
    else:
        change = "changed" if now and before else "added" if now else "removed"
    return TextPair(name, now, before or "", change)


def _unmarked_if_rewritten(pair: TextPair) -> TextPair:
    if pair.change != "changed" or _have_much_in_common(pair.now, pair.before):
        return pair
    return replace(pair, change="rewritten")


def _have_much_in_common(one: str, other: str) -> bool:
    """By the pairs of letters in both, which takes no longer for long texts that repeat themselves."""
    mine, theirs = (Counter(zip(text, text[1:], strict=False)) for text in (one, other))
    return 2 * (mine & theirs).total() >= LEAST_IN_COMMON * (mine.total() + theirs.total())


def _indicator_pair(now: IndicatorReading, before: PreviousReading, last_quarter: PreviousReading) -> IndicatorPair:
    earlier = last_quarter.indicators.get(now.id)
    trend = trend_of(now.measured, earlier.measured) if earlier else None
    return IndicatorPair(now, before.indicators.get(now.id), trend)


def trend_of(now: Measured, before: Measured) -> Status | None:
    """How the value moved; better or worse where the indicator does not grow by itself. None without two numbers."""
    values = [_number(found) for found in (now, before)]
    if values[0] is None or values[1] is None:
        return None
    moved = values[0] - values[1]
    unit = _("points") if now.indicator.unit == "%" else now.indicator.unit
    amount = f"{signed(moved)}{unit}"
    if moved == 0:
        return Status("gray", "→", pgettext("trend", "no change"))
    if now.indicator.kind in GROWING:
        return Status("gray", "↑" if moved > 0 else "↓", amount)
    better = (moved > 0) == (now.indicator.direction != Direction.AT_MOST)
    turn = Turn.BETTER if better else Turn.WORSE
    return Status(TURNS[turn][0], "↑" if moved > 0 else "↓", f"{turn.label} {amount}")


def _number(found: Measured) -> Any:
    if found.indicator.is_milestone or found.reading.not_this_quarter:
        return None
    return measured(found.indicator, found.reading)


def signed(number: Any) -> str:
    """+7, −3, ±0."""
    return "±0" if number == 0 else f"{'+' if number > 0 else '−'}{number_text(abs(number))}"


def rest_of(before: Content, after: Content) -> list[ChangeRow]:
    """What differs between two rounds of a report and stands not side by side: a goal, a file, an entry that came."""
    return change_rows(_without(before, after), _without(after, before))


def _without(content: Content, other: Content) -> Content:
    """The content without the fields that stand side by side, of the entries that the other one has too."""
    lists = ("measures", "indicators")
    shared = {name: {entry["id"] for entry in other[name]} for name in lists}
    return content | {
        name: [
            {key: value for key, value in entry.items() if entry["id"] not in shared[name] or key not in SIDE_BY_SIDE}
            for entry in content[name]
        ]
        for name in lists
    }
