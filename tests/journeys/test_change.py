"""A change of an approved plan on the pages: asked for, returned by both steps of the office, approved; 1Q stays."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command

from departments.models import ActionPlan
from departments.models.indicators import Kind
from departments.models.plans import PlanState
from tests.clock import Clock
from tests.factories import make_indicator, make_plan
from tests.journeys.city import City, make_city
from tests.workflows.moves import opened, save, take
from workflows.access import Action
from workflows.models import Review
from workflows.services.drafts import IndicatorEntry

pytestmark = pytest.mark.django_db

NAME = "市民課 令和8年度 計画変更 第1号"
WHY = "制度改正で対象が減ったため、目標を見直す。"
FIRST_REASON = "対象が減った件数を理由に書いてください。"
SECOND_REASON = "工程も見直してください。"
RATES = "/rates/?year=2026&kind=q1"


@pytest.fixture
def city(clock: Clock) -> City:
    """市民課 has an approved plan, 窓口の改善 with an indicator, and its approved report at 1Q."""
    clock.set(date(2026, 7, 15))
    city = make_city(clock)
    plan = make_plan(city.civic, measures=1, state=PlanState.APPROVED)
    indicator = make_indicator("M1-1", measure=plan.measures.get(), title="対象手続の数", target=30)
    make_indicator("3-1", kind=Kind.DERIVED, derivation="plan_achievement", target=80, each_department=True, unit="%")
    make_indicator("2-1", kind=Kind.DERIVED, derivation="priority_achievement", target=85, unit="%")
    (first,) = opened(plan, kind="q1", now=clock.now)
    save(first, city.tanaka, clock.now, indicators={indicator.pk: IndicatorEntry(value=Decimal(12))})
    steps = [(Action.SUBMIT, city.suzuki), (Action.PASS, city.reviewer), (Action.APPROVE, city.approver)]
    for action, person in steps:
        take(action, first, person, now=clock.now)
    return city


def test_a_change_from_the_request_to_the_approval(city: City) -> None:
    first, plan = Review.objects.get(), ActionPlan.objects.get()
    seen = judged(city, first)
    with city.at(date(2026, 10, 5)):
        the_editor_asks(city, plan)
    with city.at(date(2026, 10, 6)):
        the_lead_submits(city)
    with city.at(date(2026, 10, 7)):
        the_reviewer_returns_it(city)
    with city.at(date(2026, 10, 8)):
        the_editor_gives_the_reason_and_the_lead_submits(city)
    with city.at(date(2026, 10, 9)):
        the_reviewer_passes_it_on(city)
    with city.at(date(2026, 10, 13)):
        the_approver_returns_it(city)
    with city.at(date(2026, 10, 14)):
        the_lead_submits_straight_to_approval(city)
    assert plan.measures.get().title == "施策1"
    with city.at(date(2026, 10, 15)):
        the_approver_approves_it(city)

    assert judged(city, first) == seen
    everybody_reads_the_new_plan(city, plan)
    subjects = {subject for day in city.told.values() for told in day.values() for subject in told}
    assert {subject for subject in subjects if "計画変更" in subject} == {
        f"【めぐる】{what}: 市民課 計画変更"
        for what in ("提出のお願い", "提出", "審査のお願い", "差戻し", "承認のお願い", "承認")
    }
    call_command("verify_history")


def judged(city: City, first: Review) -> list[str]:
    """What everybody reads of the quarter that is over: its page, its round, the rates."""
    addresses = [f"/reviews/{first.pk}/", f"/reviews/{first.pk}/rounds/1/", RATES]
    names = ["tanaka", "reviewer", "executive", "auditor"]
    pages = [city.visit(name).open(address) for name in names for address in addresses]
    assert {page.status for page in pages} == {200}
    return [page.text for page in pages]


def the_editor_asks(city: City, plan: ActionPlan) -> None:
    editor = city.visit("tanaka")
    editor.open(f"/plans/{plan.pk}/")
    editor.follow("計画変更を申請").says("いまの計画が有効です")
    editor.press("申請を始める", reason=" ").says("変更の理由")
    editor.press("申請を始める", reason=WHY).says("計画変更の申請を始めました", "市民課 計画変更 第1号")
    page = editor.press("工程を追加", **{"m0-title": "窓口とオンラインの改善", "m0-k0-target": "２４"})
    page.says("下の表示に反映しました", "変更前:施策1", "変更前:30")
    page = editor.press("保存して確認", **{"m0-priority": "other"})
    page.says("下書きを保存しました", WHY, "変更前 変更後", "提出できる人(所属長)：suzuki")
    assert "<del>30</del>" in page.html
    assert "<ins>24</ins>" in page.html


def the_lead_submits(city: City) -> None:
    lead = city.visit("suzuki")
    lead.page.says("対応が必要なものが1件あります", "計画変更 第1号", "あと9営業日")
    lead.follow("確認して提出")
    lead.press("提出").says("提出しました", "市民課 計画変更 第1号 …審査中", "いまの担当(審査)：reviewer")


def the_reviewer_returns_it(city: City) -> None:
    reviewer = city.visit("reviewer")
    reviewer.page.says("審査するもの", "計画変更 第1号", "あと6営業日")
    page = reviewer.follow("審査する")
    page.says("計画の変更内容", WHY, "1 窓口とオンラインの改善 › 区分", "所属の優先課題", "その他")
    reviewer.press("差し戻す", comment=FIRST_REASON).says(f"{NAME}を差し戻しました")


def the_editor_gives_the_reason_and_the_lead_submits(city: City) -> None:
    editor = city.visit("tanaka")
    editor.page.says("差戻し", FIRST_REASON)
    editor.follow("変更案を編集")
    editor.press("保存して確認", reason=f"{WHY}12件減る。").says(FIRST_REASON, "前回の提出から変わったところ")
    lead = city.visit("suzuki")
    lead.follow("確認して提出").says("12件減る。", "変更の理由")
    lead.press("提出").says("いまの担当(審査)：reviewer")


def the_reviewer_passes_it_on(city: City) -> None:
    reviewer = city.visit("reviewer")
    page = reviewer.follow("審査する")
    page.says("計画の変更内容", "前回の提出から変わったところ", "第2回提出の内容")
    reviewer.press("承認へ回す").says("承認へ回しました")


def the_approver_returns_it(city: City) -> None:
    approver = city.visit("approver")
    approver.follow("承認する").says("計画の変更内容", "12件減る。")
    approver.press("差し戻す", comment=SECOND_REASON).says("差し戻しました")


def the_lead_submits_straight_to_approval(city: City) -> None:
    lead = city.visit("suzuki")
    lead.follow("変更案を編集")
    lead.press("保存して確認", **{"m0-s0-first_month": "7"}).says(SECOND_REASON)
    lead.press("提出").says("承認待ち", "いまの担当(承認)：approver")
    assert city.visit("reviewer").page.says("いま対応が必要なものはありません")


def the_approver_approves_it(city: City) -> None:
    approver = city.visit("approver")
    approver.follow("承認する").says("第3回提出の内容")
    form, button = approver.button("承認")
    approver.press("承認", comment="").says(f"{NAME}を承認しました")
    approver.send(form, button).says("すでに処理済みです")
    assert approver.page.status == 409


def everybody_reads_the_new_plan(city: City, plan: ActionPlan) -> None:
    for name in ("tanaka", "reviewer", "executive", "auditor"):
        page = city.visit(name).open(f"/plans/{plan.pk}/")
        page.says("1 窓口とオンラインの改善", "24件以上", "その他", "計画変更 第1号", "承認済み", "12件減る。")
    assert city.visit("kato").open(f"/plans/{plan.pk}/").status == 404
    editor = city.visit("tanaka")
    editor.open(f"/plans/{plan.pk}/").says("計画変更を申請")
    (second,) = opened(plan, kind="q2", now=city.clock.now)
    editor.open(f"/reviews/{second.pk}/prepare/").says("1 窓口とオンラインの改善", "24件以上")
