"""Who would be reminded of what on which day, if nobody did anything for the rest of the fiscal year.

Running checkpoints are taken as they stand; of the others, every plan of the year is taken to be there and not handed
in, and each to be opened and closed on its days. People, business days and due days are those of today; deputies and
pauses are left aside.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils import timezone

from departments.fiscal import BusinessCalendar, fiscal_year_of
from departments.models import ActionPlan, CalendarDay, Department
from notifications.audiences import Cast
from notifications.due import Reminder, RuleDay, Rules, by_step, newest, rule_days, told_of
from notifications.models import ReminderRule, ReminderRun
from workflows.models import Checkpoint, Review, Stage


class Foreseen(NamedTuple):
    """A review that is open, or will be: it waits in the stage from the day after `since` up to and with `until`."""

    plan_id: int
    department_id: int
    fiscal_year: int
    checkpoint_id: int
    stage: str
    due_on: date
    since: date
    until: date


Mails = dict[date, dict[int, list[Reminder[Foreseen]]]]  # day → person id → what their mail is about, most urgent first


def preview(rules: Iterable[ReminderRule], today: date) -> Mails:
    """All mails of the day that these rules would bring until the end of the fiscal year, in order of days."""
    rules, calendar = list(rules), CalendarDay.objects.calendar()
    year_end = date(fiscal_year_of(today) + 1, 3, 31)
    last_run = ReminderRun.objects.last_before(today + timedelta(days=1))
    run_days = _run_days(today + timedelta(days=last_run == today), year_end, calendar)
    reviews = foreseen(today, year_end)
    cast = Cast(
        Department.objects.order_by().values("pk"),
        audiences={rule.audience for rule in rules},
        stages=[Stage.PREPARE, Stage.REVIEW, Stage.APPROVE],
        on=today,
        own_rights_only=True,
    )
    timetable = _timetable(reviews, by_step(rules), run_days, last_run, calendar)
    mails: Mails = {day: defaultdict(list) for day in run_days}
    for review in reviews:
        for day, wanted in timetable[review.stage, review.due_on].items():
            if day <= review.until:
                late_enough = [each for each in wanted if review.since < each.day]
                for user_id, reminder in told_of(review, late_enough, cast):
                    mails[day][user_id].append(reminder)
    return {day: people for day, people in mails.items() if people}


def foreseen(today: date, year_end: date) -> list[Foreseen]:
    """What is open or will be opened until then, most urgent first."""
    return sorted([*_open(today, year_end), *_to_be_opened(today, year_end)], key=lambda review: review.due_on)


def _open(today: date, year_end: date) -> Iterable[Foreseen]:
    columns = ("plan", "department", "plan__fiscal_year", "checkpoint", "stage", "due_on")
    rows = Review.objects.open().order_by("pk").values_list(*columns, "stage_since", "checkpoint__closes_on")
    for *facts, since, closes_on in rows:
        # What should have been closed by now, and is not, stays as it is.
        yield Foreseen._make([*facts, timezone.localdate(since), closes_on if closes_on >= today else year_end])


def _to_be_opened(today: date, year_end: date) -> Iterable[Foreseen]:
    coming = Checkpoint.objects.rounds().filter(opened_at=None, opens_on__lte=year_end, closes_on__gte=today)
    plans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    years = {checkpoint.fiscal_year for checkpoint in coming}
    rows = ActionPlan.objects.filter(fiscal_year__in=years).order_by("pk")
    for pk, department_id, year in rows.values_list("pk", "department", "fiscal_year"):
        plans[year].append((pk, department_id))
    for checkpoint in coming:
        for plan_id, department_id in plans[checkpoint.fiscal_year]:
            yield Foreseen(
                plan_id,
                department_id,
                checkpoint.fiscal_year,
                checkpoint.pk,
                stage=Stage.PREPARE,
                due_on=checkpoint.submit_due,
                since=max(checkpoint.opens_on, today),
                until=checkpoint.closes_on,
            )


def _run_days(first: date, last: date, calendar: BusinessCalendar) -> list[date]:
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return [day for day in days if calendar.is_business_day(day)]


def _timetable(
    reviews: Iterable[Foreseen],
    rules: Rules,
    run_days: Sequence[date],
    last_run: date | None,
    calendar: BusinessCalendar,
) -> Mapping[tuple[str, date], dict[date, list[RuleDay]]]:
    """Stage and due day → the rule days that each day's run would go by."""
    found = {}
    for stage, due_on in {(review.stage, review.due_on) for review in reviews}:
        by_run: dict[date, list[RuleDay]] = defaultdict(list)
        for each in rule_days(rules.get(stage, ()), due_on, run_days[-1], calendar) if run_days else ():
            if last_run is None or each.day > last_run:
                by_run[run_days[bisect_left(run_days, each.day)]].append(each)
        found[stage, due_on] = {day: newest(wanted, None) for day, wanted in by_run.items()}
    return found
