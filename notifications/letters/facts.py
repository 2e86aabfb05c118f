"""What mails that are written together have to look up, looked up once for all of them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count, Q

from departments.access import Rights, rights
from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay, User
from workflows.access import TURN, waiting_for
from workflows.models import Review
from workflows.standing import is_turn_of

LONGEST_LIST = 50
MOST_SHARED = 1000  # reviews that wait for any of the readers


class Waiting(NamedTuple):
    """What waits for somebody: the most urgent with all names, how many reviews, and how many of them are overdue."""

    first: list[Review]
    total: int
    overdue: int


class Facts:
    """For mails to these readers, as things stand on the day. Keep it for no longer than it takes to write them."""

    def __init__(self, readers: Iterable[User], today: date) -> None:
        self.readers, self.today = list(readers), today

    @cached_property
    def calendar(self) -> BusinessCalendar:
        return CalendarDay.objects.calendar()

    def waiting(self, reader: User) -> Waiting:
        """The same as `workflows.access.waiting_for` says; one query for all readers, if it is not too much."""
        if self._shared is None:
            return self._waiting_for_one(reader)
        known = rights(reader, self.today)
        near = (place for department in self._departments(known) for place in self._shared.get(department, ()))
        reviews = [review for _rank, review in sorted(near, key=lambda place: place[0]) if is_turn_of(known, review)]
        return Waiting(reviews[:LONGEST_LIST], len(reviews), sum(map(self._is_overdue, reviews)))

    def _waiting_for_one(self, reader: User) -> Waiting:
        waiting = waiting_for(reader, self.today)
        counts = waiting.order_by().aggregate(total=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=self.today)))
        return Waiting(list(waiting.with_names()[:LONGEST_LIST]), **counts)

    @cached_property
    def _shared(self) -> dict[int, list[tuple[int, Review]]] | None:
        """Department id → what waits there for any of the readers, with its rank by urgency; None if it is too much."""
        turns = Q(pk__in=[])
        for stage, (permission, _decides) in TURN.items():
            known = (rights(reader, self.today) for reader in self.readers)
            turns |= Q(stage=stage, department__in=frozenset().union(*(one.departments(permission) for one in known)))
        reviews = Review.objects.open().filter(turns).order_by("due_on", "department__position", "pk").with_names()
        found = list(reviews[: MOST_SHARED + 1])
        if len(found) > MOST_SHARED:
            return None
        by_department: dict[int, list[tuple[int, Review]]] = defaultdict(list)
        for rank, review in enumerate(found):
            by_department[review.department_id].append((rank, review))
        return by_department

    def _departments(self, known: Rights) -> frozenset[int]:
        """Where it may be somebody's turn at all."""
        return frozenset().union(*(known.departments(permission) for permission, _decides in TURN.values()))

    def _is_overdue(self, review: Review) -> bool:
        return review.due_on is not None and review.due_on < self.today
