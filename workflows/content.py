"""What a review says, as plain data: the form in which it is frozen at submission, read and compared."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from departments.content import draft_content, plan_content
from departments.judgement import Reading, judge, measured
from departments.models import Indicator, Measure
from departments.models.indicators import Step
from workflows.draft import Draft
from workflows.models import Attachment, IndicatorReport, MeasureReport, Review

Content = dict[str, Any]

# Of the content's shape. What was frozen in format 1 has no attachments, and no class of measures in a report.
FORMAT = 2


def review_content(review: Review, draft: Draft) -> Content:
    """The draft as it stands: the plan itself at the plan checkpoint, a change of it, else the report on it.

    {"kind": "plan", "plan": {…}}, {"kind": "change", "reason": …, "before": {…}, "plan": {…}} (the plan as it is and
    as it should be) or {"kind": "report", "measures": [{…}], "indicators": [{…}]}, and with any of them "attachments":
    [{"name", "sha256", "size", "type"}] by name; decimals are strings, so that nothing is lost in JSON.
    """
    whole = {"format": FORMAT, "attachments": [_attachment_content(found) for found in draft.attachments]}
    if review.checkpoint.is_plan:
        return {**whole, "kind": "plan", "plan": plan_content(review.plan)}
    if draft.proposal is not None:
        before, after = plan_content(review.plan), draft_content(review.plan, draft.proposal.draft)
        return {**whole, "kind": "change", "reason": draft.proposal.reason, "before": before, "plan": after}
    step = Step(review.checkpoint.kind)
    return {
        **whole,
        "kind": "report",
        "measures": [_measure_content(measure, report) for measure, report in draft.measures],
        "indicators": [_indicator_content(step, indicator, report) for indicator, report in draft.indicators],
    }


def _attachment_content(attachment: Attachment) -> Content:
    file = attachment.file
    return {"name": attachment.name, "sha256": file.sha256, "size": file.size, "type": file.media_type}


def _measure_content(measure: Measure, report: MeasureReport) -> Content:
    return {
        "id": measure.pk,
        "number": measure.number,
        "title": measure.title,
        "initiative": str(measure.initiative),
        "priority": measure.priority,
        "goal": measure.goal,
        "progress": report.progress.code if report.progress else None,
        "progress_name": report.progress.name_ja if report.progress else None,
        "percent": report.percent,
        "done": report.done,
        "issue": report.issue,
        "next_step": report.next_step,
    }


def _indicator_content(step: Step, indicator: Indicator, report: IndicatorReport) -> Content:
    reading = Reading(
        value=report.value,
        numerator=report.numerator,
        denominator=report.denominator,
        done=report.done,
        not_this_quarter=report.not_this_quarter,
    )
    return {
        "id": indicator.pk,
        "code": indicator.code,
        "title": indicator.title,
        "kind": indicator.kind,
        "unit": indicator.unit,
        "direction": indicator.direction,
        "target": number_text(indicator.target),
        "step_target": number_text(indicator.target_at(step)),
        "baseline": number_text(indicator.baseline),
        "baseline_year": indicator.baseline_year,
        "formula": indicator.formula,
        "measure": indicator.measure.number if indicator.measure else None,
        "value": number_text(measured(indicator, reading)),
        "numerator": number_text(report.numerator),
        "denominator": number_text(report.denominator),
        "done": report.done,
        "not_this_quarter": report.not_this_quarter,
        "note": report.note,
        "judgement": str(judge(indicator, reading, step)),
    }


def number_text(number: Decimal | None) -> str | None:
    """A number without zeros at its end: 84, 0.5."""
    return None if number is None else f"{number.normalize():f}"


def canonical(content: Content) -> str:
    """The one text of a content: sorted keys, no spaces, Japanese as it is."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


FIELD_NAMES = {
    "reason": _("reason for the change"),
    "summary": _("summary"),
    "title": _("title"),
    "goal": _("goal for the year"),
    "initiative": _("initiative"),
    "first_month": _("from"),
    "last_month": _("until"),
    "priority": _("class"),
    "number": _("number"),
    "progress_name": _("progress"),
    "percent": _("progress in per cent"),
    "done": _("what was done"),
    "issue": _("issue"),
    "next_step": _("next step"),
    "value": _("value"),
    "numerator": _("numerator"),
    "denominator": _("denominator"),
    "not_this_quarter": _("not this quarter"),
    "note": _("note"),
    "judgement": _("judgement"),
    "target": _("target"),
    "step_target": _("target for this quarter"),
    "baseline": _("baseline"),
    "baseline_year": _("baseline year"),
    "kind": _("kind"),
    "unit": _("unit"),
    "code": _("number"),
    "direction": _("direction"),
    "formula": _("formula"),
    "file": _("attachment"),
}

# Follow from other fields, or identify them; a change's plan before it is not what the department wrote.
NOT_COMPARED = {"format", "id", "progress", "before"}

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One field that differs between two rounds. `before` or `after` is None where the entry itself is new or gone.

    `key` is the field's name in the content, `field` the one for people, `place` the entry it stands in.
    """

    place: str
    key: str
    field: str
    before: Any
    after: Any


def changes(before: Content, after: Content) -> list[Change]:
    """What differs, field by field, in the order of the newer content; entries are matched by id, not position."""
    old, new = dict(_fields(before)), dict(_fields(after))
    found = []
    for path in list(new) + [path for path in old if path not in new]:
        place, was = old.get(path, ("", None))
        place, now = new.get(path, (place, None))
        if was != now and not _is_unknown(before, path):
            name = str(FIELD_NAMES.get(path[-1], path[-1]))
            found.append(Change(place=place, key=path[-1], field=name, before=was, after=now))
    return found


def _is_unknown(before: Content, path: Path) -> bool:
    """Whether the older content could not say this, because of its format."""
    return before["format"] == 1 and before["kind"] == "report" and path[-1] == "priority"


def _fields(content: Any, path: Path = (), place: str = "") -> Iterator[tuple[Path, tuple[str, Any]]]:
    """Every leaf of the content: its path, the name of the entry it stands in, its value. A file is one leaf."""
    if isinstance(content, dict) and "sha256" in content:
        yield (*path[:-1], content["name"], "file"), (content["name"], content)
    elif isinstance(content, dict):
        place = " › ".join(filter(None, [place, _entry_name(content)]))
        for key, value in content.items():
            if key not in NOT_COMPARED:
                yield from _fields(value, (*path, key), place)
    elif isinstance(content, list):
        for position, value in enumerate(content):
            key = str(value["id"]) if isinstance(value, dict) and "id" in value else str(position)
            yield from _fields(value, (*path, key), place)
    else:
        yield path, (place, content)


def _entry_name(entry: Content) -> str:
    if "title" not in entry:
        return ""
    return f"{entry.get('code') or entry.get('number') or ''} {entry['title']}".strip()
