"""A whole quarter on the pages: one report from the opening to the approval, returned by both steps of the office."""

from datetime import date

import pytest
from django.core.management import call_command

from departments.models.indicators import Kind
from departments.models.plans import PlanState
from tests.clock import Clock
from tests.factories import make_indicator, make_measure, make_plan
from tests.journeys.city import City, make_city
from workflows.models import Review

pytestmark = pytest.mark.django_db

OPENED = "【めぐる】提出のお願い(令和8年10月16日(金)まで): 令和8年度 2Q進捗確認"
PLEASE_REVIEW = "【めぐる】審査のお願い: 市民課 令和8年度 2Q進捗確認"
ALL_IN = "【めぐる】全件提出済み: 令和8年度 2Q進捗確認"
PLEASE_APPROVE = "【めぐる】承認のお願い: 市民課 令和8年度 2Q進捗確認"
RETURNED = "【めぐる】差戻し: 市民課 令和8年度 2Q進捗確認"
SUBMITTED = "【めぐる】提出: 市民課 令和8年度 2Q進捗確認"
APPROVED = "【めぐる】承認: 市民課 令和8年度 2Q進捗確認"
WAITS = "【めぐる】対応待ち1件"
FIRST_REASON = "利用件数の根拠を書いてください。"
SECOND_REASON = "来年度への影響も書いてください。"
HISTORY = (
    "履歴 承認 (第3回提出) よくまとまっています。 approver、令和8年10月20日(火) 11:00"
    " 提出 (第3回提出) suzuki、令和8年10月19日(月) 10:00"
    f" 差戻し (第2回提出) {SECOND_REASON} approver、令和8年10月16日(金) 10:00"
    " 承認へ回付 (第2回提出) reviewer、令和8年10月15日(木) 10:00"
    " 提出 (第2回提出) suzuki、令和8年10月14日(水) 10:00"
    f" 差戻し (第1回提出) {FIRST_REASON} reviewer、令和8年10月13日(火) 10:00"
    " 提出 (第1回提出) suzuki、令和8年10月9日(金) 10:00"
    " 開始 administrator、令和8年10月1日(木) 10:00"
)


@pytest.fixture
def city(clock: Clock) -> City:
    """市民課 has an approved plan: two measures, one with an indicator, and an indicator of the strategy to report."""
    clock.set(date(2026, 9, 30), 9)
    city = make_city(clock)
    plan = make_plan(city.civic, measures=1)
    second = make_measure(plan, "オンライン申請の拡大")
    make_indicator("M2-1", measure=second, title="対象手続の数", target=30)
    make_indicator("1-1", kind=Kind.RATIO, unit="%", title="オンライン利用率", target=60, department=city.civic)
    plan.state = PlanState.APPROVED
    plan.save(update_fields=["state"])
    return city


class Names:
    """The names of the sheet's fields, which carry the numbers of the rows."""

    def __init__(self, review: Review) -> None:
        one, two = (f"m{pk}" for pk in review.plan.measures.values_list("pk", flat=True))
        [own] = review.plan.measures.last().indicators.all()
        [strategic] = review.department.indicators.all()
        self.half = {f"{one}-progress": "on_plan", f"{one}-percent": "50", f"{two}-progress": "slightly_late"}
        self.rest = {
            f"{one}-done": "窓口の案内を作り直した。\n9月から使っている。",
            f"{two}-done": "8月に12手続を始めた。",
            f"{two}-issue": "本人確認の方式が決まらない。",
            f"{two}-next_step": "11月までに決める。",
            f"i{own.pk}-value": "12",
            f"i{strategic.pk}-numerator": "４５０",
            f"i{strategic.pk}-denominator": "1,200",
        }
        self.second_done = f"{two}-done"
        self.second_issue = f"{two}-issue"


def test_a_quarter_from_opening_to_approval(city: City) -> None:
    with city.at(date(2026, 10, 1)):
        page = city.open_checkpoint("q2")
        page.says("令和8年度 2Q進捗確認を開始しました。新しく1件を開始し", "実施中", "提出期限 令和8年10月16日(金)")

    names = Names(Review.objects.get())
    with city.at(date(2026, 10, 5)):
        the_editor_begins(city, names)
    with city.at(date(2026, 10, 9)):
        the_lead_submits(city, names)
    with city.at(date(2026, 10, 13)):
        the_reviewer_returns_it(city)
    with city.at(date(2026, 10, 14)):
        the_lead_mends_it(city, names)
    with city.at(date(2026, 10, 15)):
        the_reviewer_passes_it_on(city)
    with city.at(date(2026, 10, 16)):
        the_approver_returns_it(city)
    with city.at(date(2026, 10, 19)):
        the_lead_submits_straight_to_approval(city, names)
    with city.at(date(2026, 10, 20), 11):
        the_approver_approves_it(city)
    city.live_until(date(2026, 11, 13))

    everybody_sees_it(city)
    assert city.told == {
        date(2026, 10, 1): {"suzuki": [OPENED], "tanaka": [OPENED]},
        date(2026, 10, 8): {"suzuki": [WAITS], "tanaka": [WAITS]},  # 5 business days before the due day
        date(2026, 10, 9): {"reviewer": [PLEASE_REVIEW, ALL_IN]},  # the only plan of the city
        date(2026, 10, 13): {"suzuki": [RETURNED], "tanaka": [RETURNED]},
        date(2026, 10, 14): {"reviewer": [PLEASE_REVIEW]},
        date(2026, 10, 15): {"approver": [PLEASE_APPROVE]},
        # The reviewer, who passed it on, is told how it goes on.
        date(2026, 10, 16): {"reviewer": [RETURNED], "suzuki": [RETURNED], "tanaka": [RETURNED]},
        date(2026, 10, 19): {"approver": [PLEASE_APPROVE], "reviewer": [SUBMITTED]},
        date(2026, 10, 20): {"reviewer": [APPROVED], "suzuki": [APPROVED], "tanaka": [APPROVED]},
    }
    call_command("verify_history")


