"""What was taken back, what came late, what never came, and how a checkpoint ends."""

from datetime import date

import pytest
from django.core.management import call_command

from departments.models.plans import PlanState
from tests.clock import Clock
from tests.factories import make_plan
from tests.journeys.city import City, make_city
from workflows.models import Review

pytestmark = pytest.mark.django_db

DONE = {"progress": "on_plan", "percent": "50", "done": "予定どおり進めた。"}
WAITS_LATE = "【めぐる】対応待ち1件(うち期限超過1件)"


@pytest.fixture
def city(clock: Clock) -> City:
    """Both departments have an approved plan of one measure; the second quarter opens on 1 October."""
    clock.set(date(2026, 9, 30), 9)
    city = make_city(clock)
    for department in (city.civic, city.tax):
        make_plan(department, measures=1, state=PlanState.APPROVED)
    return city


def report(review: Review) -> dict[str, str]:
    [measure] = review.plan.measures.all()
    return {f"m{measure.pk}-{name}": value for name, value in DONE.items()}


def test_what_is_taken_back_what_is_late_and_what_is_never_done(city: City) -> None:
    with city.at(date(2026, 10, 1)):
        city.open_checkpoint("q2").says("新しく2件を開始し")
    civic, tax = Review.objects.get(department=city.civic), Review.objects.get(department=city.tax)
    with city.at(date(2026, 10, 2)):
        the_lead_submits_and_takes_it_back(city, civic)
    with city.at(date(2026, 10, 5)):
        the_lead_submits_again_and_the_reviewer_passes_it_on(city, civic)
    with city.at(date(2026, 10, 20)):
        the_board_shows_who_is_late(city)
    with city.at(date(2026, 10, 21), 14):
        the_neighbour_has_not_submitted_when_it_closes(city, tax)
    city.live_until(date(2026, 11, 20))

    what_ended_unfinished_stays_so(city, civic, tax)
    opened = "【めぐる】提出のお願い(令和8年10月16日(金)まで): 令和8年度 2Q進捗確認"
    taken_back = "【めぐる】引戻し: 市民課 令和8年度 2Q進捗確認"
    asked, waits = "【めぐる】審査のお願い: 市民課 令和8年度 2Q進捗確認", "【めぐる】対応待ち1件"
    lapsed = "【めぐる】未完了で締切: {} 令和8年度 2Q進捗確認"
    assert city.told == {
        date(2026, 10, 1): {name: [opened] for name in ("suzuki", "tanaka", "kato", "ito")},
        # Submitted and taken back between two ticks: nobody is asked to review; the editor, who did neither, is told.
        date(2026, 10, 2): {"tanaka": [taken_back]},
        date(2026, 10, 5): {"approver": ["【めぐる】承認のお願い: 市民課 令和8年度 2Q進捗確認"], "reviewer": [asked]},
        date(2026, 10, 8): {"kato": [waits], "ito": [waits]},
        date(2026, 10, 15): {"kato": [waits], "ito": [waits]},
        date(2026, 10, 16): {"kato": [waits], "ito": [waits]},
        date(2026, 10, 21): {
            "kato": [WAITS_LATE, lapsed.format("税務課")],
            "ito": [WAITS_LATE],
            "suzuki": [lapsed.format("市民課")],
        },
    }
    call_command("verify_history")


def the_lead_submits_and_takes_it_back(city: City, civic: Review) -> None:
    lead = city.visit("suzuki")
    lead.follow("入力する")
    lead.press("確認して提出", **report(civic)).says("まだ提出していません。次の内容で提出します。")
    lead.press("提出する").says("提出しました")
    lead.follow("引き戻す").says("提出したものの引戻し")
    form, button = lead.button("引き戻す")
    lead.press("引き戻す").says(
        "引き戻しました。直してから、もう一度提出できます。", "必要な項目はすべて入力・保存されています"
    )
    lead.send(form, button).says("その後に送信された操作は実行していません")
    assert lead.page.status == 409
    assert city.visit("reviewer").page.says("いま対応が必要なものはありません")


def the_lead_submits_again_and_the_reviewer_passes_it_on(city: City, civic: Review) -> None:
    lead = city.visit("suzuki")
    lead.follow("確認して提出")
    lead.press("確認して提出")
    lead.press("提出する").says("提出しました")
    lead.follow("引き戻す")
    form, button = lead.button("引き戻す")
    city.tick()
    reviewer = city.visit("reviewer")
    reviewer.follow("審査する").says("変更はありません。内容は第1回提出と同じです。")
    reviewer.press("承認へ回す")
    page = lead.send(form, button)
    page.says("reviewerさんが令和8年10月5日(月) 10:00に、先に処理しています(承認へ回付)")
    assert page.status == 409
    assert "引き戻す" not in lead.open(f"/reviews/{civic.pk}/").text


def the_board_shows_who_is_late(city: City) -> None:
    executive = city.visit("executive")
    page = executive.open("/board/")
    page.says("税務課", "2営業日超過", "うち期限超過 1", "市民課", "承認待ち")
    assert page.text.count("営業日超過") == 1
    executive.press("表示", late="1").says("税務課", "2営業日超過")
    assert "市民課" not in executive.page.text
    city.visit("kato").page.says("対応が必要なものが1件あります", "うち1件は期限を過ぎています", "2営業日超過")


def the_neighbour_has_not_submitted_when_it_closes(city: City, tax: Review) -> None:
    lead = city.visit("kato")
    lead.follow("入力する")
    form, button = lead.button("確認して提出")
    administrator = city.visit("administrator")
    administrator.follow("チェックポイント")
    administrator.follow("終了する").says("まだ承認されていないものが2件あります")
    administrator.press("終了する(元に戻せません)").says("終了するには、ここにチェックを入れてください")
    again = administrator.button("終了する(元に戻せません)")
    administrator.press("終了する(元に戻せません)", sure="on").says("終了しました。未了のまま終わったものは2件です。")
    administrator.send(*again, {"sure": "on"}).says("令和8年10月21日(水) 14:00に終了しています")
    assert administrator.page.status == 409
    page = lead.send(form, button, report(tax))
    page.says("先に処理しています(未了で終了)", "入力していた内容", "予定どおり進めた。")
    assert page.status == 409


def what_ended_unfinished_stays_so(city: City, civic: Review, tax: Review) -> None:
    lead = city.visit("kato")
    lead.page.says("いま対応が必要なものはありません")
    page = lead.open(f"/reviews/{tax.pk}/prepare/")
    assert page.address == f"/reviews/{tax.pk}/"
    page.says("未了で終了", "内容は変更できません")
    for name in ("reviewer", "approver"):
        office = city.visit(name)
        page = office.open(f"/reviews/{civic.pk}/")
        page.says("未了で終了", "第2回提出の内容")
        assert not {"判断する", "承認へ回す", "差し戻す"} & set(page.text.split())
    city.visit("executive").open("/board/").says("未了で終了")
    assert city.visit("executive").open(f"/reviews/{civic.pk}/").status == 404
