"""Addresses that mails came back from, for who looks into them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from departments.models import User
from notifications.models import Bounce, OutgoingMail, Reason, Status
from notifications.models.bounces import DEAD_AFTER


@dataclass(frozen=True)
class BouncedAddress:
    """An address that somebody uses: `returned` mails came back, `withheld` were not sent because it is dead.

    `at`, `words` and `status` are those of the newest bounce.
    """

    address: str
    is_dead: bool
    returned: int
    withheld: int
    people: list[User]
    at: datetime
    words: str
    status: str


def bounced_addresses() -> QuerySet[Any, dict[str, Any]]:
    """Addresses of active people with bounces that nobody has settled, dead ones first; rows for `with_details`."""
    used = User.objects.filter(is_active=True).exclude(email="").values("email")
    newest = Bounce.objects.unsettled().filter(address=OuterRef("address")).order_by("-at", "-pk").values("pk")[:1]
    rows: Any = Bounce.objects.unsettled().filter(address__in=used).order_by().values("address")
    rows = rows.annotate(returned=Count("pk"), hard=Count("pk", filter=Q(is_hard=True)), last=Max("at"))
    return rows.annotate(newest=Subquery(newest), is_dead=Q(hard__gte=DEAD_AFTER)).order_by("-is_dead", "-last")


def with_details(rows: Iterable[dict[str, Any]]) -> list[BouncedAddress]:
    """All that a page says of the rows, in three queries."""
    rows = list(rows)
    addresses = [row["address"] for row in rows]
    newest = Bounce.objects.in_bulk([row["newest"] for row in rows])
    people: dict[str, list[User]] = {address: [] for address in addresses}
    for user in User.objects.filter(email__in=addresses, is_active=True).order_by("username"):
        people[user.email].append(user)
    held = OutgoingMail.objects.filter(status=Status.FAILED, reason=Reason.DEAD_ADDRESS, recipient__email__in=addresses)
    withheld = dict(held.order_by().values_list("recipient__email").annotate(Count("pk")))
    return [
        BouncedAddress(
            address=row["address"],
            is_dead=row["is_dead"],
            returned=row["returned"],
            withheld=withheld.get(row["address"], 0),
            people=people[row["address"]],
            at=row["last"],
            words=newest[row["newest"]].words,
            status=newest[row["newest"]].status,
        )
        for row in rows
    ]


def dead_count() -> int:
    """How many addresses that somebody uses are dead."""
    return bounced_addresses().filter(is_dead=True).count()
