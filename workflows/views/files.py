"""Attachments: added and removed on the pages where a draft is prepared, downloaded by whoever may read them."""

import structlog
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workflows.access import get_review
from workflows.dossier import readable_file
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.evidence import storage
from workflows.forms.attachments import FileForm
from workflows.models import Review
from workflows.services.attachments import attach, detach
from workflows.views.refusals import is_number, sent_number

log = structlog.get_logger("meguru.files")

ATTACH = "attach"


def attachment_to_remove(action: str) -> int | None:
    """The number of the attachment whose button says «detach-…»."""
    word, _dash, number = action.partition("-")
    return int(number) if word == "detach" and is_number(number) else None


def asks_for_files(action: str) -> bool:
    return action == ATTACH or attachment_to_remove(action) is not None


def change_files(request: HttpRequest, found: Review) -> tuple[Review, FileForm]:
    """Remove the attachment that the button names, and attach the chosen file, whatever button was pressed.

    A refusal of the file stands in the form; Stale and NotAllowed are raised.
    """
    action, chosen = request.POST.get("action", ""), request.FILES.get("file")
    removed = attachment_to_remove(action)
    form = FileForm({}, request.FILES) if chosen or action == ATTACH else FileForm()
    common = {"review_id": found.pk, "task_id": sent_number(request, "task"), "by": request.user, "now": timezone.now()}
    if removed is not None:
        found = detach(attachment_id=removed, **common)
    if action == ATTACH and not chosen:
        form.add_error("file", _("Choose a file first."))
    if chosen:
        try:
            found = attach(name=chosen.name, file=chosen, **common)
        except (Stale, NotAllowed):
            raise
        except ReviewError as refusal:
            form.add_error("file", str(refusal))
    return found, form if form.errors else FileForm()


@require_safe
def review_file(request: HttpRequest, pk: int, sha256: str, name: str) -> HttpResponse:
    """An attachment of what the person may read of the review, as a download."""
    on = timezone.localdate()
    found = readable_file(get_review(request.user, pk, on), request.user, on, sha256, name)
    try:
        content = storage.read(sha256)
    except FileNotFoundError:
        log.error("stored file missing", review=pk, sha256=sha256)
        return render(request, "workflows/file_missing.html", {"name": found.name}, status=404)
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type=found.media_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
