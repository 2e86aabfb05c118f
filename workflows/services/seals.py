"""The daily seal (封印) over the ends of all plans' chains."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Q, Subquery

from departments.models import ActionPlan
from workflows.models import Event, Seal, SealedHead

log = structlog.get_logger("meguru.workflows")


class End(NamedTuple):
    """The last event of a plan's chain."""

    plan_id: int
    sequence: int
    hash: str


def seal(*, day: date, now: datetime) -> Seal:
    """Seal the ends of all chains that moved since the last seal, once a day: later on the day it is the same one.

    A chain that moves meanwhile is in the next seal. A day before the last seal's, as by a clock set back, gets none;
    the last seal is returned.
    """
    try:
        return _seal(day, now)
    except IntegrityError:  # the very first seal, made twice at once
        return Seal.objects.get(day=day)


@transaction.atomic
def _seal(day: date, now: datetime) -> Seal:
    last = _locked_last()
    if last is not None and last.day >= day:
        return last
    ends = _new_ends()
    made = Seal(day=day, sealed_at=now, heads=len(ends), previous=last.hash if last else "")
    made.hash = seal_hash(made, ends)
    made.save(force_insert=True)
    SealedHead.objects.bulk_create(SealedHead(seal=made, **end._asdict()) for end in ends)
    log.info("history sealed", seal=made.line)
    return made


def _locked_last() -> Seal | None:
    """The last seal; whoever else seals waits from here on."""
    if Seal.objects.select_for_update().last() is None:
        return None
    return Seal.objects.last()  # whoever held the lock may have made one


def _new_ends() -> list[End]:
    """The ends of the chains that grew since they were sealed last, by plan id; one statement, so as of one moment."""
    events = Event.objects.filter(plan=OuterRef("pk")).order_by("-sequence")
    sealed = SealedHead.objects.filter(plan=OuterRef("pk")).order_by("-sequence")
    plans = ActionPlan.objects.annotate(
        sequence=Subquery(events.values("sequence")[:1]),
        hash=Subquery(events.values("hash")[:1]),
        sealed=Subquery(sealed.values("sequence")[:1]),
    ).filter(Q(sealed=None, sequence__isnull=False) | Q(sequence__gt=F("sealed")))
    return [End(*row) for row in plans.order_by("pk").values_list("pk", "sequence", "hash")]


def seal_hash(seal: Seal, ends: Iterable[End]) -> str:
    """SHA-256 over lines of text: the seal before, day and moment (UTC) and number, then a line for each end."""
    moment = seal.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    lines = [seal.previous, f"{seal.day} {moment} {seal.heads}", *(" ".join(map(str, end)) for end in ends)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
