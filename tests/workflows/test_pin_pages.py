"""Pinned comments on the pages: beside what they are about, in the lists of what is open."""

import re
from collections import Counter
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from departments.models import User
from tests.factories import make_plan
from tests.workflows.cast import Cast, Places
from tests.workflows.moves import closed, now_of, opened, take
from tests.workflows.pages import logged_in, page_of, post_decision, text_of
from tests.workflows.remarks import TEXT, answered, pinned, resolved, rows, under_review
from workflows.access import Action
from workflows.models import CheckpointKind, Pin, Review

pytestmark = pytest.mark.usefixtures("clock")

PLACE = "1 施策1 › 取組の状況"
ANSWER = "件数を追記しました。"


@pytest.fixture
def submitted(cast: Cast, review: Review) -> Review:
    return under_review(review, cast)


@pytest.fixture
def target(submitted: Review) -> str:
    return f"m{submitted.plan.measures.get(number=1).pk}.done"


@pytest.fixture
def pin(cast: Cast, submitted: Review, target: str) -> Pin:
    return pinned(submitted, cast.reviewer, target)


def say(
    user: User, review: Review, name: str, pk: int, text: str = "", target: str = "", card: object = "", **data: Any
) -> HttpResponse:
    """As the page's form sends it: `text` in the field that the button is about, `data` as it is."""
    follow, prefix = data.pop("follow", False), f"answer-{pk}" if name != "pin_add" else f"pin-{card or 'whole'}"
    typed = {"task": review.task_id or 0, "card": card, f"{prefix}-target": target, f"{prefix}-text": text}
    return logged_in(user).post(reverse(name, args=[pk]), typed | data, follow=follow)


def add(user: User, review: Review, target: str = "", text: str = TEXT, **data: Any) -> HttpResponse:
    number = re.match(r"m(\d+)", target)
    return say(user, review, "pin_add", review.pk, text, target, number[1] if number else "", **data)


def answer(user: User, pin: Pin, text: str = ANSWER, **data: Any) -> HttpResponse:
    return say(user, now_of(pin.review), "pin_answer", pin.pk, text=text, **data)


def resolve(user: User, pin: Pin, **data: Any) -> HttpResponse:
    return say(user, now_of(pin.review), "pin_resolve", pin.pk, **data)


def ids_in(page: str) -> list[str]:
    return re.findall(r' id="([^"]+)"', page)


# ---- on the review's page


def test_the_office_comments_and_is_led_back_to_the_place(cast: Cast, submitted: Review, target: str) -> None:
    response = add(cast.reviewer, submitted, target, "一行目\r\n二行目")
    made = Pin.objects.get()
    assert (response.status_code, response.url) == (302, f"{reverse('review', args=[submitted.pk])}#pin-{made.pk}")
    assert (made.target, made.text) == (target, "一行目\n二行目")
    page = page_of(cast.reviewer, "review", submitted.pk)
    assert f"pin-{made.pk}" in ids_in(page.content.decode())
    assert f"! 未解決 {PLACE} 一行目 二行目 reviewer、令和8年10月7日(水) 10:00 (第1回提出)" in text_of(page)


def test_each_card_offers_its_own_places(cast: Cast, submitted: Review) -> None:
    page = page_of(cast.reviewer, "review", submitted.pk).content.decode()
    offered = [
        re.findall(r'<option value="([^"]*)"', found)
        for found in re.findall(r'(?s)<select name="pin-[^"]+-target".*?</select>', page)
    ]
    first, second = submitted.plan.measures.order_by("number")
    own, strategy = first.indicators.get().pk, submitted.department.indicators.get().pk
    fields = ("progress", "percent", "done", "issue", "next_step")
    assert offered == [
        [f"m{first.pk}", *(f"m{first.pk}.{name}" for name in fields), f"i{own}", f"i{own}.value", f"i{own}.note"],
        [f"m{second.pk}", *(f"m{second.pk}.{name}" for name in fields)],
        [f"i{strategy}", f"i{strategy}.value", f"i{strategy}.note"],
    ]
    assert page.count('<input type="hidden" name="pin-whole-target"') == 1
    assert Counter(ids_in(page)).most_common(1)[0][1] == 1


