"""The head of the demo city's office was away, a deputy decided in their place (代決), and now they are back."""

from datetime import date, datetime

from departments.fiscal import BusinessCalendar
from departments.models import User
from departments.models.deputies import DEPUTISED
from departments.services.deputies import name_deputy
from workflows.services.acknowledgements import acknowledge
from workflows.standing import unread_events


class Absence:
    """Three business days, up to the day before yesterday."""

    def __init__(self, person: User, deputy: User, calendar: BusinessCalendar, today: date) -> None:
        self.person, self.deputy = person, deputy
        self.first_day, self.last_day = calendar.add(today, -4), calendar.add(today, -2)

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def instead_of(self, person: User, day: date) -> User:
        """The person, or who stands in for them on the day."""
        return self.deputy if person == self.person and self.covers(day) else person

    def enter(self, now: datetime) -> None:
        """The same deputy in every post."""
        for post in self.person.appointments.filter(role__in=DEPUTISED).select_related("department"):
            name_deputy(
                by=self.person,
                absent=self.person,
                role=post.role,
                department=post.department,
                deputy=self.deputy,
                first_day=self.first_day,
                last_day=self.last_day,
                now=now,
                on=self.first_day,
            )

    def read_one(self, now: datetime) -> None:
        """Back at their desk, they have begun to read what was done (後閲)."""
        event = unread_events(self.person, now.date()).last()
        if event is not None:
            acknowledge(event_id=event.pk, by=self.person, now=now)
