"""The bullet chart (ブレットチャート) of an indicator: its value on a scale with target, step target and baseline.

Geometry alone; `workflows/_bullet.html` draws it. All x lie in the drawing, 0 ≤ x ≤ `WIDTH`.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10

from django.utils.translation import gettext as _

from departments.judgement import Judgement, Reading, judge, measured
from departments.models import Indicator
from departments.models.indicators import Direction, Step
from departments.wording import amount_text, number_text, target_text
from departments.years import year_label
from workflows.charts import FILLS, WIDTH
from workflows.content import Content
from workflows.wording import Status, judgement_status

# A mark stays whole inside the drawing, and a bar shorter than this is seen as a dot.
EDGE, DOT = 2.0, 4.0
# How far from an end of the scale a label of the target still leaves room for the end's own.
ROOM = 88.0
FIRST_FIFTH, LAST_FIFTH = WIDTH / 5, WIDTH * 4 / 5
# From a mark to the words beside it.
GAP = 8.0
# Where nothing but zero is asked, so that one is told from two.
SCALE_OF_ZERO = Decimal(4)
# A value further out than this many times target and baseline leaves the scale, so that the marks can still be told.
FURTHEST = Decimal("2.5")
ROUND_ENDS = (Decimal(1), Decimal("1.5"), Decimal(2), Decimal("2.5"), Decimal(3), Decimal(4), Decimal(5), Decimal(8))


@dataclass(frozen=True)
class Mark:
    """A number on the scale: where, in words, and the anchor of its label."""

    x: float
    text: str

    @property
    def anchor(self) -> str:
        """Labels near an end of the scale grow inwards."""
        return "start" if self.x < FIRST_FIFTH else "end" if self.x > LAST_FIFTH else "middle"

    @property
    def beside(self) -> float:
        """Where words beside the mark begin, on the side that has more room; see `side`."""
        return self.x + GAP if self.side == "start" else self.x - GAP

    @property
    def side(self) -> str:
        """The anchor of words beside the mark."""
        return "start" if self.x < WIDTH / 2 else "end"


@dataclass(frozen=True)
class Bullet:
    """What is drawn of an indicator, and the same in words.

    `key` is unique on the page. `bar`: length of the value's bar, None where there is no value; then `ghost` is that of
    the value before, if one is known. `over`: the bar leaves the scale. `good_from` and `good_width`: where the target
    is met. `end`: the scale's end in words, empty where the target's label needs the room. `value` is the value in
    words, `computed` the division behind a share.
    """

    key: str
    title: str
    value: str
    computed: str
    target_words: str
    status: Status
    description: str
    bar: float | None
    ghost: float | None
    over: bool
    good_from: float
    good_width: float
    target: Mark
    step: Mark | None
    baseline: Mark | None
    end: str
    is_milestone: bool

    @property
    def is_dot(self) -> bool:
        """Whether the bar is too short to be seen."""
        return self.bar is not None and self.bar < DOT

    @property
    def fill(self) -> str:
        """The colour of the bar."""
        return FILLS[self.status.tone]

    @property
    def has_zero(self) -> bool:
        """Whether there is room to say where the scale begins."""
        return self.target.x > ROOM / 2 and not self.is_milestone


@dataclass(frozen=True)
class Measured:
    """An indicator as it is shown: with its reading, the step target that counts, and the judgement."""

    indicator: Indicator
    reading: Reading
    step_target: Decimal | None
    judgement: Judgement


def measured_at(indicator: Indicator, reading: Reading, step: Step) -> Measured:
    """A reading of a stored indicator as of the end of `step`; prefetch `step_targets` for many."""
    step_target = None if step == Step.YEAREND else indicator.target_at(step)
    return Measured(indicator, reading, step_target, judge(indicator, reading, step))


def measured_then(entry: Content) -> Measured:
    """An indicator's entry of a frozen content: target and judgement as they were then."""
    indicator = Indicator(
        pk=entry["id"],
        code=entry["code"],
        title=entry["title"],
        kind=entry["kind"],
        unit=entry["unit"],
        direction=entry["direction"],
        target=_number(entry["target"]),
        baseline=_number(entry["baseline"]),
        baseline_year=entry["baseline_year"],
        formula=entry["formula"],
    )
    reading = Reading(
        value=_number(entry["value"]),
        numerator=_number(entry["numerator"]),
        denominator=_number(entry["denominator"]),
        done=entry["done"],
        not_this_quarter=entry["not_this_quarter"],
    )
    return Measured(indicator, reading, _number(entry["step_target"]), Judgement(entry["judgement"]))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def bullet(found: Measured, key: str, before: Measured | None = None) -> Bullet:
    """The chart of an indicator; one without a value shows where the target stands, and what was measured `before`."""
    indicator, reading = found.indicator, found.reading
    value, target = _value_and_target(found)
    earlier = None if before is None or value is not None else _value_and_target(before)[0]
    step_target = None if indicator.is_milestone or found.step_target == indicator.target else found.step_target
    scale = Scale.over(value or earlier, target, step_target, indicator.baseline, whole=_is_whole(indicator))
    bar = None if value is None else scale.x(value)
    good = scale.x(target)
    at_most = indicator.direction == Direction.AT_MOST
    mark = Mark(_inside(good), _done_or(indicator, target))
    return Bullet(
        key=key,
        title=f"{indicator.code} {indicator.title}",
        value=value_text(indicator, reading),
        computed=computed_text(reading),
        target_words=target_text(indicator),
        status=judgement_status(found.judgement),
        description=_description(found),
        bar=bar,
        ghost=None if earlier is None else scale.x(earlier),
        over=value is not None and value > scale.end,
        good_from=0.0 if at_most else good,
        good_width=good if at_most else WIDTH - good,
        target=mark,
        step=None if step_target is None else _mark(scale, indicator, step_target),
        baseline=None if indicator.baseline is None else _mark(scale, indicator, indicator.baseline),
        end="" if indicator.is_milestone or mark.x > WIDTH - ROOM else _short(indicator, scale.end),
        is_milestone=indicator.is_milestone,
    )


