"""Carrying last time's entries forward into what is still empty, for one measure or for all of them (前回から写す)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import override

from workflows.sheet import MeasureBlock, Sheet

ALL, COPY, SAME = "all", "copy", "same"
FIELDS = ("progress", "percent", "done", "issue", "next_step")


def unchanged_text() -> str:
    """What is written where nothing has changed since last time, the same for all whatever language they read."""
    with override(settings.LANGUAGE_CODE):
        return _("No change since last time")


@dataclass(frozen=True)
class Carrying:
    """What a button asks for: `copy` or `same` (変更なし), for the measure of that id, or for all of them."""

    verb: str
    measure_id: int | None

    @property
    def anchor(self) -> str:
        return "sheet" if self.measure_id is None else f"measure-{self.measure_id}"

    @property
    def name(self) -> str:
        """The button's own value: copy-all, copy-5, same-5."""
        return f"{self.verb}-{self.measure_id or ALL}"


def carrying_of(action: str) -> Carrying | None:
    """What the pressed button asks for, if it asks for that at all."""
    verb, _dash, key = action.partition("-")
    if verb == COPY and key == ALL:
        return Carrying(COPY, None)
    is_number = key.isascii() and key.isdigit() and len(key) < 19
    return Carrying(verb, int(key)) if verb in (COPY, SAME) and is_number else None


def carried(sheet: Sheet, data: QueryDict, asked: Carrying) -> QueryDict:
    """What was sent, with what is empty of those measures filled; what was typed stays as it is."""
    filled = data.copy()
    for block in sheet.measures:
        if block.form.is_bound and asked.measure_id in (None, block.measure.pk):
            for name, value in _to_fill(block, asked.verb):
                filled[block.form.add_prefix(name)] = value
    return filled


def _to_fill(block: MeasureBlock, verb: str) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        last = unchanged_text() if verb == SAME and name == "done" and block.last else _last(block, name)
        if last and _is_empty(block, name):
            yield name, last


def _last(block: MeasureBlock, name: str) -> str:
    """Last time's entry as it would be typed; a class that is no longer in use is none."""
    value = block.last.get(name)
    if name == "progress" and value not in block.form.classes:
        return ""
    return "" if value is None else str(value)


def _is_empty(block: MeasureBlock, name: str) -> bool:
    return block.form[name].value() in (None, "")


def may_copy(blocks: Iterable[MeasureBlock]) -> set[int]:
    """The ids of the measures in which something is empty that last time was not."""
    return {block.measure.pk for block in blocks if any(_to_fill(block, COPY))}


def may_say_same(blocks: Iterable[MeasureBlock]) -> set[int]:
    """The ids of the measures that were reported last time and have nothing written about what was done."""
    return {block.measure.pk for block in blocks if block.last and _is_empty(block, "done")}
