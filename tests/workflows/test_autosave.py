"""The sheet is saved as it is typed: what can be kept is kept, and nothing of anybody's is overwritten."""

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, Indicator, User
from departments.models.indicators import Kind
from tests.factories import make_indicator, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import change_of, closed, now_of, opened, save, take, told
from tests.workflows.pages import draft_of, logged_in, page_of, sheet_of, typed
from tests.workflows.pages import post_sheet as pressed
from workflows.access import Action
from workflows.models import CheckpointKind, IndicatorReport, MeasureReport, Review

pytestmark = pytest.mark.usefixtures("clock")


def autosave(user: User, review: Review, data: dict[str, Any]) -> HttpResponse:
    return logged_in(user).post(reverse("autosave", args=[review.pk]), {"writer": user.pk, **data})


def said(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def share(plan: ActionPlan) -> Indicator:
    return make_indicator("M1-1", measure=plan.measures.get(), kind=Kind.RATIO, unit="%", target=80)


def test_what_is_typed_is_saved_and_what_is_missing_is_told(cast: Cast, review: Review) -> None:
    response = autosave(cast.editor, review, sheet_of(review, progress="on_plan", percent="４０"))
    assert response.status_code == 200
    assert draft_of(review) == ("on_plan", 40, "")
    text = said(response)
    assert "10:00 に保存しました" in text
    assert "提出まであと 1 項目" in text
    assert "△ あと1項目" in text
    assert f'href="#id_m{review.plan.measures.get().pk}-done"' in response.content.decode()
    assert f'name="version" value="{now_of(review).version}"' in response.content.decode()


def test_no_event_is_written(cast: Cast, review: Review) -> None:
    for done in ("進", "進め", "進めた。"):
        autosave(cast.editor, now_of(review), sheet_of(now_of(review), done=done))
    assert told(review) == [("opened", None, 0)]
    assert (now_of(review).saved_by, draft_of(review)[2]) == (cast.editor, "進めた。")


def test_what_is_whole_can_be_submitted(cast: Cast, review: Review) -> None:
    response = autosave(cast.editor, review, sheet_of(review, progress="on_plan", done="終えた。"))
    assert "必要な項目はすべて入力・保存されています" in said(response)
    assert "○ 入力済み" in said(response)


def test_what_cannot_be_kept_is_told_and_the_rest_is_kept(cast: Cast, review: Review) -> None:
    save(review, cast.editor)
    now = now_of(review)
    name = f"m{review.plan.measures.get().pk}-percent"
    response = autosave(cast.editor, now, sheet_of(now, percent="百", done="書いた。"))
    assert "ただし1項目は保存できません" in said(response)
    assert f'hx-swap-oob="innerHTML:#unfit-{name}"' in response.content.decode()
    assert "data-unkept" in response.content.decode()
    assert draft_of(review) == (None, 50, "書いた。")
    mended = autosave(cast.editor, now_of(review), {**sheet_of(now_of(review), percent="60"), "unfit": name})
    assert f'hx-swap-oob="innerHTML:#unfit-{name}"' in mended.content.decode()
    assert "data-unkept" not in mended.content.decode()


@pytest.mark.parametrize("name", ["x", '"><script>', "m999-percent"])
def test_no_field_that_is_not_there_is_spoken_of(cast: Cast, review: Review, name: str) -> None:
    response = autosave(cast.editor, review, {**sheet_of(review), "unfit": name})
    assert "unfit-" not in response.content.decode()


def test_numbers_that_do_not_fit_together_stay_as_they_were(cast: Cast, share: Indicator, review: Review) -> None:
    autosave(cast.editor, review, sheet_of(review) | typed(share, numerator="3", denominator="4"))
    now = now_of(review)
    response = autosave(cast.editor, now, sheet_of(now) | typed(share, numerator="9", denominator="5", note="速報"))
    found = IndicatorReport.objects.get(review=review)
    assert (found.numerator, found.denominator, found.note) == (3, 4, "速報")
    assert "分子は分母以下の数にしてください。" in said(response)


def test_the_judgement_follows(cast: Cast, share: Indicator, review: Review) -> None:
    response = autosave(cast.editor, review, sheet_of(review) | typed(share, numerator="3", denominator="4"))
    assert f'innerHTML:#judged-{share.pk}"' in response.content.decode()
    assert "75% (3 ÷ 4)" in said(response)


def test_an_answer_that_is_not_sent_is_not_called_saved(cast: Cast, review: Review) -> None:
    response = autosave(cast.editor, review, {**sheet_of(review), "answer-1-text": "書きかけ"})
    assert "指摘への回答は、回答のボタンを押すか提出すると送信されます。" in said(response)
    assert "data-unkept" in response.content.decode()


# ---- somebody else


def test_who_comes_second_is_told_who_saved_what(cast: Cast, review: Review) -> None:
    autosave(cast.lead, review, sheet_of(review, done="所属長の文"))
    response = autosave(cast.editor, review, sheet_of(review, done="私の文"))
    assert response.status_code == 409
    assert "まだ保存されていません" in said(response)
    assert "leadさんが令和8年10月7日(水) 10:00に、この下書きを保存しました" in said(response)
    assert "1 施策1 取組の状況" in said(response)
    assert draft_of(review)[2] == "所属長の文"
    both = pressed(cast.editor, review, "save", sheet_of(review, done="私の文")).content.decode()
    assert "私の文</textarea>" in both
    assert "hx-post" not in both  # or it would be overwritten without being asked


def test_the_same_again_is_no_conflict(cast: Cast, review: Review) -> None:
    data = sheet_of(review, done="書いた。")
    assert [autosave(cast.editor, review, data).status_code for _again in range(2)] == [200, 200]


def test_what_was_submitted_meanwhile_is_left_alone(cast: Cast, review: Review) -> None:
    data = sheet_of(review, done="書きかけ")
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    response = autosave(cast.editor, review, data)
    assert response.status_code == 409
    assert "入力した内容はこの画面に残っていますが、保存されていません。" in said(response)
    assert draft_of(review)[2] == "予定どおり進めた。"


def test_a_closed_checkpoint_takes_nothing(cast: Cast, review: Review) -> None:
    data = sheet_of(review, done="書きかけ")
    closed(review)
    assert autosave(cast.editor, review, data).status_code == 409


def test_nothing_is_saved_for_whoever_has_logged_in_meanwhile(cast: Cast, review: Review) -> None:
    response = autosave(cast.lead, review, {**sheet_of(review, done="書いた。"), "writer": cast.editor.pk})
    assert response.status_code == 409
    assert "別の職員がログインしています。" in said(response)
    assert not MeasureReport.objects.exists()


def test_who_may_not_write_saves_nothing(cast: Cast, review: Review) -> None:
    for user, status in ((cast.reviewer, 403), (cast.auditor, 403), (cast.tax_lead, 404), (cast.executive, 404)):
        assert autosave(user, review, sheet_of(review, done="書いた。")).status_code == status
    assert not MeasureReport.objects.exists()


def test_an_ended_session_gets_no_page(cast: Cast, review: Review) -> None:
    response = Client().post(
        reverse("autosave", args=[review.pk]), sheet_of(review, done="書いた。"), headers={"HX-Request": "true"}
    )
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("change", [{"task": "x"}, {"version": ""}, {"writer": "私"}, {"writer": ""}])
def test_a_broken_request_is_refused(cast: Cast, review: Review, change: dict[str, str]) -> None:
    assert autosave(cast.editor, review, sheet_of(review, done="書いた。") | change).status_code == 400
    assert not MeasureReport.objects.exists()


def test_a_plan_and_a_change_of_one_have_no_sheet(cast: Cast, places: Places) -> None:
    (planning,) = opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)
    change = change_of(make_approved_plan(places.tax), cast.tax_editor)
    for review, user in ((planning, cast.editor), (change, cast.tax_editor)):
        assert autosave(user, review, {"task": review.task_id, "version": 1}).status_code == 404


def test_looking_saves_nothing(cast: Cast, review: Review) -> None:
    assert page_of(cast.editor, "autosave", review.pk).status_code == 405


@pytest.mark.parametrize("measures", [1, 10, 40])
def test_it_costs_the_same_few_statements(cast: Cast, places: Places, measures: int) -> None:
    """The session, the person, their rights; the review; the draft and the classes; in a transaction, what is new."""
    plan = make_approved_plan(places.civic, measures=measures)
    numbers: dict[str, str] = {}
    words: dict[str, str] = {}
    for measure in plan.measures.all():
        numbers |= typed(make_indicator("M1-1", measure=measure), value="3")
        words |= {f"m{measure.pk}-progress": "on_plan", f"m{measure.pk}-done": "進めた。"}
    (review,) = opened(plan)
    client = logged_in(cast.lead)
    for change, expected in ((words, 19), (numbers, 20), ({}, 15)):
        words |= change
        sent = {**sheet_of(now_of(review)), **words, "writer": cast.lead.pk}
        with CaptureQueriesContext(connection) as queries:
            assert client.post(reverse("autosave", args=[review.pk]), sent).status_code == 200
        assert len(queries) == expected
