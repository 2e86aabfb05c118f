"""Who may do what to which review. `RULES` is the specification: role × stage × action × relation follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from departments.access import Holder, Rights, bars, each_once, holders_by, require_administrator, rights
from departments.fiscal import fiscal_year_of
from departments.models import Appointment, Role, User
from departments.models.organisation import Permission
from workflows.models import Checkpoint, Event, Pin, Review, Stage
from workflows.models.reviews import OPEN_STAGES, ReviewQuerySet


class Action(models.TextChoices):
    """What a person can do to a review, beyond reading it."""

    SAVE = "save", _("Save the draft")
    SUBMIT = "submit", _("Submit")
    WITHDRAW = "withdraw", _("Withdraw")
    PASS = "pass", _("Pass on")
    RETURN = "return", _("Return")
    APPROVE = "approve", _("Approve")
    REVOKE = "revoke", _("Revoke the approval")
    EXTEND = "extend", _("Extend the due day")
    NUDGE = "nudge", pgettext_lazy("action", "Nudge")
    CANCEL = "cancel", pgettext_lazy("action", "Cancel")
    PIN = "pin", _("Comment on a place")
    ANSWER = "answer", _("Answer a comment")
    RESOLVE = "resolve", _("Resolve a comment")


@dataclass(frozen=True)
class Rule:
    """An action needs a permission on the review's department and one of the stages.

    `decides`: refused to whoever is or was this year editor or lead of the department. `untouched`: only until the
    person it was submitted to has acted. `running`: only until the checkpoint is closed. `change`: only where a change
    of a plan is reviewed, or only where it is not.
    """

    permission: Permission
    stages: frozenset[Stage]
    decides: bool = False
    untouched: bool = False
    running: bool = False
    change: bool | None = None


PREPARE, REVIEW, APPROVE = (frozenset({stage}) for stage in OPEN_STAGES)
OPEN = frozenset(OPEN_STAGES)
OFFICE = (Rule(Permission.REVIEW, REVIEW, decides=True), Rule(Permission.APPROVE, APPROVE, decides=True))

RULES: dict[Action, tuple[Rule, ...]] = {
    Action.SAVE: (Rule(Permission.DRAFT, PREPARE),),
    Action.SUBMIT: (Rule(Permission.SUBMIT, PREPARE),),
    Action.WITHDRAW: (Rule(Permission.SUBMIT, REVIEW | APPROVE, untouched=True),),
    Action.PASS: (Rule(Permission.REVIEW, REVIEW, decides=True),),
    Action.RETURN: OFFICE,
    Action.APPROVE: (Rule(Permission.APPROVE, APPROVE, decides=True),),
    Action.REVOKE: (Rule(Permission.APPROVE, frozenset({Stage.APPROVED}), decides=True, running=True, change=False),),
    Action.EXTEND: (
        Rule(Permission.REVIEW, PREPARE, decides=True, change=False),
        Rule(Permission.APPROVE, PREPARE, decides=True, change=False),
    ),
    # Whoever has it is asked by the others of the office.
    Action.NUDGE: (
        Rule(Permission.REVIEW, PREPARE | APPROVE),
        Rule(Permission.APPROVE, PREPARE | REVIEW),
    ),
    Action.CANCEL: (
        Rule(Permission.APPROVE, OPEN, decides=True),
        Rule(Permission.SUBMIT, PREPARE, change=True),
    ),
    Action.PIN: OFFICE,
    Action.ANSWER: (Rule(Permission.DRAFT, OPEN), *OFFICE),
    Action.RESOLVE: OFFICE,
}

# Whose turn it is at each stage.
TURN: dict[str, tuple[Permission, bool]] = {
    Stage.PREPARE: (Permission.DRAFT, False),
    Stage.REVIEW: (Permission.REVIEW, True),
    Stage.APPROVE: (Permission.APPROVE, True),
}


class Sight(models.IntegerChoices):
    """How much of a review a person may read; each includes the ones before it."""

    NOTHING = 0
    APPROVED = 1
    SUBMISSIONS = 2
    DRAFT = 3


class Standing(NamedTuple):
    """How a person comes to take an action: by their own right, or in the place of one who is absent (代理)."""

    absent_id: int | None = None


def barred(known: Rights, review: Review) -> bool:
    """Separation of duties: whoever drafts for the department this year, or ever drafted this plan, has no say."""
    return barred_from(known, review.plan_id, review.department_id, review.plan.fiscal_year)


def barred_from(known: Rights, plan_id: int, department_id: int, fiscal_year: int) -> bool:
    """The same for a plan of the department and year, by numbers."""
    return plan_id in known.authored or known.served_since(department_id, date(fiscal_year, 4, 1))


def allowed(user: User, review: Review, on: date) -> frozenset[Action]:
    """The actions that the person may take on the review as it stands."""
    return allowed_by(rights(user, on), review)


def allowed_by(known: Rights, review: Review) -> frozenset[Action]:
    """The same for whoever has these rights."""
    return frozenset(action for action in Action if standing_for(action, known, review) is not None)


def standing_for(action: Action, known: Rights, review: Review) -> Standing | None:
    """Whether whoever has these rights may take the action, and in whose place; their own right comes first."""
    rules = [rule for rule in RULES[action] if _is_open_to(rule, review)]
    for rule in rules:
        if review.department_id in known.own(rule.permission) and not (rule.decides and barred(known, review)):
            return Standing()
    for absent_id, theirs in known.mandates:
        for rule in rules:
            if review.department_id not in theirs.own(rule.permission):
                continue
            if not (rule.decides and (barred(known, review) or barred(theirs, review))):
                return Standing(absent_id)
    return None


def _is_open_to(rule: Rule, review: Review) -> bool:
    """Whether the review stands where the rule allows anything, whoever acts."""
    return (
        review.stage in rule.stages
        and (review.is_untouched or not rule.untouched)
        and (rule.change is None or rule.change == (review.change_number > 0))
        and (not rule.running or review.checkpoint.is_running)
    )


def is_barred_from_turn(user: User, review: Review, on: date) -> bool:
    """Whether the person would act next but for the separation of duties."""
    permission, decides = TURN.get(review.stage, (None, False))
    if permission is None or not decides:
        return False
    known = rights(user, on)
    if review.department_id in known.own(permission):
        return barred(known, review)
    places = [theirs for _absent, theirs in known.mandates if review.department_id in theirs.own(permission)]
    return bool(places) and (barred(known, review) or all(barred(theirs, review) for theirs in places))


def sight(user: User, review: Review, on: date) -> Sight:
    """How much of the review the person may read."""
    return sight_by(rights(user, on), review)


def sight_by(known: Rights, review: Review) -> Sight:
    """The same for whoever has these rights."""
    if known.has(Permission.READ_DRAFTS, review.department_id):
        return Sight.DRAFT
    if known.has(Permission.READ_SUBMISSIONS, review.department_id):
        return Sight.SUBMISSIONS
    if known.has(Permission.READ_APPROVED, review.department_id) and review.stage == Stage.APPROVED:
        return Sight.APPROVED
    return Sight.NOTHING


def visible_reviews(user: User, on: date) -> ReviewQuerySet:
    """The reviews whose pages open for the person; the same condition as `sight`, in SQL."""
    known = rights(user, on)
    whole = known.departments(Permission.READ_DRAFTS) | known.departments(Permission.READ_SUBMISSIONS)
    return Review.objects.filter(
        Q(department__in=whole) | Q(department__in=known.departments(Permission.READ_APPROVED), stage=Stage.APPROVED)
    )


def get_review(user: User, pk: int, on: date) -> Review:
    """The review with all its page needs, or Http404."""
    found = visible_reviews(user, on).with_names().select_related("saved_by", "plan__saved_by")
    review = found.filter(pk=pk).first()
    if review is None:
        raise Http404
    return review


def get_pin(user: User, pk: int, on: date) -> Pin:
    """A comment on what was submitted, its `review` with all that pages need, or Http404."""
    found = Pin.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    found.review = get_review(user, found.review_id, on)
    if sight(user, found.review, on) <= Sight.APPROVED:
        raise Http404
    return found


def board_departments(user: User, on: date) -> frozenset[int]:
    """The departments whose rows the person sees on the board."""
    return rights(user, on).departments(Permission.READ_BOARD)


def register_departments(user: User, on: date) -> frozenset[int]:
    """The departments whose register the person reads: those whose submissions they read."""
    return rights(user, on).departments(Permission.READ_SUBMISSIONS)


def nudges_anybody(known: Rights) -> bool:
    """Whether there is any department that whoever has these rights may ask to go on (催促)."""
    return any(known.anywhere(rule.permission) for rule in RULES[Action.NUDGE])


def extends_anybody(known: Rights) -> bool:
    """Whether there is any department whose due day whoever has these rights may extend (期限延長)."""
    return any(known.anywhere(rule.permission) for rule in RULES[Action.EXTEND])


def done_in_place_of(user: User, on: date) -> QuerySet[Event]:
    """All that was ever done in the person's place (代決・代理), where they still read what is submitted."""
    known = rights(user, on)
    readable = known.departments(Permission.READ_DRAFTS) | known.departments(Permission.READ_SUBMISSIONS)
    return Event.objects.filter(on_behalf_of=user.pk, review__department__in=readable)


