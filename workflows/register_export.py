"""The register for other programs: CSV for spreadsheets, JSON from which every hash can be computed anew."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.history import hashed_form
from workflows.models import Event
from workflows.register import Entry, entry_of

# What a spreadsheet takes for the beginning of a formula, at the very beginning of a text and after blanks.
FORMULA = tuple("=+-@＝＋－＠")
CONTROLS = tuple("\t\r\n")


def csv_lines(events: Iterable[Event]) -> Iterator[str]:
    """The register as CSV, line by line: a head, then a line for each event. The first begins with a BOM, for Excel."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(_head())
    for event in events:
        yield writer.writerow([inert(value) if isinstance(value, str) else value for value in _cells(entry_of(event))])


class Echo:
    """What the csv module writes a line to, to get it back."""

    def write(self, line: str) -> str:
        return line


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula: where it might, an apostrophe stands before it."""
    return f"'{text}" if text.startswith(CONTROLS) or text.lstrip().startswith(FORMULA) else text


def _head() -> list[str]:
    return [
        _("When"),
        _("Fiscal year"),
        _("Checkpoint"),
        _("Division"),
        _("Department"),
        _("Plan"),
        _("Kind of entry"),
        _("Round"),
        _("Who"),
        _("In whose place"),
        _("Comment"),
        _("SHA-256 of the submission"),
        _("Number of the plan"),
        _("Number of the review"),
        _("Number in the plan's history"),
        _("Hash of the entry"),
    ]


def _cells(entry: Entry) -> list[Any]:
    event = entry.event
    return [
        f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}",
        event.plan.fiscal_year,
        event.review.checkpoint.get_kind_display(),
        str(entry.department.division or ""),
        str(entry.department),
        event.plan.get_kind_display(),
        entry.what,
        event.round,
        str(event.by or _("the system")),
        str(event.on_behalf_of or ""),
        entry.comment,
        entry.sha256 or "",
        event.plan_id,
        event.review_id,
        event.sequence,
        event.hash,
    ]


def json_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """The register as a JSON list, piece by piece: an object for each event."""
    before = b"[\n"
    for event in events:
        yield before + orjson.dumps(_as_object(entry_of(event)))
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _as_object(entry: Entry) -> dict[str, Any]:
    """`event` is what `hash` was computed over: its compact JSON with sorted keys. The rest are names for people."""
    event = entry.event
    return {
        "event": hashed_form(event),
        "hash": event.hash,
        "submission_sha256": entry.sha256,
        "fiscal_year": event.plan.fiscal_year,
        "checkpoint": event.review.checkpoint.kind,
        "division": str(entry.department.division or ""),
        "department": str(entry.department),
        "plan_kind": event.plan.kind,
        "by": event.by and {"username": event.by.username, "name": str(event.by)},
        "on_behalf_of": event.on_behalf_of
        and {"username": event.on_behalf_of.username, "name": str(event.on_behalf_of)},
    }
