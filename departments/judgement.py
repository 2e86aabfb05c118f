"""What a measured value means against its target (判定). Computed, never typed in, never stored."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from departments.models import Indicator
from departments.models.indicators import Direction, Kind, Step

# What these measure only grows during the year, so a target once reached, or a ceiling once broken, stays so.
GROWING = (Kind.COUNT, Kind.CUMULATIVE, Kind.HOURS, Kind.CEILING)
CENT = Decimal("0.01")


class Judgement(models.TextChoices):
    ACHIEVED = "achieved", _("Achieved")
    ON_TRACK = "on_track", _("On track")
    IN_PROGRESS = "in_progress", _("Under way")
    BEHIND = "behind", _("Behind")
    MISSED = "missed", _("Missed")
    NOT_YET = "not_yet", _("Not entered")
    NOT_APPLICABLE = "not_applicable", _("Not this quarter")
    COMPUTED = "computed", _("Computed by this system")


@dataclass(frozen=True)
class Reading:
    """What was measured: numerator and denominator of a share, `done` of a milestone, else the value."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    done: bool | None = None
    not_this_quarter: bool = False


def share(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    """numerator ÷ denominator in per cent, half up to two decimals; None where either is missing or it divides by 0."""
    if numerator is None or not denominator:
        return None
    return (numerator * 100 / denominator).quantize(CENT, rounding=ROUND_HALF_UP)


def measured(indicator: Indicator, reading: Reading) -> Decimal | None:
    """The number that is held against the target: of a share the computed one, whatever else was typed."""
    if indicator.is_share or indicator.kind == Kind.DERIVED:
        return share(reading.numerator, reading.denominator)
    return reading.value


def judge(indicator: Indicator, reading: Reading, step: Step) -> Judgement:
    """Judge a reading as of the end of `step`."""
    if reading.not_this_quarter:
        return Judgement.NOT_APPLICABLE
    if indicator.is_milestone:
        return _judge_milestone(reading.done, step)
    value = measured(indicator, reading)
    if value is None:
        return Judgement.COMPUTED if indicator.kind == Kind.DERIVED else Judgement.NOT_YET
    if step == Step.YEAREND:
        return Judgement.ACHIEVED if _meets(indicator, value, indicator.target_at(step)) else Judgement.MISSED
    return _judge_under_way(indicator, value, step)


def _judge_milestone(done: bool | None, step: Step) -> Judgement:
    if done is None:
        return Judgement.NOT_YET
    if done:
        return Judgement.ACHIEVED
    return Judgement.MISSED if step == Step.YEAREND else Judgement.IN_PROGRESS


def _judge_under_way(indicator: Indicator, value: Decimal, step: Step) -> Judgement:
    """Before the year's end: what is settled already, else how the value stands to the quarter's step target."""
    growing = indicator.kind in GROWING
    ceiling = growing and indicator.direction == Direction.AT_MOST
    reached = _meets(indicator, value, indicator.target)
    if ceiling and not reached:
        return Judgement.MISSED
    if growing and reached and not ceiling:
        return Judgement.ACHIEVED
    step_target = indicator.target_at(step)
    if step_target is not None:
        return Judgement.ON_TRACK if _meets(indicator, value, step_target) else Judgement.BEHIND
    return Judgement.ON_TRACK if ceiling else Judgement.IN_PROGRESS


def _meets(indicator: Indicator, value: Decimal, target: Decimal | None) -> bool:
    if target is None:
        raise ValueError(f"indicator {indicator.code} has no target to be held against")
    return value <= target if indicator.direction == Direction.AT_MOST else value >= target
