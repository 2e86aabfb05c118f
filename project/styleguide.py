"""The look on one page: every part in every state, with made-up content (見本)."""

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

PROGRESS = [("ahead", "前倒し"), ("on", "計画どおり"), ("behind", "やや遅れ"), ("late", "遅れ")]
CHIPS = [
    ("gray", "－", "未着手"),
    ("blue", "…", "確認中"),
    ("green", "✓", "承認済"),
    ("yellow", "✎", "下書き"),
    ("orange", "△", "やや遅れ"),
    ("red", "↩", "差戻し"),
    ("purple", "◇", "代決"),
]
ROWS = [
    {"department": "総務課", "title": "電子決裁の全庁展開", "rate": "100.0", "sum": "12 / 12", "chip": CHIPS[2]},
    {"department": "市民課", "title": "窓口のオンライン申請", "rate": "58.4", "sum": "7 / 12", "chip": CHIPS[1]},
    {"department": "保育課", "title": "入所選考の自動化", "rate": "41.7", "sum": "5 / 12", "chip": CHIPS[5]},
]
STEPS = [
    {"label": "作成", "state": "done", "note": "9月18日"},
    {"label": "提出", "state": "done", "note": "9月28日"},
    {"label": "DX推進課の確認", "state": "current", "note": "10月7日まで"},
    {"label": "DX推進課長の承認", "state": ""},
]
RETURNED = [
    {"label": "作成", "state": "done"},
    {"label": "提出", "state": "error", "note": "差戻し"},
    {"label": "確認", "state": ""},
    {"label": "承認", "state": ""},
]
TONES = [
    ("success", "提出しました"),
    ("error", "提出できません"),
    ("warning", "期限が近づいています"),
    ("info", "お知らせ"),
]
CHANGES = [
    {"label": "進捗区分", "before": "計画どおり", "after": "やや遅れ", "change": "changed"},
    {
        "label": "実施内容",
        "before": "7月に仕様を固め、8月に入札を公告した。",
        "after": "7月に仕様を固め、9月に再度の入札を公告した。応札は2者。",
        "change": "changed",
    },
    {"label": "課題", "before": "", "after": "契約が1か月遅れる見込み。", "change": "added"},
    {"label": "備考", "before": "前年度からの継続。", "after": "", "change": "removed"},
    {"label": "担当", "before": "情報政策係", "after": "情報政策係", "change": "same"},
]


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


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """For those who build pages; to everybody else it isn't there."""
    if not request.user.is_staff:
        raise Http404
    context = {
        "form": SampleForm(auto_id="plain_%s"),
        "wrong": SampleForm({"rate": "120", "day": "2026-12-28"}, auto_id="wrong_%s"),
        "chips": CHIPS,
        "rows": ROWS,
        "steps": STEPS,
        "returned": RETURNED,
        "changes": CHANGES,
        "tones": TONES,
        "page": Paginator(range(200), 10).get_page(request.GET.get("page", 7)),
        "day": date(2026, 10, 7),
        "moment": datetime(2026, 10, 7, 5, 5, tzinfo=UTC),
        "months": range(1, 13),
    }
    return render(request, "styleguide.html", context)