def test_the_department_answers_while_it_is_under_review(cast: Cast, submitted: Review, pin: Pin) -> None:
    page = page_of(cast.editor, "review", submitted.pk)
    assert "未解決の指摘が1件あります" in text_of(page)
    assert "指摘を書く" not in text_of(page)
    assert "解決済にする" not in text_of(page)
    response = answer(cast.editor, pin, follow=True)
    assert "回答しました。" in text_of(response)
    assert f"! 未解決 ↩ 回答あり {PLACE} {TEXT}" in text_of(response)
    assert f"{ANSWER} 回答：editor、令和8年10月7日(水) 10:00" in text_of(response)


def test_the_office_resolves_with_or_without_words(cast: Cast, submitted: Review, pin: Pin) -> None:
    other = pinned(submitted, cast.reviewer)
    text = text_of(resolve(cast.reviewer, pin, text="確認しました。", follow=True))
    assert "指摘を解決済にしました。" in text
    assert f"解決済の指摘 1件 ✓ 解決済 {PLACE} {TEXT}" in text
    assert "確認しました。 解決済：reviewer" in text
    assert "未解決の指摘が1件あります" in text
    text = text_of(resolve(cast.second_reviewer, other, follow=True))
    assert "未解決の指摘が" not in text
    assert text.count("解決済の指摘 1件") == 2


def test_the_decision_tells_how_many_are_open_and_still_needs_its_reason(
    cast: Cast, submitted: Review, pin: Pin
) -> None:
    page = page_of(cast.reviewer, "review", submitted.pk).content.decode()
    card = page.split('id="decide"', 1)[1]
    assert "未解決の指摘が1件あります" in card
    assert TEXT not in card.split("</section>", 1)[0]
    assert "差し戻す理由を入力してください。" in text_of(post_decision(cast.reviewer, submitted, "returned"))
    assert post_decision(cast.reviewer, submitted, "passed").status_code == 302


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "指摘の内容を入力してください。"),
        (" \u3000\u200b", "指摘の内容を入力してください。"),
        ("長" * 2001, "2000文字以内"),
    ],
)
def test_a_comment_that_cannot_be_kept_stands_in_its_form(
    cast: Cast, submitted: Review, target: str, text: str, sentence: str
) -> None:
    response = add(cast.reviewer, submitted, target, text)
    page = response.content.decode()
    assert response.status_code == 200
    assert "入力内容に1件の誤りがあります" in text_of(response)
    assert sentence in text_of(response)
    assert f'<option value="{target}" selected>' in page
    assert text.strip() in page
    assert re.search(r"<details[^>]* open>\s*<summary>指摘を書く", page)
    assert rows() == (0, 0, 2)


def test_a_place_that_was_not_submitted_is_refused_in_words(cast: Cast, submitted: Review) -> None:
    for target in ("m0.done", "x" * 200):
        response = say(cast.reviewer, submitted, "pin_add", submitted.pk, TEXT, target)
        assert "提出内容にその箇所がありません。一覧から選んでください。" in text_of(response)
        assert TEXT in response.content.decode()
    assert rows() == (0, 0, 2)


def test_an_answer_that_cannot_be_sent_stands_in_its_form(cast: Cast, submitted: Review, pin: Pin) -> None:
    before = rows()
    assert "回答を入力してください。" in text_of(answer(cast.lead, pin, "  "))
    assert "長" * 2001 in answer(cast.lead, pin, "長" * 2001).content.decode()
    assert "長" * 2001 in resolve(cast.reviewer, pin, text="長" * 2001).content.decode()
    assert rows() == before


def test_a_double_click_says_it_once(cast: Cast, submitted: Review, target: str) -> None:
    addresses = {add(cast.reviewer, submitted, target).url for _ in range(2)}
    pin = Pin.objects.get()
    assert addresses == {f"{reverse('review', args=[submitted.pk])}#pin-{pin.pk}"}
    for _ in range(2):
        assert answer(cast.lead, pin).status_code == 302
    assert resolve(cast.reviewer, pin).status_code == 302
    second = resolve(cast.reviewer, pin)
    assert second.status_code == 409
    assert "ご自身が令和8年10月7日(水) 10:00に、すでに処理しています(指摘の解決)。" in text_of(second)
    assert rows() == (1, 2, 5)


