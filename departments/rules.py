"""Rules that rows must keep, as sentences by field: the same for forms, services and the strategy file.

The database keeps them too; these say what to mend.
"""

from decimal import Decimal

from django.utils.translation import gettext as _

from departments.models.indicators import Direction, Kind

LARGEST = Decimal("9999999999.99")


def months_fault(first: int, last: int) -> str | None:
    """What is wrong with a span of fiscal months, if anything."""
    return _("The last month must not lie before the first.") if last < first else None


def number_fault(number: Decimal) -> str | None:
    """What keeps a number from being stored exactly, to two decimals."""
    if not number.is_finite():
        return _("Give a number.")
    if abs(number) > LARGEST:
        return _("This number is too large.")
    if number != round(number, 2):
        return _("Give at most two decimals.")
    return _("A number below zero makes no sense here.") if number < 0 else None


def target_faults(kind: str, direction: str, target: Decimal | None) -> dict[str, str]:
    """What is wrong with an indicator's target, by field: `target` and `direction`."""
    faults = {}
    if kind == Kind.MILESTONE:
        if target is not None:
            faults["target"] = _("A milestone is done or not; leave its target empty.")
        if direction != Direction.EXACTLY:
            faults["direction"] = _("A milestone has the direction “done”.")
        return faults
    if target is None:
        faults["target"] = _("This kind of indicator needs a target.")
    elif fault := number_fault(target):
        faults["target"] = fault
    if direction == Direction.EXACTLY:
        faults["direction"] = _("Only a milestone has the direction “done”. Choose “at least” or “at most”.")
    elif kind == Kind.CEILING and direction != Direction.AT_MOST:
        faults["direction"] = _("A ceiling has the direction “at most”.")
    return faults
