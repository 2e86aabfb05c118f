"""A plan from its first line to its approval, and what the approval opens."""

from datetime import date

import pytest
from django.core.management import call_command

from departments.models import ActionPlan
from tests.clock import Clock
from tests.factories import make_plan, make_strategy, the_initiative
from tests.journeys.city import City, make_city

pytestmark = pytest.mark.django_db

REASON = "目標を数で示してください。"


@pytest.fixture
def city(clock: Clock) -> City:
    clock.set(date(2026, 4, 1), 9)
    city = make_city(clock)
    make_strategy()
    return city


def test_a_plan_is_written_returned_approved_and_then_reported_on(city: City) -> None:
    with city.at(date(2026, 4, 2)):
        the_editor_writes_it(city)
    make_plan(city.tax, measures=1)
    with city.at(date(2026, 4, 6)):
        city.open_checkpoint("plan").says("令和8年度 計画策定を開始しました。新しく2件を開始し")
    with city.at(date(2026, 4, 7)):
        the_lead_submits_it(city)
    with city.at(date(2026, 4, 8)):
        the_reviewer_returns_it(city)
    with city.at(date(2026, 4, 9)):
        the_lead_mends_it(city)
    with city.at(date(2026, 4, 10)):
        the_office_approves(city)
    nobody_can_change_it_any_more(city)
    assert {day: told["suzuki"] for day, told in city.told.items() if "suzuki" in told} == {
        date(2026, 4, 6): ["【めぐる】提出のお願い(令和8年4月15日(水)まで): 令和8年度 計画策定"],
        date(2026, 4, 8): ["【めぐる】差戻し: 市民課 令和8年度 計画策定"],
        date(2026, 4, 10): ["【めぐる】承認: 市民課 令和8年度 計画策定"],
    }

    city.morning(date(2026, 7, 1))
    with city.at(date(2026, 7, 1)):
        city.open_checkpoint("q1").says("令和8年度 1Q進捗確認を開始しました。新しく1件を開始し")
        assert "次の1件は計画が承認されていないため、今回は開始しません" in city.asked
        assert "税務課 令和8年度 実行プラン" in city.asked
        city.visit("tanaka").follow("入力する").says("1 オンライン申請の拡大", "月300件を受け付けている。")
    with city.at(date(2026, 7, 2)):
        the_neighbour_is_late_with_theirs(city)
    with city.at(date(2026, 7, 3)):
        city.visit("kato").follow("入力する").says("税務課 1Q進捗確認")
    opened = "【めぐる】提出のお願い(令和8年7月15日(水)まで): 令和8年度 1Q進捗確認"
    assert [day for day, told in city.told.items() if opened in told.get("tanaka", [])] == [date(2026, 7, 1)]
    assert [day for day, told in city.told.items() if opened in told.get("kato", [])] == [date(2026, 7, 3)]
    call_command("verify_history")


def the_editor_writes_it(city: City) -> None:
    editor = city.visit("tanaka")
    editor.follow("計画")
    editor.follow("計画を作成")
    editor.press("作成を始める", department=str(city.civic.pk), fiscal_year="2026", kind="execution")
    editor.page.says("計画を作成しました。施策を追加してください。")
    editor.press("施策を追加", summary="待たせない市役所にする。").says("「保存」を押してください")
    editor.press("工程を追加", **{"m0-title": "オンライン申請の拡大", "m0-priority": "department"})
    editor.press("指標を追加", **{"m0-first_month": "1", "m0-last_month": "12", "m0-s0-title": "準備"})
    indicator = {
        "m0-k0-title": "対象手続",
        "m0-k0-kind": "count",
        "m0-k0-direction": "at_least",
        "m0-k0-target": "３０",
    }
    page = editor.press("保存", **{"m0-s0-first_month": "6", "m0-s0-last_month": "3"}, **indicator)
    page.says("施策1 重点取組：入力または選択してください", "施策1 工程1 終了：終わりの月を、始まりの月より前にする")
    assert ActionPlan.objects.get().measures.count() == 0
    page = editor.press("保存", **{"m0-initiative": str(the_initiative().pk), "m0-s0-first_month": "2"})
    page.says(
        "計画を保存しました", "オンライン申請の拡大", "準備 5～6月", "対象手続 施策1 30以上", "待たせない市役所にする。"
    )
    page.says("提出までに直すこと", "施策1: 年度の目標が書かれていません。")


def the_lead_submits_it(city: City) -> None:
    lead = city.visit("suzuki")
    lead.follow("確認して提出").says("計画の提出までに、あと1件の入力が必要です")
    lead.press("提出").says("まだ提出していません。あと1件の入力が必要です")
    page = lead.follow("施策1: 年度の目標が書かれていません。")
    assert page.address == f"/plans/{ActionPlan.objects.first().pk}/edit/"
    stale = page.forms[-1], page.forms[-1].buttons[0]
    lead.press("保存", **{"m0-goal": "多くの申請を受け付けている。"}).says("計画を保存しました")
    lead.open("/")
    lead.follow("確認して提出")
    lead.press("提出").says("提出しました", "審査中", "多くの申請を受け付けている。")
    lead.open(page.address).says("この計画は審査中のため、いまは変更できません")
    frozen = lead.send(*stale, {"m0-goal": "あとから変えたい。"})
    frozen.says("この計画は審査中のため、いまは変更できません", "あとから変えたい。")
    assert frozen.status == 409


def the_reviewer_returns_it(city: City) -> None:
    reviewer = city.visit("reviewer")
    reviewer.follow("審査する").says("第1回提出の内容", "オンライン申請の拡大", "多くの申請を受け付けている。")
    reviewer.press("差し戻す", comment=REASON).says("市民課 令和8年度 計画策定を差し戻しました")


def the_lead_mends_it(city: City) -> None:
    lead = city.visit("suzuki")
    lead.follow("確認して提出").says("差し戻されました", REASON)
    lead.follow("計画を編集")
    lead.press("保存", **{"m0-goal": "月300件を受け付けている。"}).says("計画を保存しました")
    lead.open("/")
    lead.follow("確認して提出").says("前回の提出から変わったところ")
    lead.press("提出").says("提出しました", "第2回提出の内容")


def the_office_approves(city: City) -> None:
    """What waits for the reviewer and then for the approver."""
    reviewer = city.visit("reviewer")
    reviewer.follow("審査する")
    reviewer.press("承認へ回す").says("承認へ回しました")
    approver = city.visit("approver")
    approver.follow("承認する")
    approver.press("承認").says("令和8年度 計画策定を承認しました")


def nobody_can_change_it_any_more(city: City) -> None:
    plan = ActionPlan.objects.get(department=city.civic)
    for name in ("tanaka", "suzuki"):
        page = city.visit(name).open(f"/plans/{plan.pk}/edit/")
        page.says("この計画は承認済みのため、変更できません。", "承認済み")
        assert "編集" not in {link.text.strip() for link in page.links}
    city.visit("executive").open(f"/plans/{plan.pk}/").says("月300件を受け付けている。")
    assert city.visit("kato").open(f"/plans/{plan.pk}/").status == 404


def the_neighbour_is_late_with_theirs(city: City) -> None:
    lead = city.visit("kato")
    lead.follow("確認して提出")
    lead.press("提出").says("提出しました")
    the_office_approves(city)