def test_the_second_is_told_who_was_first_and_keeps_the_words(cast: Cast, submitted: Review, pin: Pin) -> None:
    resolved(pin, cast.second_reviewer)
    for second in (answer(cast.lead, pin, "私の回答"), resolve(cast.reviewer, pin, text="私の回答")):
        assert second.status_code == 409
        assert "second_reviewerさんが" in text_of(second)
        assert "指摘の解決" in text_of(second)
        assert f"{PLACE} 回答 私の回答" in text_of(second)


def test_a_page_of_a_step_that_has_passed_keeps_the_words(cast: Cast, submitted: Review, pin: Pin) -> None:
    take(Action.PASS, submitted, cast.reviewer)
    before = rows()
    for name, pk, user in (
        ("pin_add", submitted.pk, cast.second_reviewer),
        ("pin_answer", pin.pk, cast.lead),
        ("pin_resolve", pin.pk, cast.second_reviewer),
    ):
        response = say(user, submitted, name, pk, text="書きかけの文")
        assert response.status_code == 409
        assert "書きかけの文" in text_of(response)
    assert rows() == before


# ---- who


def test_every_person_and_verb(cast: Cast, submitted: Review, pin: Pin) -> None:
    readers = {"editor", "lead", "reviewer", "second_reviewer", "approver", "dx_lead", "moved", "doubled", "auditor"}
    office = {"reviewer", "second_reviewer", "doubled"}
    verbs = {"pin_add": office, "pin_answer": office | {"editor", "lead"}, "pin_resolve": office}
    found, expected = {}, {}
    for user in cast.everybody():
        if not user.is_active:
            continue
        for verb, people in verbs.items():
            each = pinned(submitted, cast.reviewer, text=f"{user.username} {verb}")
            pk = submitted.pk if verb == "pin_add" else each.pk
            found[user.username, verb] = say(user, submitted, verb, pk, text="一言").status_code
            expected[user.username, verb] = (
                (302 if user.username in people else 403) if user.username in readers else 404
            )
    assert found == expected


def test_those_who_read_what_is_approved_alone_see_no_comment(cast: Cast, submitted: Review, pin: Pin) -> None:
    take(Action.PASS, submitted, cast.reviewer)
    take(Action.APPROVE, submitted, cast.approver)
    assert TEXT in text_of(page_of(cast.auditor, "review", submitted.pk))
    page = text_of(page_of(cast.executive, "review", submitted.pk))
    assert TEXT not in page
    assert "指摘" not in page
    for name in ("pin_answer", "pin_resolve"):
        assert page_of(cast.executive, name, pin.pk).status_code == 404
        assert say(cast.executive, submitted, name, pin.pk, text="一言").status_code == 404


def test_looking_says_nothing(cast: Cast, submitted: Review, pin: Pin) -> None:
    before, address = rows(), reverse("review", args=[submitted.pk])
    assert page_of(cast.reviewer, "pin_add", submitted.pk).url == address
    for name in ("pin_answer", "pin_resolve"):
        assert page_of(cast.reviewer, name, pin.pk).url == f"{address}#pin-{pin.pk}"
    assert rows() == before


@pytest.mark.parametrize("data", [{"task": "x"}, {"task": ""}])
def test_a_broken_request_is_refused(cast: Cast, submitted: Review, pin: Pin, data: dict[str, str]) -> None:
    for name, pk in (("pin_add", submitted.pk), ("pin_answer", pin.pk), ("pin_resolve", pin.pk)):
        assert say(cast.reviewer, submitted, name, pk, text=TEXT, **data).status_code == 400


@pytest.mark.parametrize("pk", [0, 999999, 10**30])
def test_no_number_in_the_address_breaks_it(cast: Cast, submitted: Review, pk: int) -> None:
    for name in ("pin_add", "pin_answer", "pin_resolve"):
        assert say(cast.reviewer, submitted, name, pk, text=TEXT).status_code == 404


# ---- a plan, and other ends


