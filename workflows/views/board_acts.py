"""Nudging (催促) and extending due days (期限延長) from the board: one at a click, or those that are chosen there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from departments.access import rights
from departments.forms.fields import LinesField
from departments.models import User
from workflows.access import extends_anybody, nudges_anybody, visible_reviews
from workflows.board_acts import Choice, choices_to_extend, choices_to_nudge
from workflows.errors import ReviewError, Stale
from workflows.forms.cases import ExtendForm, NudgeForm
from workflows.models import Review
from workflows.services.cases import Due, extend_many
from workflows.services.each import Asked, Result
from workflows.services.nudges import nudge_many
from workflows.views.outcomes import show_outcomes
from workflows.views.refusals import sent_numbers
from workflows.wording import Status, told

AT_ONCE = 200


@dataclass(frozen=True)
class Act:
    """One of the two, for its page: what it says, how it is asked for, and how it is done.

    `name_of` and `seen_in`: how a row of the page says for which state of the review it was made, and back.
    """

    title: Promise
    effects: tuple[Promise, ...]
    button: Any
    done_title: Any
    chip: Status
    choices: Callable[[Sequence[Review], Iterable[Asked], User, date], list[Choice]]
    form: Callable[[HttpRequest, Sequence[Review], date], forms.Form]
    name_of: Callable[[Review], str]
    seen_in: Callable[[str], Any]
    carry_out: Callable[..., list[Result[Any]]]


def _nudge_form(request: HttpRequest, reviews: Sequence[Review], on: date) -> forms.Form:
    return NudgeForm(_typed(request))


def _extend_form(request: HttpRequest, reviews: Sequence[Review], on: date) -> forms.Form:
    return ExtendForm(_typed(request), review=max(reviews, key=lambda review: review.due_on or on), on=on)


def _typed(request: HttpRequest) -> Mapping[str, Any] | None:
    """What was typed on the act's own page; nothing when it is shown for the first time."""
    return request.POST if "case" in request.POST else None


