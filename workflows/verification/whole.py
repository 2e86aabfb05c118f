"""All of it: plan by plan, then the seals and the kept files."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from multiprocessing import get_context

from django.db import connections

from departments.models import ActionPlan
from workflows.evidence.storage import missing_or_changed
from workflows.models import Event, StoredFile
from workflows.verification.chain import Head, broken_link, lost_head
from workflows.verification.contents import Contents
from workflows.verification.found import Found
from workflows.verification.rows import EventRow, Fault, Plans, event_rows, one_moment
from workflows.verification.seals import broken_seal, sealed_heads
from workflows.verification.story import told_by

PLANS_AT_ONCE = 2000
# Fewer are not worth a process of their own.
EVENTS_FOR_A_PROCESS = 10_000


def faults(*, plan_id: int | None = None, processes: int = 1) -> Iterator[Fault]:
    """The first bad row of each plan whose history is not whole, in the order of the plans; of one plan, or of all.

    After all plans, what is wrong with the seals and the files that were kept. More than one process: not within a
    transaction, whose rows the others would not see.
    """
    if plan_id is not None:
        yield from faults_of(Plans(plan_id, plan_id))
        return
    if processes > 1:
        yield from _faults_by_processes(processes)
    else:
        for plans in _pieces(1):
            yield from faults_of(plans)
    yield from filter(None, [broken_seal(), _lost_file()])


def worthwhile_processes() -> int:
    """How many processes at most speed it up."""
    return min(os.cpu_count() or 1, 1 + Event.objects.count() // EVENTS_FOR_A_PROCESS)


def _faults_by_processes(processes: int) -> Iterator[Fault]:
    pieces = list(_pieces(processes))
    connections.close_all()  # no connection can be shared with a child
    # Nothing that they make goes in circles, and looking for circles takes a seventh of the time.
    with ProcessPoolExecutor(processes, mp_context=get_context("fork"), initializer=gc.disable) as pool:
        for found in pool.map(faults_of, pieces):
            yield from found


def _pieces(processes: int) -> Iterator[Plans]:
    """All plans in order, in pieces that memory holds, and at least one for each process."""
    ids = list(ActionPlan.objects.order_by("pk").values_list("pk", flat=True))
    size = max(1, min(PLANS_AT_ONCE, -(-len(ids) // processes)))
    for start in range(0, len(ids), size):
        piece = ids[start : start + size]
        yield Plans(piece[0], piece[-1])


def faults_of(plans: Plans) -> list[Fault]:
    """The first bad row of each of these plans."""
    with one_moment():
        ids = list(ActionPlan.objects.filter(pk__range=plans).order_by("pk").values_list("pk", flat=True))
        events = {plan_id: list(rows) for plan_id, rows in groupby(event_rows(plans), key=lambda event: event.plan_id)}
        heads, found = sealed_heads(plans), Found(plans)
        contents = Contents(plans, found)
    return list(filter(None, (_fault_of(pk, events.get(pk, []), heads.get(pk, []), found, contents) for pk in ids)))


def _fault_of(
    plan_id: int, events: list[EventRow], heads: list[Head], found: Found, contents: Contents
) -> Fault | None:
    fault = broken_link(events) or lost_head(events, heads)
    if fault is not None:
        return fault
    story = told_by(events)
    if isinstance(story, Fault):
        return story
    return found.difference(plan_id, story) or contents.fault(plan_id, story)


def _lost_file() -> Fault | None:
    lost = next(iter(missing_or_changed(StoredFile.objects.order_by("pk").values_list("sha256", flat=True))), None)
    return None if lost is None else Fault(f"file {lost}", "is not kept as it was")
