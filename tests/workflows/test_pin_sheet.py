"""Pinned comments in the sheet: beside the fields, answered there, and nothing that was typed is lost."""

import re
from typing import Any

import pytest
from django.urls import reverse

from tests.workflows.cast import Cast
from tests.workflows.moves import now_of, save, take, told
from tests.workflows.pages import page_of, post_sheet, sheet_of, text_of
from tests.workflows.remarks import pinned, resolved, rows, under_review
from workflows.access import Action
from workflows.models import MeasureReport, Pin, Review, Stage

pytestmark = pytest.mark.usefixtures("clock")

PLACE = "1 施策1 › 取組の状況"
ANSWER = "件数を追記しました。"


@pytest.fixture
def submitted(cast: Cast, review: Review) -> Review:
    return under_review(review, cast)


@pytest.fixture
def pin(cast: Cast, submitted: Review) -> Pin:
    return pinned(submitted, cast.reviewer, f"m{submitted.plan.measures.get(number=1).pk}.done")


@pytest.fixture
def returned(cast: Cast, submitted: Review, pin: Pin) -> Review:
    return now_of(take(Action.RETURN, submitted, cast.reviewer))


def sheet(review: Review, pin: Pin, text: str = "", **typed: str) -> dict[str, Any]:
    return {**sheet_of(review, progress="on_plan", **typed), f"answer-{pin.pk}-text": text}


def done_of(review: Review) -> str:
    return MeasureReport.objects.get(review=review, measure__number=1).done


def test_what_is_open_stands_beside_its_field_and_in_the_lists(cast: Cast, submitted: Review, pin: Pin) -> None:
    resolved(pinned(submitted, cast.reviewer, text="済んだ点"), cast.reviewer)
    returned = take(Action.RETURN, submitted, cast.reviewer)
    page = page_of(cast.lead, "prepare", returned.pk)
    html = page.content.decode()
    before, after = html.split(f'id="pin-{pin.pk}"', 1)
    assert re.findall(r'name="(m\d+-\w+)"', before)[-1].endswith("-percent")
    assert re.findall(r'name="(m\d+-\w+)"', after)[0].endswith("-done")
    assert html.count("未解決の指摘が1件あります") == 2
    assert html.count(f'href="#pin-{pin.pk}"') == 1
    assert "済んだ点" not in html


def test_answering_in_the_sheet_saves_it_too(cast: Cast, returned: Review, pin: Pin) -> None:
    data = sheet(returned, pin, f" {ANSWER} ", done="書き直した。")
    response = post_sheet(cast.editor, returned, f"answer-{pin.pk}", data)
    assert response.url == f"{reverse('prepare', args=[returned.pk])}#pin-{pin.pk}"
    assert done_of(returned) == "書き直した。"
    assert list(pin.entries.values_list("kind", "text", "by__username")) == [("answered", ANSWER, "editor")]
    text = text_of(page_of(cast.editor, "prepare", returned.pk))
    assert "下書きを保存し、回答しました。" not in text
    assert f"! 未解決 ↩ 回答あり {PLACE}" in text


def test_an_empty_answer_sends_nothing_and_loses_nothing(cast: Cast, returned: Review, pin: Pin) -> None:
    before = rows()
    response = post_sheet(cast.editor, returned, f"answer-{pin.pk}", sheet(returned, pin, " ", done="書き直した。"))
    assert "回答を入力してください。" in text_of(response)
    assert f'href="#id_answer-{pin.pk}-text"' in response.content.decode()
    assert "書き直した。" in response.content.decode()
    assert rows() == before


def test_a_mistake_in_the_sheet_keeps_the_answer(cast: Cast, returned: Review, pin: Pin) -> None:
    before = rows()
    response = post_sheet(cast.editor, returned, f"answer-{pin.pk}", sheet(returned, pin, ANSWER, percent="百"))
    assert ANSWER in response.content.decode()
    response = post_sheet(cast.editor, returned, "save", sheet(returned, pin, "長" * 2001, done="書き直した。"))
    assert "長" * 2001 in response.content.decode()
    assert rows() == before


