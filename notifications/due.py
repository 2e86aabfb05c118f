"""Who is reminded of what: decided from the rules and the open reviews as they stand, never stored ahead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar

from django.db.models import Q

from departments.fiscal import BusinessCalendar
from departments.models import CalendarDay
from notifications.audiences import Cast, Subject
from notifications.models import Audience, Occasion, ReminderRule
from notifications.moments import last_moment, midnight
from workflows.models import Review
from workflows.models.reviews import ReviewQuerySet

CLOSENESS = {audience: at for at, audience in enumerate(Audience.values)}


class RuleDay(NamedTuple):
    """A day on which a rule wants its audience reminded. `days`: business days after the due day, negative before."""

    day: date
    days: int
    audience: str
    text: str


class Due(NamedTuple):
    """An open review, as lean as a million of them ask for."""

    review_id: int
    task_id: int
    stage: str
    due_on: date
    stage_since: datetime
    department_id: int
    plan_id: int
    fiscal_year: int


Of = TypeVar("Of", bound=Subject)


class Reminder(NamedTuple, Generic[Of]):
    """That somebody is reminded of a review by a rule day. `asks`: it is their turn; else it is for information."""

    due: Of
    rule_day: RuleDay
    asks: bool


Rules = Mapping[str, Sequence[ReminderRule]]  # stage → its rules
Found = dict[tuple[str, date], list[RuleDay]]  # stage and due day → the rule days to remind of


def reminders(
    today: date, *, since: date | None, calendar: BusinessCalendar | None = None
) -> dict[int, list[Reminder[Due]]]:
    """Person id → what they are reminded of today, most urgent first; `since` is the day of the last run.

    Rule days since then count, the newest of each audience. Of one review a person is told once.
    """
    calendar = calendar or CalendarDay.objects.calendar()
    rules = by_step(ReminderRule.objects.filter(occasion=Occasion.DUE))
    found = due_today(today, since, rules, calendar)
    if not found:
        return {}
    reviews = _reviews(found)
    audiences = {rule_day.audience for rule_days in found.values() for rule_day in rule_days}
    stages = {stage for stage, _due_on in found}
    cast = Cast(reviews.order_by().values("department"), audiences=audiences, stages=stages, on=today)
    told: dict[int, list[Reminder[Due]]] = defaultdict(list)
    moments = _Moments(today)
    for due in map(Due._make, reviews.values_list(*COLUMNS)):
        rule_days = [each for each in found[due.stage, due.due_on] if moments.was_waiting(due.stage_since, each.day)]
        for user_id, reminder in told_of(due, rule_days, cast):
            told[user_id].append(reminder)
    return told


def told_of(due: Of, rule_days: Iterable[RuleDay], cast: Cast) -> Iterable[tuple[int, Reminder[Of]]]:
    """Everybody to remind of the review, each with the first of the rule days that is for them."""
    found: dict[int, Reminder[Of]] = {}
    turn: set[int] | None = None
    for rule_day in rule_days:
        turn = cast.turn(due) if turn is None else turn
        for user_id in cast.told(rule_day.audience, due):
            if user_id not in found:
                found[user_id] = Reminder(due, rule_day, asks=user_id in turn)
    return found.items()


def by_step(rules: Iterable[ReminderRule]) -> Rules:
    """Stage → its rules."""
    found: dict[str, list[ReminderRule]] = defaultdict(list)
    for rule in rules:
        found[rule.step].append(rule)
    return found


def rule_days(rules: Iterable[ReminderRule], due_on: date, until: date, calendar: BusinessCalendar) -> list[RuleDay]:
    """All rule days of what is due then, up to a day and in order; on one day, the more particular rule last."""
    found = []
    for rule in rules:
        day, days = calendar.add(due_on, rule.days), rule.days
        while day <= until:
            found.append((day, rule.days, RuleDay(day, days, rule.audience, rule.text)))
            if rule.repeats is None:
                break
            day, days = calendar.add(day, rule.repeats), days + rule.repeats
    return [rule_day for _day, _days, rule_day in sorted(found)]


def newest(rule_days: Iterable[RuleDay], since: date | None) -> list[RuleDay]:
    """The last rule day of each audience, where it came after the day of the last run.

    The newest come first; of one day's, those who are closest to the work.
    """
    last = {rule_day.audience: rule_day for rule_day in rule_days}
    fresh = [rule_day for rule_day in last.values() if since is None or rule_day.day > since]
    return sorted(fresh, key=lambda each: (-each.day.toordinal(), CLOSENESS[each.audience]))


def due_today(today: date, since: date | None, rules: Rules, calendar: BusinessCalendar) -> Found:
    """What is to be reminded of today: stage and due day of open reviews → the newest rule day of each audience."""
    farthest = max((-rule.days for each in rules.values() for rule in each), default=0)
    until = calendar.add(today, max(farthest, 0))
    due_days = Review.objects.open().filter(due_on__lte=until).order_by().values_list("stage", "due_on").distinct()
    found = {
        (stage, due_on): newest(rule_days(rules.get(stage, ()), due_on, today, calendar), since)
        for stage, due_on in due_days
        if due_on is not None
    }
    return {key: days for key, days in found.items() if days}


COLUMNS = ("pk", "task", "stage", "due_on", "stage_since", "department", "plan", "plan__fiscal_year")


def _reviews(found: Found) -> ReviewQuerySet:
    """The open reviews at one of the stages on one of its due days, most urgent first."""
    by_stage: dict[str, list[date]] = defaultdict(list)
    for stage, due_on in found:
        by_stage[stage].append(due_on)
    condition = Q(pk__in=[])
    for stage, due_days in by_stage.items():
        condition |= Q(stage=stage, due_on__in=due_days)
    return Review.objects.open().filter(condition).order_by("due_on", "pk")


class _Moments:
    """Whether a task is older than a rule day: who got it that day or later knows of it already.

    A task that began after today is one that a run for a past day meets; such a run takes it as it stands.
    """

    def __init__(self, today: date) -> None:
        self._last = last_moment(today)
        self._midnights: dict[date, datetime] = {}

    def was_waiting(self, stage_since: datetime, day: date) -> bool:
        if day not in self._midnights:
            self._midnights[day] = midnight(day)
        return stage_since < self._midnights[day] or stage_since > self._last
