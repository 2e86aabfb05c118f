"""The pages that extend, cancel and revoke, by role; what the review says of it, and of nobody being left to decide."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from departments.models import Appointment, Role, User
from departments.projection import rebuild_access
from tests.factories import appoint, make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import NOW, REASON, TODAY, at, fresh, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Event, Review, Stage
from workflows.services.cases import extend

pytestmark = pytest.mark.usefixtures("clock")

STAGE_OF = {"extend": Stage.PREPARE, "cancel": Stage.REVIEW, "revoke": Stage.APPROVED}
WAYS = list(STAGE_OF)
ALLOWED = {
    "extend": {"dx_lead", "reviewer", "second_reviewer", "doubled", "approver"},
    "cancel": {"dx_lead", "approver"},
    "revoke": {"dx_lead", "approver"},
}
READERS = {"editor", "lead", "dx_lead", "reviewer", "second_reviewer", "approver", "moved", "doubled", "auditor"}


def form_of(way: str, review: Review) -> dict[str, Any]:
    review = now_of(review)
    return {
        "extend": {"task": review.task_id, "due": review.due_on, "to": "2026-10-21", "reason": REASON},
        "cancel": {"task": review.task_id, "reason": REASON},
        "revoke": {"round": review.round, "reason": REASON},
    }[way]


def post(user: User, way: str, review: Review, data: dict[str, Any] | None = None, **follow: Any) -> Any:
    sent = form_of(way, review) if data is None else data
    return logged_in(user).post(reverse(way, args=[review.pk]), sent, **follow)


@pytest.mark.parametrize("way", WAYS)
def test_who_finds_the_page_and_its_link(cast: Cast, review: Review, way: str) -> None:
    at(STAGE_OF[way], review, cast)
    found, linked = {}, set()
    for person in cast.everybody():
        if not person.is_active:
            continue
        name = person.username
        found[name] = page_of(person, way, review.pk).status_code
        if f'href="{reverse(way, args=[review.pk])}"' in page_of(person, "review", review.pk).content.decode():
            linked.add(name)
    readers = READERS | ({"executive"} if way == "revoke" else set())
    assert found == {name: 200 if name in ALLOWED[way] else 302 if name in readers else 404 for name in found}
    assert linked == ALLOWED[way]


@pytest.mark.parametrize("way", WAYS)
def test_nobody_else_can_post_it(cast: Cast, review: Review, way: str) -> None:
    at(STAGE_OF[way], review, cast)
    before = Event.objects.count()
    for person in cast.everybody():
        if person.is_active and person.username not in ALLOWED[way]:
            answer = post(person, way, review)
            readers = READERS | ({"executive"} if way == "revoke" else set())
            assert answer.status_code == (403 if person.username in readers else 404), person
            assert "私の理由" not in text_of(answer)
    assert Event.objects.count() == before


DONE = {
    "extend": ("市民課 令和8年度 2Q進捗確認の期限を令和8年10月21日(水)に延長しました。", Stage.PREPARE),
    "cancel": ("市民課 令和8年度 2Q進捗確認を取り下げて終了しました。", Stage.CANCELLED),
    "revoke": ("承認を取り消しました。再提出の期限は令和8年10月15日(木)です。", Stage.PREPARE),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_done_once_and_the_second_is_told(cast: Cast, review: Review, way: str) -> None:
    at(STAGE_OF[way], review, cast)
    data = form_of(way, review)
    sentence, stage = DONE[way]
    assert sentence in text_of(post(cast.approver, way, review, data, follow=True))
    assert now_of(review).stage == stage
    events = Event.objects.count()
    again = post(cast.approver, way, review, data)
    assert (again.status_code, "入力していた内容" in text_of(again)) == (409, way == "extend")
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています" in text_of(again)
    second = post(cast.dx_lead, way, review, data | {"reason": "私の理由"})
    assert second.status_code == 409
    assert "approverさんが令和8年10月7日(水) 10:00に、先に処理しています" in text_of(second)
    assert "私の理由" in text_of(second)
    assert Event.objects.count() == events


@pytest.mark.parametrize("way", WAYS)
def test_what_was_typed_stays_in_the_form(cast: Cast, review: Review, way: str) -> None:
    at(STAGE_OF[way], review, cast)
    answer = post(cast.approver, way, review, form_of(way, review) | {"reason": "長" * 2001})
    assert answer.status_code == 200
    assert "入力内容に1件の誤りがあります" in text_of(answer)
    assert "長" * 2001 in answer.content.decode()
    answer = post(cast.approver, way, review, form_of(way, review) | {"reason": " "})
    assert "理由を書いてください。" in text_of(answer)


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("2026-10-14", "より後の日を選んでください。"),
        ("2026-10-17", "この日は閉庁日です。次の営業日は令和8年10月19日(月)です。"),
        ("2027-01-08", "それまでの日を選んでください。"),
        ("8-10-21", "入力内容に1件の誤りがあります"),
        ("", "入力内容に1件の誤りがあります"),
        ("あした", "入力内容に1件の誤りがあります"),
    ],
)
def test_a_day_that_cannot_be_is_said_beside_it(cast: Cast, review: Review, to: str, sentence: str) -> None:
    answer = post(cast.reviewer, "extend", review, form_of("extend", review) | {"to": to})
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert REASON in answer.content.decode()
    assert now_of(review).due_on == date(2026, 10, 14)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", ["", "x", "9" * 30])
def test_a_broken_request_is_refused(cast: Cast, review: Review, way: str, number: str) -> None:
    at(STAGE_OF[way], review, cast)
    data = form_of(way, review)
    data[next(iter(data))] = number
    assert post(cast.approver, way, review, data).status_code == 400


@pytest.mark.parametrize("way", WAYS)
def test_what_was_typed_is_kept_for_whoever_has_to_log_in_again(cast: Cast, review: Review, way: str) -> None:
    at(STAGE_OF[way], review, cast)
    client = logged_in(cast.approver)
    client.logout()
    origin = {"origin": "http://testserver"}
    answer = client.post(reverse(way, args=[review.pk]), form_of(way, review), headers=origin)
    kept = answer.context["kept"]
    assert (answer.status_code, kept.address) == (403, reverse(way, args=[review.pk]))
    assert kept.fields == {name: [str(value)] for name, value in form_of(way, review).items()}
    assert page_of(cast.approver, way, review.pk).status_code == 200


def test_the_pages_say_what_will_happen(cast: Cast, places: Places, review: Review) -> None:
    text = text_of(page_of(cast.reviewer, "extend", review.pk))
    for said in (
        "この所属の提出期限だけが延びます。",
        "令和8年10月19日(月)(3営業日後)、令和8年10月21日(水)(5営業日後)、令和8年10月28日(水)(10営業日後)",
        "令和8年12月25日(金)(チェックポイントの終了日)までの営業日",
    ):
        assert said in text
    text = text_of(page_of(cast.approver, "cancel", review.pk))
    assert "この計画は、このチェックポイントでは報告の対象外となり" in text
    at(Stage.APPROVED, review, cast)
    assert "直接、承認者に届きます" in text_of(page_of(cast.approver, "revoke", review.pk))
    (plan_review,) = opened(make_plan(places.tax, measures=1), kind=CheckpointKind.PLAN)
    text = text_of(page_of(cast.approver, "cancel", plan_review.pk))
    assert "計画は承認されないため、この計画の進捗確認は始まりません。" in text


def test_a_department_drops_its_own_change_in_its_own_words(cast: Cast, review: Review) -> None:
    Review.objects.filter(pk=review.pk).update(change_number=1)
    text = text_of(page_of(cast.lead, "cancel", review.pk))
    assert "計画変更の申請を取り下げる" in text
    assert "必要になれば、あらためて計画変更を申請できます。" in text
    text = text_of(page_of(cast.approver, "cancel", review.pk))
    assert "この計画変更を取り下げて終了する" in text
    assert page_of(cast.editor, "cancel", review.pk).status_code == 302
    assert post(cast.lead, "cancel", review).status_code == 302
    assert now_of(review).stage == Stage.CANCELLED


# ---- what the review's page says


def test_the_review_says_that_the_day_was_extended_and_why(cast: Cast, review: Review) -> None:
    to, task_id = date(2026, 10, 21), review.task_id or 0
    extend(review_id=review.pk, task_id=task_id, to=to, reason="大雨の対応のため", by=fresh(cast.reviewer), now=NOW)
    text = text_of(page_of(cast.lead, "review", review.pk))
    assert "期限： 令和8年10月21日(水) あと9営業日" in text
    assert "期限延長： 令和8年10月14日(水) → 令和8年10月21日(水) 大雨の対応のため reviewer" in text


def test_the_review_says_who_cancelled_it_when_and_why(cast: Cast, review: Review) -> None:
    take(Action.CANCEL, review, cast.approver)
    page = page_of(cast.lead, "review", review.pk)
    text = text_of(page)
    assert f"取下げにより、承認されないまま終了しました {REASON} approver、令和8年10月7日(水) 10:00" in text
    assert "いまの担当" not in text
    assert 'class="steps"' not in page.content.decode()


def test_the_review_says_that_the_approval_was_revoked(cast: Cast, review: Review) -> None:
    at(Stage.APPROVED, review, cast)
    take(Action.REVOKE, review, cast.approver)
    for page in ("review", "prepare"):
        text = text_of(page_of(cast.lead, page, review.pk))
        assert "承認が取り消されました。所属で直して再提出してください" in text
        assert REASON in text
    assert page_of(cast.executive, "review", review.pk).status_code == 404
    save(review, cast.editor, done="直した報告")
    take(Action.SUBMIT, review, cast.lead)
    assert "承認が取り消されました。所属" not in text_of(page_of(cast.lead, "review", review.pk))


# ---- nobody is left to decide


def nobody_left(review: Review, cast: Cast, place: Any) -> None:
    """Whoever reviews becomes an editor of the department as well."""
    for person in (cast.reviewer, cast.second_reviewer, cast.doubled):
        appoint(person, place, Role.EDITOR, on=TODAY)
    rebuild_access(TODAY)


def test_where_nobody_may_decide_the_page_says_who_could(cast: Cast, places: Places, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    assert "審査できる人がいません" not in text_of(page_of(cast.lead, "review", review.pk))
    nobody_left(review, cast, places.civic)
    for person in (cast.lead, cast.auditor, cast.reviewer, cast.approver):
        text = text_of(page_of(person, "review", review.pk))
        assert "審査できる人がいません" in text
        assert "ほかに審査担当がいません。管理者による任命が必要です。" in text
        assert "任命できる人： approver 、 dx_lead 、 executive" in text
        assert "この件は、ほかの方が判断します" not in text
    appoint(cast.executive, places.city, Role.REVIEWER, on=TODAY)
    text = text_of(page_of(cast.lead, "review", review.pk))
    assert "審査できる人がいません" not in text
    assert "いまの担当(審査)： executive" in text


def test_at_most_ten_are_named(cast: Cast, places: Places, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    nobody_left(review, cast, places.civic)
    for number in range(12):
        person = User.objects.create(username=f"e{number:02}", name=f"e{number:02}", email=f"e{number}@city.example")
        Appointment.objects.create(
            user=person, department=places.city, role=Role.EXECUTIVE, valid_from=date(2026, 4, 1)
        )
    text = text_of(page_of(cast.lead, "review", review.pk))
    assert "e00 、 e01 、 e02 、 e03 、 e04 、 e05 、 e06 、 e07 ほか5人" in text


def test_where_nobody_could_the_page_says_what_it_takes(cast: Cast, places: Places, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    nobody_left(review, cast, places.civic)
    for person in (cast.approver, cast.dx_lead, cast.executive):
        appoint(person, places.civic, Role.EDITOR, on=TODAY)
    text = text_of(page_of(cast.lead, "review", review.pk))
    assert "現在のDX推進課・推進本部員には、任命できる人がいません。" in text


def test_a_department_without_people_is_said_too(cast: Cast, places: Places, review: Review) -> None:
    Appointment.objects.filter(department=places.civic).delete()
    rebuild_access(TODAY)
    text = text_of(page_of(cast.reviewer, "review", review.pk))
    assert "この所属には作成・提出できる人がいません" in text


def test_whoever_appoints_people_finds_where_it_is_needed(cast: Cast, places: Places, review: Review) -> None:
    at(Stage.REVIEW, review, cast)
    assert "審査・承認できる人がいない案件" not in text_of(page_of(cast.administrator, "home"))
    nobody_left(review, cast, places.civic)
    text = text_of(page_of(cast.administrator, "home"))
    assert "審査・承認できる人がいない案件 1" in text
    assert "市民課 実行プラン 2Q進捗確認 令和8年度 審査担当 approver 、 dx_lead 、 executive" in text
    assert "審査・承認できる人がいない案件" not in text_of(page_of(cast.approver, "home"))
