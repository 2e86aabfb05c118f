"""The sheet is saved as it is typed: fragments of the page that say what was kept, and what is still missing."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from departments.models.indicators import Step
from workflows.access import get_review
from workflows.completeness import problems
from workflows.errors import NotAllowed, Overtaken, Stale
from workflows.models import Review
from workflows.outline import judged_of, parts_of
from workflows.services import drafts, reviews
from workflows.sheet import Entries
from workflows.views.refusals import sent_number
from workflows.wording import told


@require_POST
def autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what can be kept of a sheet that is being typed, complete or not.

    409 says who was first, or that it is no longer the person for whom the page was made; 403 that they may not.
    Nothing is kept then, and what was typed stays where it is.
    """
    found = get_review(request.user, pk, timezone.localdate())
    if not found.checkpoint.reports_progress:
        raise Http404
    if sent_number(request, "writer") != request.user.pk:
        return _refused(sentence=_("Somebody else has logged in meanwhile. Log in as yourself to save this."))
    try:
        return _keep(request, found)
    except NotAllowed as refusal:
        return HttpResponse(str(refusal), status=403, content_type="text/plain; charset=utf-8")
    except Overtaken as refusal:
        return _overtaken(request, refusal.review)
    except Stale as refusal:
        sentence = told(refusal.event, request.user) if refusal.event else str(refusal)
        return _refused(sentence=sentence, over=found)


def _keep(request: HttpRequest, found: Review) -> HttpResponse:
    if sent_number(request, "task") != found.task_id:
        raise Stale(reviews.last_event(found))
    entries = Entries(found, request.POST)
    entries.is_valid()
    return _kept(request, save_entries(request, found, entries), entries)


def save_entries(request: HttpRequest, found: Review, entries: Entries) -> Review:
    """Save the draft as typed, on the version that the page was made from. Raises what `save_draft` raises."""
    return drafts.save_draft(
        review_id=found.pk,
        task_id=sent_number(request, "task"),
        version=sent_number(request, "version"),
        measures=entries.measure_entries(),
        indicators=entries.indicator_entries(),
        by=request.user,
        now=timezone.now(),
    )


def _kept(request: HttpRequest, saved: Review, entries: Entries) -> HttpResponse:
    draft = entries.as_draft()
    lacking = problems(saved, draft)
    unfit = {name: sentences for form in entries.forms for name, sentences in form.unfit.items()}
    known = {form.add_prefix(name) for form in entries.forms for name in form.fields}
    return _fragment(
        "autosaved.html",
        200,
        review=saved,
        now=timezone.now(),
        token=get_token(request),
        lacking=lacking,
        parts=parts_of(draft, lacking),
        judged=judged_of(draft, Step(saved.checkpoint.kind)),
        unfit=unfit,
        mended=known & set(request.POST.getlist("unfit")) - set(unfit),
        unsent=any(text.strip() for name, text in request.POST.items() if name.startswith("answer-")),
    )


def _overtaken(request: HttpRequest, current: Review) -> HttpResponse:
    """Who saved what when, meanwhile, and how to see both."""
    entries = Entries(current, request.POST)
    entries.is_valid()
    entries.note_saved(Entries(current))
    differing = [(form, name) for form in entries.forms for name in form.saved]
    places = [(form[name].id_for_label, f"{form.title} {form[name].label}") for form, name in differing]
    return _refused(overtaken=current, places=places)


def _refused(**context: Any) -> HttpResponse:
    return _fragment("autosave_refused.html", 409, **context)


def _fragment(name: str, status: int, **context: Any) -> HttpResponse:
    """Without the frame, which would ask the database what waits for the person."""
    return HttpResponse(render_to_string(f"workflows/{name}", context), status=status)
