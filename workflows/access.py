"""Who may do what to which review. `RULES` is the specification: role × stage × action × relation follow from it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from departments.access import Rights, holders, require_administrator, rights, served_departments
from departments.fiscal import fiscal_year_of
from departments.models import PlanAuthor, User
from departments.models.organisation import Permission
from workflows.models import Checkpoint, Review, Stage
from workflows.models.reviews import ReviewQuerySet


class Action(models.TextChoices):
    """What a person can do to a review, beyond reading it."""

    SAVE = "save", _("Save the draft")
    SUBMIT = "submit", _("Submit")
    WITHDRAW = "withdraw", _("Withdraw")
    PASS = "pass", _("Pass on")
    RETURN = "return", _("Return")
    APPROVE = "approve", _("Approve")


@dataclass(frozen=True)
class Rule:
    """An action needs a permission on the review's department and one of the stages.

    `decides`: refused to whoever is or was this year editor or lead of the department. `untouched`: only until the
    person it was submitted to has acted.
    """

    permission: Permission
    stages: frozenset[Stage]
    decides: bool = False
    untouched: bool = False


RULES: dict[Action, tuple[Rule, ...]] = {
    Action.SAVE: (Rule(Permission.DRAFT, frozenset({Stage.PREPARE})),),
    Action.SUBMIT: (Rule(Permission.SUBMIT, frozenset({Stage.PREPARE})),),
    Action.WITHDRAW: (Rule(Permission.SUBMIT, frozenset({Stage.REVIEW, Stage.APPROVE}), untouched=True),),
    Action.PASS: (Rule(Permission.REVIEW, frozenset({Stage.REVIEW}), decides=True),),
    Action.RETURN: (
        Rule(Permission.REVIEW, frozenset({Stage.REVIEW}), decides=True),
        Rule(Permission.APPROVE, frozenset({Stage.APPROVE}), decides=True),
    ),
    Action.APPROVE: (Rule(Permission.APPROVE, frozenset({Stage.APPROVE}), decides=True),),
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


def barred(known: Rights, review: Review) -> bool:
    """Separation of duties: whoever drafts for the department this year, or ever drafted this plan, has no say."""
    return review.plan_id in known.authored or known.served_since(
        review.department_id, date(review.plan.fiscal_year, 4, 1)
    )


def allowed(user: User, review: Review, on: date) -> frozenset[Action]:
    """The actions that the person may take on the review as it stands."""
    return allowed_by(rights(user, on), review)


def allowed_by(known: Rights, review: Review) -> frozenset[Action]:
    """The same for whoever has these rights."""
    return frozenset(action for action, rules in RULES.items() if any(_permits(rule, known, review) for rule in rules))


def _permits(rule: Rule, known: Rights, review: Review) -> bool:
    return (
        review.stage in rule.stages
        and known.has(rule.permission, review.department_id)
        and not (rule.untouched and not review.is_untouched)
        and not (rule.decides and barred(known, review))
    )


def is_barred_from_turn(user: User, review: Review, on: date) -> bool:
    """Whether the person would act next but for the separation of duties."""
    permission, decides = TURN.get(review.stage, (None, False))
    if permission is None or not decides:
        return False
    known = rights(user, on)
    return known.has(permission, review.department_id) and barred(known, review)


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
    review = visible_reviews(user, on).with_names().filter(pk=pk).first()
    if review is None:
        raise Http404
    return review


def board_departments(user: User, on: date) -> frozenset[int]:
    """The departments whose rows the person sees on the board."""
    return rights(user, on).departments(Permission.READ_BOARD)


def waiting_for(user: User, on: date) -> ReviewQuerySet:
    """The open reviews in which the person may act next (マイワーク), most urgent first."""
    known = rights(user, on)
    turn = Q(pk__in=[])
    for stage, (permission, decides) in TURN.items():
        departments = known.departments(permission)
        if departments:
            turn |= Q(stage=stage, department__in=departments) & (_not_barred(known) if decides else Q())
    return Review.objects.open().filter(turn).order_by("due_on", "department__position", "pk")


def _not_barred(known: Rights) -> Q:
    """`barred` in SQL: no plan of theirs; of each department they served, only plans of years after their last day."""
    condition = ~Q(plan__in=known.authored) if known.authored else Q()
    for department_id, last in known.served.items():
        years = Q() if last is None else Q(plan__fiscal_year__lte=fiscal_year_of(last))
        condition &= ~(Q(department=department_id) & years)
    return condition


def actors(reviews: Iterable[Review], on: date) -> dict[int, list[User]]:
    """Review id → the active people who may act next on it, without those whom separation of duties bars.

    A handful of queries, however many reviews. The reviews need `plan` loaded.
    """
    reviews = [review for review in reviews if review.stage in TURN]
    by_permission = {
        permission: holders(permission, {r.department_id for r in reviews if TURN[r.stage][0] == permission}, on)
        for permission in {TURN[review.stage][0] for review in reviews}
    }
    people = {user.pk for found in by_permission.values() for users in found.values() for user in users}
    bars = _bars(people, {review.plan_id for review in reviews}, on)
    return {review.pk: _actors_of(review, by_permission, bars) for review in reviews}


def _bars(people: set[int], plans: set[int], on: date) -> dict[int, Rights]:
    """For each person who could decide: what bars them, as rights without any grant."""
    served = served_departments(people, on)
    authored: dict[int, set[int]] = defaultdict(set)
    for user_id, plan_id in PlanAuthor.objects.filter(user__in=people, plan__in=plans).values_list("user", "plan"):
        authored[user_id].add(plan_id)
    return {pk: Rights(granted={}, served=served[pk], authored=frozenset(authored[pk])) for pk in people}


def _actors_of(
    review: Review,
    by_permission: dict[Permission, dict[int, list[User]]],
    bars: dict[int, Rights],
) -> list[User]:
    permission, decides = TURN[review.stage]
    users = by_permission[permission].get(review.department_id, [])
    if not decides:
        return users
    return [user for user in users if not barred(bars[user.pk], review)]


def get_checkpoint(user: User, pk: int, on: date) -> Checkpoint:
    """A checkpoint for those who keep them, else Http404."""
    require_administrator(user, on)
    checkpoint = Checkpoint.objects.filter(pk=pk).first()
    if checkpoint is None:
        raise Http404
    return checkpoint