def _value_and_target(found: Measured) -> tuple[Decimal | None, Decimal]:
    """The two numbers that are held against each other: of a milestone 1 where it is reached, of 1."""
    indicator, reading = found.indicator, found.reading
    if indicator.is_milestone:
        return (None if reading.done is None else Decimal(reading.done)), Decimal(1)
    value = None if reading.not_this_quarter else measured(indicator, reading)
    return value, indicator.target or Decimal(0)


def _is_whole(indicator: Indicator) -> bool:
    """Whether the scale is that of a whole: to 100 % where much of it is asked for, to 1 of a milestone."""
    much = indicator.unit == "%" and indicator.target is not None and indicator.target >= Decimal(50)
    return indicator.is_milestone or much


@dataclass(frozen=True)
class Scale:
    """From 0 to `end`, which is never 0."""

    end: Decimal

    @classmethod
    def over(
        cls,
        value: Decimal | None,
        target: Decimal,
        step_target: Decimal | None,
        baseline: Decimal | None,
        *,
        whole: bool,
    ) -> "Scale":
        """Reaches beyond every mark, and as far as the value unless that lies too far out.

        `whole`: the target is a large part of a whole, which the scale then shows.
        """
        furthest = max(target, step_target or Decimal(0), baseline or Decimal(0))
        reference = furthest if furthest > 0 else SCALE_OF_ZERO
        if whole:
            natural = max(Decimal(1) if target == 1 else Decimal(100), reference)
        else:
            natural = round_up(reference * Decimal("1.2"))
        reach = natural if value is None else min(value, reference * FURTHEST)
        return cls(natural if reach <= natural else round_up(reach))

    def x(self, number: Decimal) -> float:
        """Where the number lies in the drawing; what lies outside the scale stands at its end."""
        return round(float(min(max(number / self.end, Decimal(0)), Decimal(1))) * WIDTH, 1)


def round_up(number: Decimal) -> Decimal:
    """The next number that is round enough to end a scale: 96 → 100, 12 → 15. `number` is above 0."""
    magnitude = Decimal(10) ** floor(log10(number))
    return next((end * magnitude for end in ROUND_ENDS if end * magnitude >= number), 10 * magnitude)


def _mark(scale: Scale, indicator: Indicator, number: Decimal) -> Mark:
    return Mark(_inside(scale.x(number)), _short(indicator, number))


def _inside(x: float) -> float:
    return min(max(x, EDGE), WIDTH - EDGE)


def _done_or(indicator: Indicator, target: Decimal) -> str:
    return indicator.unit or _("Done") if indicator.is_milestone else _short(indicator, target)


def _short(indicator: Indicator, number: Decimal) -> str:
    """A number for a label: with its unit, but not with what it adds up."""
    return f"{number_text(number)}{indicator.unit}"


def value_text(indicator: Indicator, reading: Reading) -> str:
    """What was measured, with its unit: 71.43%, 延べ118名, 完了; empty where nothing was."""
    if reading.not_this_quarter:
        return _("Not this quarter")
    if indicator.is_milestone:
        return {True: _("Done"), False: _("Not done yet"), None: ""}[reading.done]
    value = measured(indicator, reading)
    return "" if value is None else amount_text(indicator, value)


def computed_text(reading: Reading) -> str:
    """25 ÷ 35, the two numbers behind a share."""
    if reading.numerator is None or reading.denominator is None:
        return ""
    return f"{number_text(reading.numerator)} ÷ {number_text(reading.denominator)}"


def _description(found: Measured) -> str:
    """All that the chart shows, in one sentence."""
    indicator = found.indicator
    value, computed = value_text(indicator, found.reading), computed_text(found.reading)
    said = [(_("Value"), f"{value} ({computed})" if computed else value or "—")]
    said.append((_("Target"), target_text(indicator)))
    if found.step_target is not None and not indicator.is_milestone:
        said.append((_("Target for now"), amount_text(indicator, found.step_target)))
    if indicator.baseline is not None and indicator.baseline_year is not None:
        said.append((year_label(indicator.baseline_year), amount_text(indicator, indicator.baseline)))
    said.append((_("Judgement"), str(judgement_status(found.judgement).text)))
    return " / ".join(f"{name}: {words}" for name, words in said)