def waiting_for(user: User, on: date) -> ReviewQuerySet:
    """The open reviews in which the person may act next (マイワーク), most urgent first."""
    known = rights(user, on)
    turn = Q(pk__in=[])
    for stage, (permission, decides) in TURN.items():
        if own := known.own(permission):
            turn |= Q(stage=stage, department__in=own) & (_not_barred(known) if decides else Q())
        for _absent_id, theirs in known.mandates:
            if departments := theirs.own(permission):
                neither = _not_barred(known) & _not_barred(theirs) if decides else Q()
                turn |= Q(stage=stage, department__in=departments) & neither
    return Review.objects.open().filter(turn).order_by("due_on", "department__position", "pk")


def _not_barred(known: Rights) -> Q:
    """`barred` in SQL: no plan of theirs; of each department they served, only plans of years after their last day."""
    condition = ~Q(plan__in=known.authored) if known.authored else Q()
    for department_id, last in known.served.items():
        years = Q() if last is None else Q(plan__fiscal_year__lte=fiscal_year_of(last))
        condition &= ~(Q(department=department_id) & years)
    return condition


def actors(reviews: Iterable[Review], on: date) -> dict[int, list[Holder]]:
    """Review id → the active people who may act next on it, without those whom separation of duties bars.

    A handful of queries, however many reviews. The reviews need `plan` loaded.
    """
    reviews = [review for review in reviews if review.stage in TURN]
    if not reviews:
        return {}
    permissions = {TURN[review.stage][0] for review in reviews}
    by_permission = holders_by(permissions, {review.department_id for review in reviews}, on)
    found = [holder for holders in by_permission.values() for people in holders.values() for holder in people]
    people = {person.pk for holder in found for person in holder if person is not None}
    decided = any(TURN[review.stage][1] for review in reviews)
    barring = bars(people, on) if decided else {}
    return {review.pk: list(each_once(_actors_of(review, by_permission, barring))) for review in reviews}