def test_a_plan_is_commented_and_answered_on_its_own_page(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    review = now_of(take(Action.SUBMIT, review, cast.lead))
    goal = f"m{plan.measures.get().pk}.goal"
    assert add(cast.reviewer, review, goal).status_code == 302
    assert "1 施策1 › 年度の目標" in text_of(page_of(cast.reviewer, "review", review.pk))
    review, pin = now_of(take(Action.RETURN, review, cast.reviewer)), Pin.objects.get()
    page = page_of(cast.lead, "prepare", review.pk)
    assert page.content.decode().count("未解決の指摘が1件あります") == 2
    response = answer(cast.lead, pin, back="prepare")
    assert response.url == f"{reverse('prepare', args=[review.pk])}#pin-{pin.pk}"
    assert "回答あり" in text_of(page_of(cast.lead, "prepare", review.pk))


def test_what_is_closed_shows_its_comments_without_forms(cast: Cast, submitted: Review, pin: Pin) -> None:
    answered(pin, cast.lead)
    review = closed(submitted)
    for user in (cast.lead, cast.reviewer):
        page = page_of(user, "review", review.pk)
        assert f"! 未解決 ↩ 回答あり {PLACE}" in text_of(page)
        assert reverse("pin_answer", args=[pin.pk]) not in page.content.decode()


@pytest.mark.parametrize("who", ["reviewer", "lead"])
def test_the_page_costs_the_same_however_many_comments(
    cast: Cast, submitted: Review, pin: Pin, who: str, django_assert_num_queries: Any
) -> None:
    client, address = logged_in(getattr(cast, who)), reverse("review", args=[submitted.pk])
    answered(pin, cast.lead)
    with django_assert_num_queries(1000, exact=False) as few:
        client.get(address)
    for number in range(29):
        answered(pinned(submitted, cast.reviewer, text=f"{number}"), cast.lead)
    with django_assert_num_queries(len(few)):
        client.get(address)


def test_the_page_reads_in_english_too(cast: Cast, submitted: Review, pin: Pin) -> None:
    answered(pin, cast.lead)
    cast.reviewer.language = "en"
    cast.reviewer.save(update_fields=["language"])
    text = text_of(page_of(cast.reviewer, "review", submitted.pk))
    assert "1 comment of the office is not resolved" in text
    assert "! Not resolved ↩ Answered 1 施策1 › what was done" in text


# ---- what else was typed on the page


def test_what_is_typed_beside_it_stays_where_it_was_typed(cast: Cast, submitted: Review, pin: Pin, target: str) -> None:
    """Without JavaScript too: the page has one form, and comes back with all that was not sent."""
    beside = {"comment": "長い判断のコメント", f"pin-{target[1:].split('.')[0]}-text": "あとで送る指摘"}
    for send in (
        lambda: add(cast.reviewer, submitted, **beside),
        lambda: add(cast.reviewer, submitted, text="", **beside),
        lambda: answer(cast.reviewer, pin, **beside),
        lambda: resolve(cast.reviewer, pin, **beside),
    ):
        response = send()
        page = response.content.decode()
        assert response.status_code == 200
        assert all(f"{text}</textarea>" in page for text in beside.values())
        assert page.count("長い判断のコメント") == page.count("あとで送る指摘") == 1
    assert rows() == (2, 2, 6)
    assert "長い判断のコメント" not in page_of(cast.reviewer, "review", submitted.pk).content.decode()


def test_a_decision_waits_for_a_comment_that_is_typed_and_not_sent(cast: Cast, submitted: Review, pin: Pin) -> None:
    before = rows()
    for name in ("pin-whole-text", f"answer-{pin.pk}-text"):
        response = say(
            cast.reviewer, submitted, "decide", submitted.pk, outcome="passed", comment="可", **{name: "まだ"}
        )
        assert response.status_code == 200
        assert "入力した指摘または回答が、まだ送られていません。" in text_of(response)
        assert response.content.decode().count("まだ</textarea>") == 1
        assert "可</textarea>" in response.content.decode()
    assert rows() == before
    assert now_of(submitted).stage == "review"


def test_who_comes_second_keeps_all_that_was_typed(cast: Cast, submitted: Review, pin: Pin) -> None:
    take(Action.PASS, submitted, cast.second_reviewer)
    beside = {"comment": "長い判断のコメント", "pin-whole-text": "全体への指摘"}
    for response in (
        answer(cast.reviewer, pin, task=submitted.task_id, **beside),
        say(cast.reviewer, submitted, "decide", submitted.pk, outcome="passed", **beside),
    ):
        assert response.status_code == 409
        assert all(text in text_of(response) for text in beside.values())