def test_saving_alone_sends_no_answer_but_keeps_it(cast: Cast, returned: Review, pin: Pin) -> None:
    before = rows()
    response = post_sheet(cast.editor, returned, "save", sheet(returned, pin, ANSWER, done="書き直した。"))
    assert "入力した回答は、まだ送信していません" in text_of(response)
    assert ANSWER in response.content.decode()
    assert (done_of(returned), rows()) == ("書き直した。", before)
    again = re.search(r'name="version" value="(\d+)"', response.content.decode())
    assert again is not None
    assert int(again[1]) == now_of(returned).version


def test_answering_one_keeps_what_was_typed_into_another(cast: Cast, submitted: Review, pin: Pin) -> None:
    other = pinned(submitted, cast.reviewer, text="全体について")
    review = now_of(take(Action.RETURN, submitted, cast.reviewer))
    data = {**sheet(review, pin, ANSWER), f"answer-{other.pk}-text": "書きかけの回答"}
    response = post_sheet(cast.editor, review, f"answer-{pin.pk}", data)
    assert "下書きを保存し、回答しました。" in text_of(response)
    assert "入力した回答は、まだ送信していません" in text_of(response)
    areas = re.findall(r'(?s)<textarea name="answer-\d+-text"[^>]*>(.*?)</textarea>', response.content.decode())
    assert [area.strip() for area in areas] == ["書きかけの回答", ""]
    assert (pin.entries.count(), other.entries.count()) == (1, 0)


def test_submitting_sends_what_was_answered_with_it(cast: Cast, returned: Review, pin: Pin) -> None:
    response = post_sheet(cast.lead, returned, "submit", sheet(returned, pin, ANSWER, done="書き直した。"), follow=True)
    assert "提出しました。" in text_of(response)
    assert told(returned)[-2:] == [("answered", "lead", 1), ("submitted", "lead", 2)]
    office = text_of(page_of(cast.reviewer, "review", returned.pk))
    assert f"未解決の指摘が1件あります {PLACE} ↩ 回答あり" in office


def test_a_submission_that_is_refused_sends_no_answer(cast: Cast, returned: Review, pin: Pin) -> None:
    before = rows()
    response = post_sheet(cast.lead, returned, "submit", sheet(returned, pin, ANSWER, done=""))
    assert "まだ提出していません。" in text_of(response)
    assert ANSWER in response.content.decode()
    assert (now_of(returned).stage, rows()) == (Stage.PREPARE, before)


def test_submitting_with_open_comments_is_allowed(cast: Cast, returned: Review, pin: Pin) -> None:
    response = post_sheet(cast.lead, returned, "submit", sheet(returned, pin, done="書き直した。"))
    assert (response.status_code, now_of(returned).stage) == (302, Stage.REVIEW)
    assert "未解決の指摘が1件あります" in text_of(page_of(cast.reviewer, "review", returned.pk))


def test_a_sheet_that_came_second_keeps_the_answer(cast: Cast, returned: Review, pin: Pin) -> None:
    old = returned.task_id
    save(returned, cast.editor, done="直した。")
    take(Action.SUBMIT, returned, cast.lead)
    resolved(pin, cast.reviewer)
    data = {**sheet(now_of(returned), pin, ANSWER), "task": old}
    response = post_sheet(cast.editor, returned, "save", data)
    assert response.status_code == 409
    assert f"{PLACE} 回答 {ANSWER}" in text_of(response)


@pytest.mark.parametrize(
    "action", ["answer-0", "answer-", "answer-x", "answer", "answer-99999999999999999999", "explode"]
)
def test_no_other_button_is_understood(cast: Cast, returned: Review, pin: Pin, action: str) -> None:
    assert post_sheet(cast.editor, returned, action, sheet(returned, pin, ANSWER)).status_code == 400


def test_what_has_no_place_in_the_sheet_stands_on_top(cast: Cast, submitted: Review) -> None:
    measure = submitted.plan.measures.get(number=2)
    pin = pinned(submitted, cast.reviewer, f"m{measure.pk}.done")
    take(Action.RETURN, submitted, cast.reviewer)
    MeasureReport.objects.filter(measure=measure).delete()
    measure.delete()
    html = page_of(cast.lead, "prepare", submitted.pk).content.decode()
    assert html.index(f'id="pin-{pin.pk}"') < html.index('id="measure-')
    save(submitted, cast.editor)
    take(Action.SUBMIT, submitted, cast.lead)
    page = page_of(cast.lead, "review", submitted.pk).content.decode()
    assert page.index("全体への指摘") < page.index(f'id="pin-{pin.pk}"')
