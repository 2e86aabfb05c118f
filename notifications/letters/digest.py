"""The mail of the day in words: what waits for its reader, what is due elsewhere, and what happened."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from departments.models import Department, User
from notifications.letters.facts import LONGEST_LIST, Facts
from notifications.letters.lines import Line, lines_about, lines_to_do, occasion
from notifications.models import MailItem, OutgoingMail
from notifications.wording import why_text
from workflows.access import board_departments, visible_reviews
from workflows.models import Checkpoint, Event, EventKind, Review


@dataclass(frozen=True)
class Group:
    """What belongs together below one heading; `text` is what the rule says about it, and `more` are not listed."""

    title: str
    lines: Sequence[Line]
    text: str = ""
    more: int = 0


def digest(mail: OutgoingMail, items: Sequence[MailItem], facts: Facts) -> dict[str, Any]:
    """Everything that waits for the person, most urgent first, if anything is asked of them; then what informs."""
    asked = [item for item in items if item.asks]
    dues = _once_each(item for item in items if item.event is None and not item.asks)
    events = [item for item in items if item.event is not None and not _is_opening(item, item.event)]
    return {
        **(_to_do(asked, mail.recipient, facts) if asked else {"lines": [], "count": 0}),
        "groups": [*_due_elsewhere(dues, mail.recipient, facts), *_happened(events, mail.recipient, facts)],
        "informing": len(dues) + sum(not item.asks for item in events),
        "late": sum(_is_late(item, facts.today) for item in dues),
    }


def _is_opening(item: MailItem, event: Event) -> bool:
    """What a checkpoint's opening asks for stands among what waits, and there is no more to say about it."""
    return item.asks and event.kind == EventKind.OPENED and not item.review.change_number


def _to_do(asked: Sequence[MailItem], reader: User, facts: Facts) -> dict[str, Any]:
    """All that waits; what a rule says about some of it stands with the first of them."""
    waiting = facts.waiting(reader)
    texts, said, lines = {item.review_id: item.text for item in asked}, {""}, []
    for line in lines_to_do(waiting.first, reader, facts):
        text = texts.get(line.review.pk, "")
        lines.append(line if text in said else replace(line, note=text))
        said.add(text)
    return {
        "lines": lines,
        "more": waiting.total - len(lines),
        "count": waiting.total,
        "overdue": waiting.overdue,
    }


def _once_each(dues: Iterable[MailItem]) -> list[MailItem]:
    """Of each review the newest, the most urgent first: who was away hears once of what went on being late."""
    newest = {item.review_id: item for item in dues}
    return sorted(newest.values(), key=lambda item: (item.review.due_on or date.max, item.review_id))


def _due_elsewhere(items: Sequence[MailItem], reader: User, facts: Facts) -> list[Group]:
    """What is due at others: what is late, then the rest, each by what the rules say about it."""
    if not items:
        return []
    links = _links([item.review for item in items], reader, facts.today)
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    late, other = _("Overdue at others; nothing for you to do"), _("Due days of others; nothing for you to do")
    for item, line in zip(items, lines_about(items, reader, facts), strict=True):
        title = late if _is_late(item, facts.today) else other
        groups[title, item.text].append(replace(line, link=links.get(item.review_id)))
    return [
        Group(title, lines[:LONGEST_LIST], text, more=len(lines[LONGEST_LIST:]))
        for (title, text), lines in groups.items()
    ]


def _is_late(item: MailItem, today: date) -> bool:
    return item.review.due_on is not None and item.review.due_on < today


def _links(reviews: Sequence[Review], reader: User, today: date) -> dict[int, str]:
    """Review id → where a line leads, for reviews that the reader may not open: their 部 on the board, or ''."""
    found = visible_reviews(reader, today).filter(pk__in=[review.pk for review in reviews])
    readable, shown = set(found.values_list("pk", flat=True)), board_departments(reader, today)
    closed = [review for review in reviews if review.pk not in readable]
    departments = Department.objects.select_related("parent").in_bulk({review.department_id for review in closed})
    return {
        review.pk: _board(departments[review.department_id], review) if review.department_id in shown else ""
        for review in closed
    }


def _board(department: Department, review: Review) -> str:
    shown = {"year": review.checkpoint.fiscal_year, "division": (department.division or department).pk}
    return f"{settings.SITE_URL}{reverse('board')}?{urlencode(shown)}"


def _happened(items: Sequence[MailItem], reader: User, facts: Facts) -> list[Group]:
    """What happened, by its kind and checkpoint, in the order in which it began to."""
    shown = items[:LONGEST_LIST]
    groups: dict[tuple[str, Checkpoint], list[Line]] = defaultdict(list)
    for item, line in zip(shown, lines_about(shown, reader, facts), strict=True):
        groups[why_text(item), item.review.checkpoint].append(line)
    found = [Group(f"{why} {occasion(checkpoint)}", lines) for (why, checkpoint), lines in groups.items()]
    left = len(items) - len(shown)
    return [*found[:-1], replace(found[-1], more=left)] if left else found
