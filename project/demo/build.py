"""Building the whole demo city at once."""

from datetime import date
from random import Random

from django.db import transaction

from departments.models import CalendarDay
from departments.projection import rebuild_access
from project.demo.city import build_calendar, build_departments
from project.demo.people import build_people
from project.demo.plans import build_plans
from project.demo.texts import read_texts
from project.demo.timeline import DemoStage
from project.demo.year import Year


@transaction.atomic
def build(*, stage: DemoStage, today: date, seed: int) -> None:
    """Build the city at a stage of its year, around today: all of it or nothing. Same arguments, same rows."""
    texts = read_texts()
    build_calendar()
    departments = build_departments(today)
    staff = build_people(departments, today)
    plans = build_plans(departments, texts, staff.users["admin"])
    Year(
        stage=stage,
        today=today,
        calendar=CalendarDay.objects.calendar(),
        staff=staff,
        texts=texts,
        plans=plans,
        chance=Random(seed),  # noqa: S311 - a demo that can be built again, not a secret
    ).play()
    rebuild_access(today)