def the_editor_begins(city: City, names: Names) -> None:
    editor = city.visit("tanaka")
    editor.page.says("対応が必要なものが1件あります", "市民課", "あと8営業日")
    editor.follow("入力する").says("令和8年9月30日(水)現在", "提出まであと6項目", "提出できる人(所属長)：suzuki")
    page = editor.press("下書きを保存", **names.half)
    page.says("下書きを保存しました", "提出まであと6項目", "最終保存：tanaka、令和8年10月5日(月) 10:00")
    assert "確認して提出" not in {button.text.strip() for form in page.forms for button in form.buttons}


def the_lead_submits(city: City, names: Names) -> None:
    lead = city.visit("suzuki")
    lead.follow("入力を続ける")
    page = lead.press("確認して提出")
    page.says(
        "まだ提出していません。あと6件の入力が必要です",
        "施策1 施策1：取組の状況を入力してください。",
        "施策2 オンライン申請の拡大：取組の状況を入力してください。",
        "施策2 オンライン申請の拡大：課題を入力してください。",
        "施策2 オンライン申請の拡大：今後の対応を入力してください。",
        "指標M2-1 対象手続の数：値を入力するか",
        "指標1-1 オンライン利用率：値を入力するか",
    )
    missing = {link.address.partition("#")[2] for link in page.links if "入力" in link.text and "#id_" in link.address}
    assert (len(missing), missing - page.ids) == (6, set())
    lead.press("確認して提出", **names.rest).says("次の内容で提出します。", "37.5%", "450", "やや遅れ")
    page = lead.press("提出する")
    page.says("提出しました", "審査中", "いまの担当(審査)：reviewer", "37.5%", "450", "やや遅れ")


def the_reviewer_returns_it(city: City) -> None:
    reviewer = city.visit("reviewer")
    reviewer.page.says("審査するもの", "市民課", "あと10営業日")
    reviewer.follow("審査する").says("第1回提出の内容", "窓口の案内を作り直した。", "37.5%")
    page = reviewer.press("差し戻す", comment=" \n ")
    page.says("差し戻す理由を入力してください", "審査中")
    reviewer.press("差し戻す", comment=FIRST_REASON).says("市民課 令和8年度 2Q進捗確認を差し戻しました")
    reviewer.page.says("いま対応が必要なものはありません")


def the_lead_mends_it(city: City, names: Names) -> None:
    lead = city.visit("suzuki")
    lead.follow("修正する").says("差し戻されました", FIRST_REASON, "必要な項目はすべて入力・保存されています")
    lead.press("確認して提出", **{names.second_done: "8月に14手続を始めた。"})
    lead.press("提出する").says("提出しました", "いまの担当(審査)：reviewer")


def the_reviewer_passes_it_on(city: City) -> None:
    reviewer = city.visit("reviewer")
    page = reviewer.follow("審査する")
    page.says("第1回提出から変わったところ", "第2回提出の内容", FIRST_REASON)
    assert "<del>12</del>" in page.html
    assert "<ins>14</ins>" in page.html
    reviewer.press("承認へ回す").says("承認へ回しました")
    reviewer.open("/board/").says("承認待ち")


def the_approver_returns_it(city: City) -> None:
    approver = city.visit("approver")
    approver.page.says("承認するもの")
    approver.follow("承認する").says("第2回提出の内容", FIRST_REASON)
    approver.press("差し戻す", comment=SECOND_REASON).says("差し戻しました")
    approver.open("/board/").says("差戻し", "2回目")


def the_lead_submits_straight_to_approval(city: City, names: Names) -> None:
    lead = city.visit("suzuki")
    lead.page.says("あと4営業日")  # five from the return on, although all were due on the 16th
    page = lead.follow("修正する")
    page.says(SECOND_REASON)
    assert FIRST_REASON not in page.text
    lead.press("確認して提出", **{names.second_issue: "本人確認の方式が決まらず、来年度に延びる。"})
    page = lead.press("提出する")
    page.says("提出しました", "承認待ち", "いまの担当(承認)：approver")
    assert city.visit("reviewer").page.says("いま対応が必要なものはありません")


def the_approver_approves_it(city: City) -> None:
    approver = city.visit("approver")
    page = approver.follow("承認する")
    page.says("第3回提出の内容", "第2回提出から変わったところ", SECOND_REASON)
    form, button = approver.button("承認")
    approver.press("承認", comment="よくまとまっています。").says("承認しました", "いま対応が必要なものはありません")
    approver.send(form, button).says("すでに処理済みです", "その後に送信された操作は実行していません")
    assert approver.page.status == 409


def everybody_sees_it(city: City) -> None:
    executive = city.visit("executive")
    executive.open("/board/").says("市民課", "承認済み", "3回目")
    page = executive.follow("✓承認済み")
    page.says("第3回提出の内容", "来年度に延びる")
    assert "履歴" not in page.text
    auditor = city.visit("auditor")
    page = auditor.open(page.address)
    page.says("履歴", FIRST_REASON, SECOND_REASON, "よくまとまっています。")
    assert page.text.endswith(HISTORY)
    city.visit("suzuki").page.says("いま対応が必要なものはありません", "所属が提出したものの現在の状況", "承認済み")
    neighbour = city.visit("kato")
    assert neighbour.open(page.address).status == 404
    assert "市民課" not in neighbour.open("/board/").text
