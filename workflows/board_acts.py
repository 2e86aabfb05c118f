"""What the office does to many reviews chosen on the board: what will happen to each, and to which it cannot happen."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from departments.access import Holder, rights
from departments.models import CalendarDay, User
from departments.wording import moment_text
from workflows.access import Action, actors, barred, standing_for
from workflows.models import Review, Stage
from workflows.nudging import nudging_of
from workflows.services.each import Asked
from workflows.standing import is_turn_of
from workflows.wording import DueText, Status, doer_of, due_text, names_text, status_of


@dataclass(frozen=True)
class Choice:
    """One review that was chosen. `people`: who has it; `obstacle`: why it cannot happen to it, empty where it can."""

    review: Review
    status: Status
    due: DueText | None
    people: str
    obstacle: str


def choices_to_nudge(reviews: Sequence[Review], asked: Iterable[Asked], user: User, on: date) -> list[Choice]:
    """The reviews, as the person chose them, each with who would be nudged; a fixed number of queries."""
    known, nudging, people = rights(user, on), nudging_of(reviews, user, on), actors(reviews, on)

    def obstacle(review: Review) -> str:
        if standing_for(Action.NUDGE, known, review) is None or is_turn_of(known, review):
            return _("It is not for you to nudge about this one.")
        last = nudging.last.get(review.pk) if nudging else None
        if last is not None and last.day == on:
            facts = {"who": doer_of(last.event), "at": moment_text(last.event.at)}
            return _("%(who)s has nudged already, %(at)s. Once a day is enough; nudge again tomorrow.") % facts
        if all(holder.user == user for holder in people[review.pk]):
            return _("There is nobody else who has it, so nobody would get the mail.")
        return ""

    return _choices(reviews, asked, people, on, obstacle)


def choices_to_extend(reviews: Sequence[Review], asked: Iterable[Asked], user: User, on: date) -> list[Choice]:
    """The reviews, as the person chose them, each with who would get more time; a fixed number of queries."""
    known = rights(user, on)

    def obstacle(review: Review) -> str:
        if review.stage != Stage.PREPARE:
            return _("It is with the office already, so the department needs no more time.")
        if standing_for(Action.EXTEND, known, review) is not None:
            return ""
        if barred(known, review):
            return _("You work or worked in this department this year, so somebody else has to decide on its plan.")
        return _("You may not do this.")

    return _choices(reviews, asked, actors(reviews, on), on, obstacle)


def _choices(
    reviews: Sequence[Review],
    asked: Iterable[Asked],
    people: dict[int, list[Holder]],
    on: date,
    obstacle: Callable[[Review], str],
) -> list[Choice]:
    tasks, calendar = dict(asked), CalendarDay.objects.calendar()
    return [
        Choice(
            review=review,
            status=status_of(review),
            due=due_text(review.due_on, on, calendar),
            people=names_text(people.get(review.pk, [])),
            obstacle=obstacle(review)
            if review.is_open and review.task_id == tasks[review.pk]
            else _("It has moved on since the board was shown."),
        )
        for review in reviews
    ]
