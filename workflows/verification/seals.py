"""The seals: each day's follows from the one before it and from the ends of chains that it sealed."""

from collections import defaultdict
from datetime import date
from itertools import groupby

from workflows.models import Seal, SealedHead
from workflows.services.seals import End, seal_hash
from workflows.verification.chain import Head
from workflows.verification.rows import AT_ONCE, Fault, Plans


def sealed_heads(plans: Plans) -> dict[int, list[Head]]:
    """What was sealed of each of these plans, in sequence."""
    rows = SealedHead.objects.filter(plan__pk__range=plans).order_by("plan_id", "sequence", "seal_id")
    heads = (Head(*row) for row in rows.values_list("plan", "sequence", "hash", "seal__day").iterator(AT_ONCE))
    return {plan_id: list(found) for plan_id, found in groupby(heads, key=lambda head: head.plan_id)}


def broken_seal() -> Fault | None:
    """The first seal that does not follow from the one before it, or not from the ends that it sealed."""
    ends: dict[int, list[End]] = defaultdict(list)
    rows = SealedHead.objects.order_by("seal_id", "plan_id").values_list("seal", "plan", "sequence", "hash")
    for seal_id, *end in rows.iterator(AT_ONCE):
        ends[seal_id].append(End(*end))
    previous = ""
    for seal in Seal.objects.order_by("day"):
        what = _wrong_with(seal, previous, ends[seal.pk])
        if what:
            return Fault(f"seal {seal.day}", what)
        previous = seal.hash
    return None


def _wrong_with(seal: Seal, previous: str, ends: list[End]) -> str:
    if seal.previous != previous:
        return "does not continue the seal before it"
    if seal.heads != len(ends):
        return f"is over {seal.heads} ends of chains, and {len(ends)} are there"
    if seal.hash != seal_hash(seal, ends):
        return "was changed after it was made, or what it sealed was"
    return ""


def lost_line(line: str) -> Fault | None:
    """Whether a line that was kept elsewhere is not that of its day's seal. ValueError for a text that is no line."""
    day, heads, digest = line.split()
    seal = Seal.objects.filter(day=date.fromisoformat(day)).first()
    if seal is None:
        return Fault(f"seal {day}", "is gone, though its line was kept")
    if seal.line != f"{day} {heads} {digest}":
        return Fault(f"seal {day}", f"is not the one that was kept: here it is {seal.line}")
    return None
