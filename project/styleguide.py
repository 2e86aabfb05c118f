"""The look on one page: every part in every state, with made-up content (見本)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from project.context import NavigationItem
from project.palette import colour, contrast, high_contrast, plain
from project.samples import (
    BUTTONS,
    CHANGES,
    CHIPS,
    FAMILIES,
    KEPT,
    PAIRS,
    PROGRESS,
    RETURNED,
    ROLES,
    ROWS,
    SECTIONS,
    STATES,
    STEPS,
    TONES,
)


class SampleForm(forms.Form):
    title = forms.CharField(label="施策名", max_length=60, help_text="60文字以内で入力してください。")
    initiative = forms.ChoiceField(label="重点取組", choices=[("", "選択してください"), *PROGRESS])
    progress = forms.ChoiceField(label="進捗区分", choices=PROGRESS, widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        label="施策の分類",
        choices=[("wide", "全庁的な重点課題"), ("own", "所属の優先課題")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="当てはまるものをすべて選んでください。",
    )
    rate = forms.DecimalField(label="進捗率(%)", min_value=0, max_value=100)
    day = forms.DateField(label="完了予定日", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    done = forms.CharField(label="実施内容", widget=forms.Textarea, help_text="この四半期に行ったことを書きます。")
    paper = forms.FileField(label="根拠資料", required=False)
    code = forms.CharField(label="計画番号", required=False, disabled=True, initial="R8-012")
    agreed = forms.BooleanField(label="所属長の確認を受けた")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rate"].widget.attrs["inputmode"] = "decimal"


@dataclass(frozen=True)
class Shown:
    """A text on a ground in one set of colours: hex digits, contrast ratio, and whether it is enough to be read."""

    text: str
    ground: str
    ratio: float
    is_enough: bool


def pairs() -> list[tuple[str, str, str, Shown, Shown]]:
    """Where it stands, text, ground; then both as they are normally (4.5:1) and in high contrast (7:1)."""
    themes = ((plain(), 4.5), (high_contrast(), 7.0))
    return [
        (
            where,
            text,
            ground,
            *(
                Shown(colour(text, tokens), colour(ground, tokens), ratio, ratio >= least)
                for tokens, least in themes
                for ratio in [contrast(text, ground, tokens)]
            ),
        )
        for where, text, ground in PAIRS
    ]


def swatches() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each hue with its steps and their hex digits."""
    tokens = plain()
    return [
        (
            hue,
            [(name, tokens[name]) for name in tokens if name.startswith(f"{hue}-") and name[len(hue) + 1 :].isdigit()],
        )
        for hue in FAMILIES
    ]


def measures(kind: str) -> list[tuple[str, int]]:
    """The steps of a kind of token with their length in pixels: size, space or radius."""
    found = {name: value for name, value in plain().items() if name.startswith(f"{kind}-")}
    return [(name, round(float(value[:-3]) * 16)) for name, value in found.items() if value.endswith("rem")]


def menu() -> list[NavigationItem]:
    parts = tuple(NavigationItem("#frame", label, current) for label, current in (("所属", ""), ("職員", "page")))
    return [
        NavigationItem("#frame", "マイワーク", "page", 3),
        NavigationItem("#frame", "進捗ボード"),
        NavigationItem("", "管理", "true", items=parts),
    ]


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """For those who build pages; to everybody else it isn't there."""
    if not request.user.is_staff:
        raise Http404
    context = {
        "sections": SECTIONS,
        "pairs": pairs(),
        "swatches": swatches(),
        "roles": [(name, use, colour(name, plain()), colour(name, high_contrast())) for name, use in ROLES],
        "sizes": measures("size"),
        "spaces": measures("space"),
        "radii": measures("radius"),
        "form": SampleForm(auto_id="plain_%s"),
        "wrong": SampleForm({"rate": "120", "day": "2026-12-28"}, auto_id="wrong_%s"),
        "buttons": BUTTONS,
        "states": STATES,
        "chips": CHIPS,
        "rows": ROWS,
        "steps": STEPS,
        "returned": RETURNED,
        "changes": CHANGES,
        "tones": TONES,
        "kept": KEPT,
        "menu": menu(),
        "page": Paginator(range(200), 10).get_page(request.GET.get("page", 7)),
        "day": date(2026, 10, 7),
        "moment": datetime(2026, 10, 7, 5, 5, tzinfo=UTC),
        "months": range(1, 13),
        "lines": range(1, 25),
    }
    return render(request, "styleguide.html", context)
