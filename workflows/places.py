"""The places of a submitted content that a comment can be pinned to: the whole, a measure, an indicator, a field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from departments.models import Indicator
from workflows.content import FIELD_NAMES, Content
from workflows.draft import asked_of

WHOLE = ""
# What of the content belongs to no measure: the strategy's indicators.
INDICATORS = "indicators"
# A card of a page: the measure's id, `INDICATORS`, or `WHOLE`.
CardKey = int | str

MEASURE_FIELDS = ("progress", "percent", "done", "issue", "next_step")
PLAN_FIELDS = ("title", "goal", "initiative", "first_month", "last_month", "priority", "milestones", "indicators")
NAMES: dict[str, str | Promise] = {
    **FIELD_NAMES,
    "progress": FIELD_NAMES["progress_name"],
    "milestones": _("milestones"),
    "indicators": _("indicators"),
}
REACHED = pgettext_lazy("milestone", "Reached?")


@dataclass(frozen=True)
class Place:
    """`entry` is the measure or indicator as it is called, empty for the whole; `field` the field, empty for all of it.

    `card` is the one that shows it on a page.
    """

    target: str
    card: CardKey
    entry: str
    field: str = ""

    def __str__(self) -> str:
        return " › ".join(filter(None, [self.entry, self.field])) or pgettext("place", "The whole")


class _Entry(NamedTuple):
    target: str
    card: CardKey
    name: str
    fields: dict[str, str]


def places(content: Content) -> dict[str, Place]:
    """Target → place, in the order of the content, the whole first."""
    found = {WHOLE: Place(WHOLE, WHOLE, "")}
    for entry in _entries(content):
        found[entry.target] = Place(entry.target, entry.card, entry.name)
        for key, name in entry.fields.items():
            target = f"{entry.target}.{key}"
            found[target] = Place(target, entry.card, entry.name, name)
    return found


def _entries(content: Content) -> Iterator[_Entry]:
    """The measures, each followed by its indicators, then the strategy's indicators; a plan has measures alone."""
    if content["kind"] != "report":
        for measure in content["plan"]["measures"]:
            yield _measure(measure, PLAN_FIELDS)
        return
    for measure in content["measures"]:
        yield _measure(measure, MEASURE_FIELDS)
        for indicator in content["indicators"]:
            if indicator["measure"] == measure["number"]:
                yield _indicator(indicator, measure["id"])
    for indicator in content["indicators"]:
        if indicator["measure"] is None:
            yield _indicator(indicator, INDICATORS)


def _measure(entry: Content, fields: tuple[str, ...]) -> _Entry:
    names = {key: str(NAMES[key]) for key in fields}
    return _Entry(f"m{entry['id']}", entry["id"], f"{entry['number']} {entry['title']}", names)


def _indicator(entry: Content, card: CardKey) -> _Entry:
    asked = {key: str(REACHED if key == "done" else NAMES[key]) for key in asked_of(Indicator(kind=entry["kind"]))}
    return _Entry(f"i{entry['id']}", card, f"{entry['code']} {entry['title']}", {**asked, "note": str(NAMES["note"])})
