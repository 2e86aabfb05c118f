"""Tags and filters for every page (a template builtin): dates, icons, chips, error summaries, marked differences."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Any

from django import template
from django.core.paginator import Paginator
from django.forms import BaseForm, BaseFormSet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from heroicons.templatetags.heroicons import heroicon_mini

from departments.wording import day_text, moment_text

register = template.Library()

# A difference is easier to read by words; these runs come close enough to words in Japanese.
RUNS = re.compile(r"[一-龥々〆]+|[ぁ-ん]+|[ァ-ヶー]+|[A-Za-z0-9.,%]+|.", re.DOTALL)
# Comparing takes ever longer the more repeats itself: a page of !?!?!? took minutes. Then all of it counts as changed.
MOST_EQUAL_PAIRS = 20_000


@register.filter
def wareki(value: date | datetime | None) -> str:
    """A day in the reader's language: 令和8年10月7日(水) or 7 Oct 2026 (Wed); '' for nothing."""
    if not value:
        return ""
    return day_text(timezone.localdate(value) if isinstance(value, datetime) else value)


@register.filter
def wareki_time(value: datetime | None) -> str:
    """A moment in the reader's language and the city's time: 令和8年10月7日(水) 14:05."""
    return moment_text(value) if value else ""


@register.filter
def get_item(mapping: Mapping[Any, Any], key: object) -> Any:
    """`mapping[key]`, or None where there is no such key."""
    return mapping.get(key)


@register.filter
def page_range(paginator: Paginator, number: int) -> Iterator[int | str]:
    """The page numbers to offer on page `number`: 1 2 … 7 8 9 … 20."""
    return paginator.get_elided_page_range(number, on_each_side=1, on_ends=1)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A heroicon (mini) in the text's size; decoration unless `label` gives it a name."""
    svg = heroicon_mini(name, size=20, aria_hidden="true", focusable="false", **{"class": "icon"})
    if not label:
        return svg
    return format_html('{}<span class="visually-hidden">{}</span>', svg, label)


@register.simple_tag
def chip(tone: str, glyph: str, text: str) -> SafeString:
    """A status chip; tones: gray, blue, green, yellow, orange, red, purple. The text alone must say it."""
    return format_html(
        '<span class="chip chip--{}"><span class="chip__glyph" aria-hidden="true">{}</span>{}</span>', tone, glyph, text
    )


@register.simple_tag
def change_chip(change: str) -> SafeString:
    """What became of an item between two versions: same, changed, added or removed."""
    tone, glyph, text = {
        "changed": ("yellow", "△", gettext("Changed")),
        "added": ("green", "＋", gettext("Added")),
        "removed": ("red", "－", gettext("Removed")),
    }.get(change, ("gray", "＝", gettext("No change")))
    return chip(tone, glyph, text)


@register.filter
def removed(before: object, after: object) -> SafeString:
    """`before`, with what `after` no longer has marked by <del>."""
    return _marked(before, after, "<del>{}</del>")


@register.filter
def added(after: object, before: object) -> SafeString:
    """`after`, with what `before` did not have marked by <ins>."""
    return _marked(after, before, "<ins>{}</ins>")


def _marked(shown: object, other: object, mark: str) -> SafeString:
    mine, theirs = (RUNS.findall("" if text is None else str(text)) for text in (shown, other))
    pieces = (("{}" if same else mark, "".join(runs)) for same, runs in _stretches(mine, theirs))
    return format_html_join("", "{}", ((format_html(form, text),) for form, text in pieces if text))


def _stretches(mine: list[str], theirs: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """`mine` in stretches, each with whether `theirs` has it too."""
    head = len(commonprefix([mine, theirs]))
    tail = len(commonprefix([mine[head:][::-1], theirs[head:][::-1]]))
    middle, other = mine[head : len(mine) - tail], theirs[head : len(theirs) - tail]
    yield True, mine[:head]
    if _equal_pairs(middle, other) > MOST_EQUAL_PAIRS:
        yield False, middle
    else:
        for kind, start, end, *_ in SequenceMatcher(None, middle, other, autojunk=False).get_opcodes():
            yield kind == "equal", middle[start:end]
    yield True, mine[len(mine) - tail :]


def _equal_pairs(mine: list[str], theirs: list[str]) -> int:
    there = Counter(theirs)
    return sum(count * there[run] for run, count in Counter(mine).items())


@register.simple_tag
def form_errors(form: BaseForm | None = None, forms: Iterable[BaseForm | BaseFormSet] = ()) -> list[dict[str, str]]:
    """Every mistake of one form, or of many forms and formsets, as {id, label, text}; `id` is '' where none is to mend.

    A form with a `title` (say, the measure it is about) shows it before its fields' labels.
    """
    return [error for each in [form, *(forms or ())] if each for error in _errors_of(each)]


def _errors_of(form: BaseForm | BaseFormSet) -> Iterator[dict[str, str]]:
    if isinstance(form, BaseFormSet):
        yield from ({"id": "", "label": "", "text": text} for text in form.non_form_errors())
        for each in form.forms:
            yield from _errors_of(each)
        return
    title = str(getattr(form, "title", ""))
    for name, texts in form.errors.items():
        bound = form[name] if name in form.fields else None
        label = " ".join(filter(None, [title, str(bound.label) if bound else ""]))
        for text in texts:
            yield {"id": _target(bound) if bound else "", "label": label, "text": text}


def _target(bound: Any) -> str:
    """The id of the control to jump to; of a group of controls, the first."""
    if bound.is_hidden:
        return ""
    return bound.id_for_label or f"{bound.auto_id}_0"
