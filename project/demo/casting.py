"""How far each review of the demo city gets: the same parts in every city, handed out by chance."""

from collections.abc import Iterable
from enum import Enum
from random import Random

from project.demo.texts import PlanText
from project.demo.timeline import DemoStage

PlanKey = tuple[str, str]


class Move(Enum):
    """One thing somebody does to a review."""

    BEGIN = "begin"  # save half of the draft
    SAVE_THIN = "save_thin"  # save it whole, with the text that the office will not accept
    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    PASS = "pass"  # noqa: S105
    RETURN = "return"
    APPROVE = "approve"
    NUDGE = "nudge"
    EXTEND = "extend"
    CANCEL = "cancel"
    REVOKE = "revoke"


_RETURNED = (Move.SAVE_THIN, Move.SUBMIT, Move.RETURN)
_RETURNED_LATE = (Move.SAVE_THIN, Move.SUBMIT, Move.PASS, Move.RETURN)


class Part(Enum):
    """The course that one review has taken until today."""

    UNTOUCHED = []  # not (): early releases of Python 3.11 lose an empty tuple that is the value of a member
    DRAFTING = (Move.BEGIN,)
    NUDGED = (Move.BEGIN, Move.NUDGE)
    EXTENDED = (Move.BEGIN, Move.EXTEND)
    CANCELLED = (Move.BEGIN, Move.CANCEL)
    WITHDRAWN = (Move.SAVE, Move.SUBMIT, Move.WITHDRAW)
    SUBMITTED = (Move.SAVE, Move.SUBMIT)
    RETURNED = _RETURNED
    RETURNED_BY_APPROVER = _RETURNED_LATE
    RESUBMITTED = (*_RETURNED, Move.SAVE, Move.SUBMIT)
    PASSED = (*SUBMITTED, Move.PASS)
    APPROVED = (*PASSED, Move.APPROVE)
    REVOKED = (*APPROVED, Move.REVOKE)
    APPROVED_AFTER_RETURN = (*RESUBMITTED, Move.PASS, Move.APPROVE)
    APPROVED_AFTER_LATE_RETURN = (*_RETURNED_LATE, Move.SAVE, Move.SUBMIT, Move.APPROVE)

    @property
    def needs_slip(self) -> bool:
        """Whether it holds a text that is returned, which not every plan has."""
        return Move.SAVE_THIN in self.value


# How many reviews play which part; all others play the last one named.
PAST_PLANS = {Part.APPROVED_AFTER_RETURN: 4, Part.APPROVED_AFTER_LATE_RETURN: 1, Part.APPROVED: 0}
PAST_REPORTS = {Part.APPROVED_AFTER_RETURN: 3, Part.APPROVED_AFTER_LATE_RETURN: 1, Part.APPROVED: 0}
RUNNING: dict[DemoStage, dict[Part, int]] = {
    DemoStage.PLANNING: {
        Part.RETURNED: 2,
        Part.RETURNED_BY_APPROVER: 1,
        Part.RESUBMITTED: 2,
        Part.APPROVED: 4,
        Part.PASSED: 3,
        Part.SUBMITTED: 7,
        Part.UNTOUCHED: 4,
        Part.DRAFTING: 0,
    },
    DemoStage.OPEN: {Part.DRAFTING: 3, Part.UNTOUCHED: 0},
    DemoStage.REVIEW: {
        Part.RETURNED: 2,
        Part.RETURNED_BY_APPROVER: 1,
        Part.RESUBMITTED: 2,
        Part.APPROVED_AFTER_RETURN: 2,
        Part.APPROVED: 6,
        Part.PASSED: 4,
        Part.SUBMITTED: 5,
        Part.WITHDRAWN: 1,
        Part.UNTOUCHED: 2,
        Part.NUDGED: 1,
        Part.EXTENDED: 1,
        Part.CANCELLED: 1,
        Part.REVOKED: 1,
        Part.DRAFTING: 0,
    },
    DemoStage.OVERDUE: {
        Part.RETURNED: 2,
        Part.RETURNED_BY_APPROVER: 1,
        Part.APPROVED: 3,
        Part.PASSED: 1,
        Part.SUBMITTED: 4,
        Part.UNTOUCHED: 8,
        Part.DRAFTING: 0,
    },
    DemoStage.CLOSED: {
        Part.RETURNED: 1,
        Part.UNTOUCHED: 1,
        Part.APPROVED_AFTER_RETURN: 3,
        Part.APPROVED_AFTER_LATE_RETURN: 1,
        Part.APPROVED: 0,
    },
}

# So that each memorable account finds something to do whatever chance says.
FIXED: dict[DemoStage, dict[PlanKey, Part]] = {
    DemoStage.PLANNING: {("koseki", "execution"): Part.RETURNED, ("koseki", "action"): Part.DRAFTING},
    DemoStage.OPEN: {("koseki", "action"): Part.DRAFTING},
    DemoStage.REVIEW: {
        ("koseki", "execution"): Part.RETURNED,
        ("koseki", "action"): Part.DRAFTING,
        ("hoiku", "execution"): Part.APPROVED,
        ("hoiku", "action"): Part.SUBMITTED,
        ("dx", "execution"): Part.PASSED,
        ("joho", "execution"): Part.APPROVED,
        ("jinji", "execution"): Part.APPROVED,
        ("zaisei", "execution"): Part.APPROVED,
        ("kaigo", "execution"): Part.SUBMITTED,
    },
    DemoStage.OVERDUE: {("koseki", "execution"): Part.RETURNED, ("koseki", "action"): Part.DRAFTING},
    DemoStage.CLOSED: {("koseki", "execution"): Part.APPROVED_AFTER_RETURN},
}


def cast(
    plans: Iterable[PlanText],
    counts: dict[Part, int],
    fixed: dict[PlanKey, Part],
    chance: Random,
    *,
    reports: bool,
) -> dict[PlanKey, Part]:
    """A part for every plan; parts with a return go to plans that have something to return."""
    slips = {plan.key: (plan.thin if reports else plan.vague) is not None for plan in plans}
    open_keys = [key for key in slips if key not in fixed]
    chance.shuffle(open_keys)
    given = dict(fixed)
    rest = list(counts)[-1]
    for part, count in counts.items():
        taken = list(fixed.values()).count(part)
        able = [key for key in open_keys if slips[key] or not part.needs_slip]
        for key in able[: max(0, count - taken)]:
            given[key] = part
            open_keys.remove(key)
    given.update(dict.fromkeys(open_keys, rest))
    return {key: given[key] for key in slips}
