"""The preview of reminders as its pages show it: day by day, who would get a mail and why."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from departments.models import ActionPlan, User
from notifications.due import Reminder
from notifications.models import Audience
from notifications.preview import Foreseen, Mails
from notifications.wording import when_text
from workflows.models import Checkpoint

PEOPLE_OF_A_PAGE = 50  # at least, for a page holds whole days
MOST_NAMES = 10


@dataclass(frozen=True)
class Why:
    """One reason for a mail: what is due, which rule says so, the first of the plans; `asks`: the reader has to act."""

    checkpoint: str
    when: str
    audience: str
    asks: bool
    plans: Sequence[str]
    more: int


@dataclass(frozen=True)
class Addressee:
    name: str
    reasons: Sequence[Why]


@dataclass(frozen=True)
class Day:
    """A day and who gets a mail on it, by name."""

    day: date
    people: Sequence[Addressee]


@dataclass(frozen=True)
class DayOfRule:
    """A day of one rule: how many get a mail by it, and the first of their names."""

    day: date
    count: int
    names: Sequence[str]

    @property
    def more(self) -> int:
        return self.count - len(self.names)


class Names:
    """What the numbers of a preview are called: three queries, however many."""

    def __init__(self, mails: Mails) -> None:
        reviews = {each.due for people in mails.values() for theirs in people.values() for each in theirs}
        years = {review.fiscal_year for review in reviews}
        plans = ActionPlan.objects.filter(fiscal_year__in=years).select_related("department")
        self.plans = {plan.pk: (plan.department.name, plan.get_kind_display()) for plan in plans} if years else {}
        kinds = Checkpoint.objects.in_bulk({review.checkpoint_id for review in reviews})
        self.checkpoints = {pk: _occasion(checkpoint) for pk, checkpoint in kinds.items()}
        self.people = {user.pk: user.name for user in User.objects.filter(is_active=True).only("name")}


def _occasion(checkpoint: Checkpoint) -> str:
    return str(checkpoint.get_kind_display() if checkpoint.is_change else checkpoint)


def narrowed(mails: Mails, names: Names, words: str, month: date | None) -> Mails:
    """The mails of one month, and of each what all the words are about: the person or the department."""
    wanted = words.casefold().split()
    days = {day: people for day, people in mails.items() if month is None or day.replace(day=1) == month}
    if not wanted:
        return days
    is_about = _about(names, wanted)
    found: Mails = {}
    for day, people in days.items():
        told = {pk: [each for each in theirs if is_about(pk, each.due.plan_id)] for pk, theirs in people.items()}
        found[day] = {pk: theirs for pk, theirs in told.items() if theirs}
    return {day: people for day, people in found.items() if people}


def _about(names: Names, words: Iterable[str]) -> Callable[[int, int], bool]:
    @cache
    def is_about(user_id: int, plan_id: int) -> bool:
        name = names.people[user_id]
        together = "".join(name.split())  # 田中悠人 is 田中 悠人
        text = f"{name} {together} {names.plans[plan_id][0]}".casefold()
        return all(word in text for word in words)

    return is_about


def pages(mails: Mails) -> list[list[date]]:
    """The days of each page: as many as it takes to fill it."""
    found: list[list[date]] = []
    room = 0
    for day, people in mails.items():
        if room <= 0:
            found.append([])
            room = PEOPLE_OF_A_PAGE
        found[-1].append(day)
        room -= len(people)
    return found


def shown(mails: Mails, days: Iterable[date], names: Names) -> list[Day]:
    """These days in words."""
    return [
        Day(day, sorted((_addressee(*told, names) for told in mails[day].items()), key=lambda each: each.name))
        for day in days
    ]


def _addressee(user_id: int, reminders: Iterable[Reminder[Foreseen]], names: Names) -> Addressee:
    plans: dict[tuple[str, str, str, bool], list[str]] = defaultdict(list)
    for reminder in reminders:
        said = (
            names.checkpoints[reminder.due.checkpoint_id],
            when_text(reminder.due.stage, reminder.rule_day.days),
            str(Audience(reminder.rule_day.audience).label),
            reminder.asks,
        )
        plans[said].append(" ".join(names.plans[reminder.due.plan_id]))
    whys = [Why(*said, plans=about[:MOST_NAMES], more=len(about[MOST_NAMES:])) for said, about in plans.items()]
    return Addressee(names.people[user_id], whys)


def days_of_rule(mails: Mails, names: Names) -> list[DayOfRule]:
    """The mails that one rule brings, in short."""
    return [
        DayOfRule(day, len(people), sorted(names.people[pk] for pk in people)[:MOST_NAMES])
        for day, people in mails.items()
    ]