def _due_in(key: str) -> Due:
    review_id, task_id, due = sent_numbers(key, 3)
    try:
        return Due(review_id, task_id, date(due // 10_000, due // 100 % 100, due % 100))
    except ValueError as error:
        raise BadRequest("not a day") from error


NUDGE = Act(
    title=gettext_lazy("Nudge about those chosen"),
    effects=(
        gettext_lazy("Whoever has one of them gets a mail with your message."),
        gettext_lazy("They are nudged once a day at most, whoever nudges."),
        gettext_lazy("The nudge stays in the history."),
    ),
    button=ngettext_lazy("Nudge about %(n)d", "Nudge about %(n)d", "n"),
    done_title=ngettext_lazy("Nudged about %(n)d review.", "Nudged about %(n)d reviews.", "n"),
    chip=Status("green", "✓", pgettext_lazy("outcome", "Nudged")),
    choices=choices_to_nudge,
    form=_nudge_form,
    name_of=lambda review: f"{review.pk}-{review.task_id}",
    seen_in=lambda key: Asked(*sent_numbers(key, 2)),
    carry_out=nudge_many,
)
EXTENSION = Act(
    title=gettext_lazy("Extend the due day of those chosen"),
    effects=(
        gettext_lazy("Only these departments get more time to submit. All others keep their due days."),
        gettext_lazy("Their review and approval become due accordingly later, but not after the closing."),
        gettext_lazy("The people concerned are told by mail, with the reason."),
    ),
    button=ngettext_lazy("Extend %(n)d", "Extend %(n)d", "n"),
    done_title=ngettext_lazy("%(n)d extended", "%(n)d extended", "n"),
    chip=Status("green", "✓", pgettext_lazy("outcome", "Extended")),
    choices=choices_to_extend,
    form=_extend_form,
    name_of=lambda review: f"{review.pk}-{review.task_id}-{review.due_on:%Y%m%d}",
    seen_in=_due_in,
    carry_out=extend_many,
)


@require_http_methods(["GET", "HEAD", "POST"])
def board_nudge(request: HttpRequest) -> HttpResponse:
    """Nudge about the one whose button was pressed; about those chosen, after a page that asks.

    The log-in page leads here by a GET, when the session had ended.
    """
    if not nudges_anybody(rights(request.user, timezone.localdate())):
        raise Http404
    if "nudge" in request.POST:
        return _nudge_one(request, Asked(*sent_numbers(request.POST["nudge"], 2)))
    return _act(request, NUDGE)


@require_http_methods(["GET", "HEAD", "POST"])
def board_extend(request: HttpRequest) -> HttpResponse:
    """Extend the due day of those chosen, after a page that asks for the day and the reason."""
    if not extends_anybody(rights(request.user, timezone.localdate())):
        raise Http404
    return _act(request, EXTENSION)


def _nudge_one(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Back to the row whose button it was, with a message."""
    seen = _seen(request, [asked])
    (result,) = nudge_many(asked=[asked], note="", by=request.user, now=timezone.now())
    review, refusal = seen[asked.review_id], result.refusal
    if refusal is None:
        messages.success(request, _("%(review)s: nudged whoever has it.") % {"review": review})
    else:
        event = refusal.event if isinstance(refusal, Stale) else None
        why = told(event, request.user) if event else str(refusal)
        messages.warning(request, _("%(review)s: %(why)s") % {"review": review, "why": why})
    return redirect(f"{_board(request)}#plan-{review.plan_id}")


def _board(request: HttpRequest) -> str:
    """The address of the board as the person had it."""
    query = request.GET.urlencode()
    return f"{reverse('board')}?{query}" if query else reverse("board")


def _seen(request: HttpRequest, asked: Iterable[Asked | Due]) -> dict[int, Review]:
    """The reviews that were asked for, of those that the person sees; Http404 where that is none."""
    numbers = [each.review_id for each in asked]
    found = visible_reviews(request.user, timezone.localdate()).with_names().in_bulk(numbers)
    if not found:
        raise Http404
    return {number: found[number] for number in numbers if number in found}


def _act(request: HttpRequest, act: Act) -> HttpResponse:
    """For rows of the board (`review`), the page that asks; for rows of that page (`case`), what became of them."""
    if request.method != "POST":
        return redirect(_board(request))
    if cases := list(dict.fromkeys(request.POST.getlist("case"))):
        return _answer(request, act, cases)
    rows = list(dict.fromkeys(request.POST.getlist("review")))
    if not 0 < len(rows) <= AT_ONCE:
        none, many = _("Nothing is chosen. Tick at least one."), _("Choose at most %(n)d at once.") % {"n": AT_ONCE}
        messages.warning(request, many if rows else none)
        return redirect(_board(request))
    asked = [Asked(*sent_numbers(key, 3)[:2]) for key in rows]
    return _page(request, act, asked, _seen(request, asked))


def _answer(request: HttpRequest, act: Act, cases: list[str]) -> HttpResponse:
    if len(cases) > AT_ONCE:
        raise BadRequest("more than the page shows")
    asked = [act.seen_in(key) for key in cases]
    seen = _seen(request, asked)
    form = act.form(request, list(seen.values()), timezone.localdate())
    if not form.is_valid():
        return _page(request, act, [Asked(each.review_id, each.task_id) for each in asked], seen, form)
    within = [each for each in asked if each.review_id in seen]
    results = act.carry_out(asked=within, **form.cleaned_data, by=request.user, now=timezone.now())
    if sentence := _mistake(results):
        form.add_error(None, sentence)
        return _page(request, act, [Asked(each.review_id, each.task_id) for each in asked], seen, form)
    done = sum(result.done is not None for result in results)
    return show_outcomes(
        request,
        results,
        seen,
        len(asked) - len(within),
        lambda _done: act.chip,
        done_title=act.done_title % {"n": done},
        kept=list(_kept(form)) if done < len(asked) else [],
        back_url=_board(request),
        back_label=_("Board"),
        on_label=_("Back to the board"),
    )


def _mistake(results: Sequence[Result[Any]]) -> str:
    """What is wrong with what was typed, where every one was refused for one and the same reason; else empty."""
    sentences = {str(result.refusal) for result in results}
    is_typed = all(type(result.refusal) is ReviewError for result in results)
    return sentences.pop() if is_typed and len(sentences) == 1 else ""


def _kept(form: forms.Form) -> Iterator[tuple[str, str]]:
    """Label and text of the words that were typed, for a page that cannot show the form again."""
    for field in form:
        if isinstance(field.field, LinesField) and form.cleaned_data[field.name]:
            yield str(field.label), form.cleaned_data[field.name]


def _page(
    request: HttpRequest, act: Act, asked: list[Asked], seen: dict[int, Review], form: forms.Form | None = None
) -> HttpResponse:
    on = timezone.localdate()
    choices = act.choices(list(seen.values()), asked, request.user, on)
    possible = [choice for choice in choices if not choice.obstacle]
    context = {
        "act": act,
        "button": act.button % {"n": len(possible)},
        "rows": [(act.name_of(choice.review), choice) for choice in possible],
        "obstructed": [choice for choice in choices if choice.obstacle],
        "form": form or act.form(request, [choice.review for choice in possible or choices], on),
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
        "board_url": _board(request),
    }
    return render(request, "workflows/board_act.html", context)
