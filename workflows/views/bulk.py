"""一括処理: passing on or approving many reviews at once, those in which nothing changed that has to be looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from departments.access import rights
from departments.models.organisation import Permission
from workflows.access import visible_reviews
from workflows.bulk import Item, bulk_items, deciding
from workflows.models import Stage
from workflows.services.bulk import Ticked, decide_in_bulk
from workflows.views.outcomes import show_outcomes
from workflows.views.refusals import sent_numbers
from workflows.wording import OUTCOMES

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
    if action == "choose":
        return _page(request, chosen=frozenset(each.review_id for each in ticked))
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


def _page(
    request: HttpRequest, *, all_of: str = "", chosen: frozenset[int] | None = None, error: str = ""
) -> HttpResponse:
    """All that waits, or only what was `chosen` elsewhere, ticked."""
    on = timezone.localdate()
    found = deciding(request.user, on)
    waiting = list((found if chosen is None else found.filter(pk__in=chosen)).with_names()[: AT_ONCE + 1])
    items = bulk_items(waiting[:AT_ONCE], request.user, on)
    groups = [_group(stage, items, chosen is not None or stage == all_of) for stage in (Stage.REVIEW, Stage.APPROVE)]
    context = {
        "groups": [group for group in groups if group.items],
        "others": [item for item in items if item.obstacle],
        "has_more": len(waiting) > AT_ONCE,
        "at_once": AT_ONCE,
        "is_chosen": chosen is not None,
        "not_waiting": 0 if chosen is None else max(len(chosen) - len(waiting), 0),
        "error": error,
    }
    return render(request, "workflows/bulk.html", context)


def _group(stage: Stage, items: Iterable[Item], all_ticked: bool) -> Group:
    return Group(stage, [item for item in items if item.review.stage == stage and not item.obstacle], all_ticked)


def _results(request: HttpRequest, ticked: list[Ticked]) -> HttpResponse:
    on = timezone.localdate()
    seen = visible_reviews(request.user, on).with_names().in_bulk([each.review_id for each in ticked])
    within = [each for each in ticked if each.review_id in seen]
    results = decide_in_bulk(ticked=within, by=request.user, now=timezone.now())
    done = sum(result.done is not None for result in results)
    return show_outcomes(
        request,
        results,
        seen,
        len(ticked) - len(within),
        OUTCOMES.__getitem__,
        done_title=ngettext("%(n)d decided", "%(n)d decided", done) % {"n": done},
        back_url=reverse("bulk"),
        back_label=_("Decide on many at once"),
        on_label=_("To the rest"),
    )
