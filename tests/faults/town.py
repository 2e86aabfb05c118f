"""A town in which everybody is to be reminded today: one department, one lead and one open review for each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from bench.city import write_drafts, write_measures
from departments.models import ActionPlan, Appointment, Department, Role, User
from departments.models.plans import PlanKind, PlanState
from departments.projection import rebuild_access
from tests.faults.shifted import DAY
from workflows.models import Checkpoint, CheckpointKind, PendingEvent, Review
from workflows.services.checkpoints import open_checkpoint

BATCH = 500


@dataclass(frozen=True)
class Town:
    """`leads`: who is reminded. `ready`: the reviews, with `department` loaded, that can be submitted as they stand."""

    leads: list[User]
    ready: list[Review]


def build_town(people: int, ready: int) -> Town:
    """So many people to remind; the reviews of `ready` of them, spread evenly, have complete drafts."""
    root = Department.objects.create(code="town", name="町")
    departments = Department.objects.bulk_create(
        (Department(code=f"d{number}", name=f"第{number}課", parent=root) for number in range(people)), BATCH
    )
    leads = User.objects.bulk_create(
        (User(username=f"p{at}", name=f"職員{at}", email=f"p{at}@town.example") for at in range(people)), BATCH
    )
    reviewer = User.objects.create(username="reviewer", name="審査", email="reviewer@town.example")
    posts = [(lead, department, Role.LEAD) for lead, department in zip(leads, departments, strict=True)]
    posts.append((reviewer, root, Role.REVIEWER))
    Appointment.objects.bulk_create(
        (
            Appointment(user=user, department=department, role=role, valid_from=date(2026, 4, 1))
            for user, department, role in posts
        ),
        BATCH,
    )
    rebuild_access(DAY)
    return Town(leads, _open_reviews(departments, ready))


def _open_reviews(departments: Iterable[Department], ready: int) -> list[Review]:
    """Open a review of each, due tomorrow; nobody is told that they opened, so that reminders are all there is."""
    plans = ActionPlan.objects.bulk_create(
        (
            ActionPlan(department=department, fiscal_year=2026, kind=PlanKind.EXECUTION, state=PlanState.APPROVED)
            for department in departments
        ),
        BATCH,
    )
    chosen = plans[:: len(plans) // ready] if ready else []
    if chosen:
        write_measures(chosen)
    checkpoint = Checkpoint.objects.create(
        fiscal_year=2026,
        kind=CheckpointKind.Q2,
        as_of=date(2026, 9, 30),
        opens_on=date(2026, 9, 28),
        submit_due=DAY + timedelta(days=1),
        review_due=date(2026, 10, 21),
        approve_due=date(2026, 10, 28),
        closes_on=date(2026, 11, 30),
    )
    open_checkpoint(checkpoint=checkpoint, by=None, now=timezone.now() - timedelta(days=10))
    PendingEvent.objects.all().delete()
    reviews = list(Review.objects.filter(plan__in=chosen).select_related("plan", "department"))
    if reviews:
        write_drafts(reviews)
    return reviews
