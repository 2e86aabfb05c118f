"""Each action as its page sends it."""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from viewflow.workflow.models import Task

from departments.forms.plan import fields_of
from tests.workflows.moves import CAUSE, LATER, NOTE, REASON, entries, now_of
from workflows.access import Action, Sight
from workflows.matrix import State
from workflows.models import Outcome, Review

OUTCOMES = {Action.PASS: Outcome.PASSED, Action.RETURN: Outcome.RETURNED, Action.APPROVE: Outcome.APPROVED}


def sent(review: Review, action: Action) -> tuple[str, dict[str, Any]]:
    """The address and the form of the page as it shows the review; after its end, with the last task it had."""
    review = now_of(review)
    task_id = review.task_id or Task.objects.filter(process=review.process_id).latest("pk").pk
    if action == Action.SAVE and review.checkpoint.is_change:
        return reverse("proposal", args=[review.pk]), _proposal(review, task_id)
    if action in (Action.SAVE, Action.SUBMIT):
        return reverse("prepare", args=[review.pk]), {
            "action": action.value,
            "task": task_id,
            "version": review.draft_version,
            "unchanged": "yes",
            **_sheet(review),
        }
    if action in OUTCOMES:
        comment = REASON if action == Action.RETURN else ""
        form = {"task": task_id, "outcome": OUTCOMES[action].value, "comment": comment}
        return reverse("decide", args=[review.pk]), form
    if action in (Action.ANSWER, Action.RESOLVE):
        route = "pin_answer" if action == Action.ANSWER else "pin_resolve"
        text = "追記しました。" if action == Action.ANSWER else ""
        pin = review.pins.latest("pk").pk
        return reverse(route, args=[pin]), {"task": task_id, f"answer-{pin}-text": text}
    forms: dict[Action, tuple[str, dict[str, Any]]] = {
        Action.WITHDRAW: ("withdraw", {}),
        Action.PIN: ("pin_add", {"card": "", "pin-whole-target": "", "pin-whole-text": "目標との差を書いてください。"}),
        Action.REVOKE: ("revoke", {"round": review.round, "reason": REASON}),
        Action.NUDGE: ("nudge", {"note": NOTE}),
        Action.EXTEND: ("extend", {"to": LATER.isoformat(), "due": str(review.due_on), "reason": REASON}),
        Action.CANCEL: ("cancel", {"reason": REASON}),
    }
    route, form = forms[action]
    return reverse(route, args=[review.pk]), {"task": task_id, **form}


def refusal(action: Action, state: State, sight: Sight) -> int:
    """The status of the answer to whoever may not take the action: 404, 403, or 409 where it came too late.

    What was said about a review's places is not there for readers of approved reports.
    """
    if sight == Sight.NOTHING or (action in (Action.ANSWER, Action.RESOLVE) and sight == Sight.APPROVED):
        return 404
    if action == Action.REVOKE:
        return 403 if state in (State.APPROVED, State.APPROVED_CLOSED, State.CHANGE_APPROVED) else 409
    return 403 if state.stage.is_open else 409


def _proposal(review: Review, task_id: int) -> dict[str, Any]:
    """The plan as it stands in the draft of its change, with another summary."""
    draft = replace(review.proposal.draft, summary="窓口をやめてオンラインに一本化する。")
    fields = {name: "" if value is None else value for name, value in fields_of(draft).items()}
    return {"task": task_id, "version": review.version, "reason": CAUSE, **fields}


def _sheet(review: Review) -> dict[str, Any]:
    """What a department types about its measures: complete, and not what the draft says."""
    typed: dict[str, Any] = {}
    for pk, entry in entries(review, done="七月から始めた。").items():
        typed |= {f"m{pk}-progress": entry.progress.code, f"m{pk}-percent": 60, f"m{pk}-done": entry.done}
        typed |= {f"m{pk}-issue": "", f"m{pk}-next_step": ""}
    return typed
