"""The reviews that wait for a person's decision, one after the other: where one stands among them, and what is next."""

from dataclasses import dataclass
from datetime import date

from departments.access import rights
from departments.models import User
from departments.models.organisation import Permission
from workflows.access import waiting_for
from workflows.models import Stage

DECIDING = (Permission.REVIEW, Permission.APPROVE)


@dataclass(frozen=True)
class Line:
    """`left`: how many wait, this one included if it does; the ids of those before and after it, in that order.

    After the last comes the first again, so that what was passed over is not forgotten.
    """

    left: int
    before: int | None
    after: int | None


def line_of(user: User, pk: int, on: date) -> Line | None:
    """Of the review with this id, in the order of «my work»; None for whoever decides nowhere. One query, or none."""
    if not any(map(rights(user, on).anywhere, DECIDING)):
        return None
    waiting = [found for found, stage in waiting_rows(user, on) if stage != Stage.PREPARE]
    if pk not in waiting:
        return Line(len(waiting), None, waiting[0] if waiting else None)
    at = waiting.index(pk)
    others = waiting[at + 1 :] + waiting[:at]
    return Line(len(waiting), waiting[at - 1] if at else None, others[0] if others else None)


def waiting_rows(user: User, on: date) -> list[tuple[int, str]]:
    """Id and stage of all that waits for the person, kept on the user object for the request as `rights` are."""
    kept: dict[date, list[tuple[int, str]]] = user.__dict__.setdefault("_waiting", {})
    if on not in kept:
        kept[on] = list(waiting_for(user, on).values_list("pk", "stage"))
    return kept[on]


def count_waiting(user: User, on: date) -> int:
    """How much waits for the person; without a query where the page has looked already."""
    kept = user.__dict__.get("_waiting", {}).get(on)
    return waiting_for(user, on).count() if kept is None else len(kept)
