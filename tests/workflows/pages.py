"""Going through the pages as a person does: log in, look, fill in, press."""

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from departments.models import Indicator, User
from workflows.models import MeasureReport, Review


def page_of(user: User, name: str, *args: object, query: str = "", **follow: Any) -> HttpResponse:
    """The page as a new session of that person gets it."""
    return logged_in(user).get(reverse(name, args=args) + query, **follow)


def logged_in(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def text_of(response: HttpResponse) -> str:
    """What a reader reads of the main part: no tags, no doubled spaces."""
    body = response.content.decode().split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def sheet_of(review: Review, **typed: str) -> dict[str, Any]:
    """A post of the prepare page as it stands: its hidden fields, and what was typed for the first measure."""
    measure = review.plan.measures.first()
    fields = {"progress": "", "percent": "", "done": "", "issue": "", "next_step": "", **typed}
    return {
        "task": review.task_id,
        "version": review.version,
        **{f"m{measure.pk}-{name}": value for name, value in fields.items()},
    }


def typed(indicator: Indicator, **fields: str) -> dict[str, str]:
    """What the same page sends of one indicator."""
    return {f"i{indicator.pk}-{name}": value for name, value in {"note": "", **fields}.items()}


def draft_of(review: Review) -> tuple[str | None, int | None, str]:
    """What the draft says of the first measure: class, per cent, what was done."""
    report = MeasureReport.objects.filter(review=review).select_related("progress").first()
    if report is None:
        return None, None, ""
    return report.progress and report.progress.code, report.percent, report.done


def post_sheet(user: User, review: Review, action: str, data: dict[str, Any], **follow: Any) -> HttpResponse:
    return logged_in(user).post(reverse("prepare", args=[review.pk]), {**data, "action": action}, **follow)


def post_decision(user: User, review: Review, outcome: str, comment: str = "", **follow: Any) -> HttpResponse:
    data = {"task": review.task_id or 0, "outcome": outcome, "comment": comment}
    return logged_in(user).post(reverse("decide", args=[review.pk]), data, **follow)
