"""一括処理: passing on or approving many reviews at once, those in which nothing changed that has to be looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from departments.access import rights
from departments.models.organisation import Permission
from workflows.access import visible_reviews
from workflows.bulk import Item, bulk_items, deciding
from workflows.errors import Stale
from workflows.models import Review, Stage
from workflows.services.bulk import Ticked, decide_in_bulk
from workflows.services.each import Result
from workflows.views.refusals import sent_numbers
from workflows.wording import OUTCOMES, Status, told

AT_ONCE = 200


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """What waits for me to pass on or approve, what of it may go together; then what became of each that was ticked."""
    known = rights(request.user, timezone.localdate())
    if not (known.anywhere(Permission.REVIEW) or known.anywhere(Permission.APPROVE)):
        raise Http404
    if request.method != "POST":
        return _page(request)
    action = request.POST.get("action")
    ticked = _ticked(request)
    if action in (Stage.REVIEW, Stage.APPROVE):
        return _page(request, all_of=action)
    if action != "decide":
        raise BadRequest("unknown action")
    if not ticked:
        return _page(request, error=_("Nothing is chosen. Tick at least one."))
    if len(ticked) > AT_ONCE:
        return _page(request, error=_("Choose at most %(n)d at once. Nothing was carried out.") % {"n": AT_ONCE})
    return _results(request, ticked)


def _ticked(request: HttpRequest) -> list[Ticked]:
    """Each ticked review once, as it was seen: its number, its task's and its round's."""
    return [Ticked(*sent_numbers(key, 3)) for key in dict.fromkeys(request.POST.getlist("review"))]


@dataclass(frozen=True)
class Group:
    """The reviews at one stage that may go together."""

    stage: Stage
    items: list[Item]
    all_ticked: bool


def _page(request: HttpRequest, *, all_of: str = "", error: str = "") -> HttpResponse:
    on = timezone.localdate()
    waiting = list(deciding(request.user, on).with_names()[: AT_ONCE + 1])
    items = bulk_items(waiting[:AT_ONCE], request.user, on)
    groups = [_group(stage, items, all_of) for stage in (Stage.REVIEW, Stage.APPROVE)]
    context = {
        "groups": [group for group in groups if group.items],
        "others": [item for item in items if item.obstacle],
        "has_more": len(waiting) > AT_ONCE,
        "at_once": AT_ONCE,
        "error": error,
    }
    return render(request, "workflows/bulk.html", context)


def _group(stage: Stage, items: Iterable[Item], all_of: str) -> Group:
    together = [item for item in items if item.review.stage == stage and not item.obstacle]
    return Group(stage, together, all_ticked=stage == all_of)


@dataclass(frozen=True)
class Line:
    """What became of one: the outcome in a chip, or the sentence why not. `review` is None where it is out of sight."""

    review: Review | None
    status: Status | None
    sentence: str


def _results(request: HttpRequest, ticked: list[Ticked]) -> HttpResponse:
    on = timezone.localdate()
    seen = visible_reviews(request.user, on).with_names().in_bulk([each.review_id for each in ticked])
    results = decide_in_bulk(
        ticked=[each for each in ticked if each.review_id in seen], by=request.user, now=timezone.now()
    )
    lines = [_line(request, seen[result.review_id], result) for result in results]
    lines += [Line(None, None, _("It is out of your sight by now.")) for each in ticked if each.review_id not in seen]
    done = sum(line.status is not None for line in lines)
    context = {"lines": lines, "done": done, "undone": len(lines) - done}
    return render(request, "workflows/bulk_results.html", context)


def _line(request: HttpRequest, review: Review, result: Result) -> Line:
    if result.done is not None:
        return Line(review, OUTCOMES[result.done], "")
    event = result.refusal.event if isinstance(result.refusal, Stale) else None
    return Line(review, None, told(event, request.user) if event else str(result.refusal))