def _actors_of(
    review: Review,
    by_permission: dict[str, dict[int, list[Holder]]],
    barring: dict[int, Rights],
) -> list[Holder]:
    permission, decides = TURN[review.stage]
    found = by_permission[permission].get(review.department_id, [])
    if not decides:
        return found
    return [
        holder
        for holder in found
        if not any(barred(barring[person.pk], review) for person in holder if person is not None)
    ]


def candidates(reviews: Iterable[Review], on: date) -> dict[int, list[User]]:
    """Review id → who could be appointed to decide on it next, where nobody is left who may.

    Active people with an office or executive post somewhere, whom nothing bars. Three queries, however many reviews.
    """
    reviews = list(reviews)
    posts = Appointment.objects.in_force(on).filter(role__in=[Role.REVIEWER, Role.APPROVER, Role.EXECUTIVE])
    people = list(User.objects.filter(pk__in=posts.values("user")).order_by("username"))
    barring = bars([user.pk for user in people], on)
    return {review.pk: [user for user in people if not barred(barring[user.pk], review)] for review in reviews}


def get_checkpoint(user: User, pk: int, on: date) -> Checkpoint:
    """A checkpoint for those who keep them, else Http404."""
    require_administrator(user, on)
    checkpoint = Checkpoint.objects.rounds().filter(pk=pk).first()
    if checkpoint is None:
        raise Http404
    return checkpoint
