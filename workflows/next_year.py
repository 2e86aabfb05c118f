"""The days of a year's checkpoints, proposed from the last year that had them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from departments.fiscal import BusinessCalendar, year_after
from departments.models import CalendarDay, CalendarRule, ClosedDays
from workflows.days import IN_ORDER, in_order, season
from workflows.models import ROUNDS, Checkpoint, CheckpointKind
from workflows.schedule import Days, proposed_days


@dataclass(frozen=True)
class Proposed:
    """A checkpoint that the year lacks, the days proposed for it, and the last year's checkpoint of the kind."""

    kind: CheckpointKind
    days: Days
    last: Checkpoint | None


@dataclass(frozen=True)
class YearProposal:
    """What the year has already, which is left alone, and a proposal for each of the rest, in order."""

    fiscal_year: int
    calendar: BusinessCalendar
    existing: list[Checkpoint]
    proposed: list[Proposed]


def proposed_year(fiscal_year: int) -> YearProposal:
    """Days for the year's missing checkpoints, like those of the newest earlier year that has any (three queries)."""
    known = list(Checkpoint.objects.rounds().filter(fiscal_year__lte=fiscal_year).order_by("opens_on", "pk"))
    earlier = max((each.fiscal_year for each in known if each.fiscal_year < fiscal_year), default=None)
    existing, last = _by_kind(known, fiscal_year), _by_kind(known, earlier)
    calendar, rule = CalendarDay.objects.calendar(), CalendarRule.objects.closed_days()
    proposed = []
    for kind in ROUNDS:
        if kind in existing:
            continue
        before = last.get(kind)
        days = following(before, fiscal_year, calendar, rule) if before else usual(kind, fiscal_year, calendar)
        proposed.append(Proposed(kind, days, before))
    return YearProposal(fiscal_year, calendar, list(existing.values()), proposed)


def _by_kind(checkpoints: Iterable[Checkpoint], fiscal_year: int | None) -> dict[str, Checkpoint]:
    return {each.kind: each for each in checkpoints if each.fiscal_year == fiscal_year}


def following(last: Checkpoint, fiscal_year: int, calendar: BusinessCalendar, rule: ClosedDays) -> Days:
    """The same days so many years on, each on a business day by the city's rule, in the order they had.

    A rule that leaves due days where they are is none for new ones: these go to the next business day.
    """
    first, _until = season(fiscal_year)
    rule = ClosedDays.NEXT if rule is ClosedDays.LEAVE else rule
    years = fiscal_year - last.fiscal_year
    same = Days(**{each.name: year_after(getattr(last, each.name), years) for each in fields(Days)})
    days = in_order(same, lambda _name, day: rule.settle(day, calendar, earliest=first), calendar)
    return _within(days, fiscal_year, calendar)


def usual(kind: CheckpointKind, fiscal_year: int, calendar: BusinessCalendar) -> Days:
    """The days that are usual for the kind, within the season of the year."""
    return _within(proposed_days(fiscal_year, kind, calendar), fiscal_year, calendar)


def _within(days: Days, fiscal_year: int, calendar: BusinessCalendar) -> Days:
    """The days, those behind the season's last business day brought back to it."""
    _first, until = season(fiscal_year)
    last: date = calendar.on_or_before(until)
    return Days(as_of=days.as_of, **{name: min(getattr(days, name), last) for name in IN_ORDER})
