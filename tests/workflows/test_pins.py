"""Comments pinned to a place of what was submitted: who makes, answers and resolves them, and what stays of them."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_plan
from tests.workflows.cast import Cast, Places, make_deputy
from tests.workflows.moves import NOW, closed, now_of, opened, save, take, told
from tests.workflows.remarks import TEXT, answered, pinned, resolved, rows, under_review
from workflows.access import Action
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.models import CheckpointKind, Event, EventKind, Pin, PinEntry, Review, Stage
from workflows.records import events_of, read_papers
from workflows.remarks import pinned_rounds, read_remarks, remarks_of
from workflows.verification import faults

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def submitted(cast: Cast, review: Review) -> Review:
    return under_review(review, cast)


# ---- what is kept


def test_a_comment_an_answer_and_its_resolution_are_kept_with_their_events(cast: Cast, submitted: Review) -> None:
    target = f"m{submitted.plan.measures.get(number=1).pk}.done"
    pin = pinned(submitted, cast.reviewer, target, f"  {TEXT}\n")
    answered(pin, cast.editor, " 追記しました。 ")
    resolved(pin, cast.second_reviewer)
    assert list(Pin.objects.values_list("review", "submission__round", "target", "text", "made_by", "made_at")) == [
        (submitted.pk, 1, target, TEXT, cast.reviewer.pk, NOW)
    ]
    assert list(PinEntry.objects.values_list("pin", "kind", "text", "by", "at")) == [
        (pin.pk, "answered", "追記しました。", cast.editor.pk, NOW),
        (pin.pk, "resolved", "", cast.second_reviewer.pk, NOW),
    ]
    assert told(submitted)[2:] == [
        ("pinned", "reviewer", 1),
        ("answered", "editor", 1),
        ("resolved", "second_reviewer", 1),
    ]
    events = Event.objects.filter(review=submitted).order_by("sequence")[2:]
    assert [event.data for event in events] == [
        {"pin": pin.pk, "target": target, "comment": text} for text in (TEXT, "追記しました。", "")
    ]
    assert list(faults()) == []


def test_it_stays_open_until_it_is_resolved(cast: Cast, submitted: Review) -> None:
    first, second = pinned(submitted, cast.reviewer), pinned(submitted, cast.reviewer, text="もう一つ")
    answered(first, cast.editor)
    assert list(Pin.objects.open()) == [first, second]
    resolved(first, cast.reviewer, text="確認しました。")
    assert list(Pin.objects.open()) == [second]


def test_comments_leave_the_review_where_it_is(cast: Cast, submitted: Review) -> None:
    before = now_of(submitted)
    answered(pinned(submitted, cast.reviewer), cast.lead)
    after = now_of(submitted)
    assert (after.stage, after.task_id, after.round, after.version) == (
        before.stage,
        before.task_id,
        before.round,
        before.version,
    )
    assert take(Action.WITHDRAW, submitted, cast.lead).stage == Stage.PREPARE


def test_a_comment_made_or_answered_twice_is_there_once(cast: Cast, submitted: Review) -> None:
    pin = pinned(submitted, cast.reviewer)
    entry = answered(pin, cast.lead)
    before = rows()
    assert pinned(submitted, cast.reviewer) == pin
    assert answered(pin, cast.lead) == entry
    assert rows() == before
    assert pinned(submitted, cast.second_reviewer) != pin
    assert answered(pin, cast.editor) != entry
    resolved(pin, cast.reviewer)
    assert pinned(submitted, cast.reviewer) != pin


def test_in_the_next_round_the_same_comment_is_another_one(cast: Cast, submitted: Review) -> None:
    first = pinned(submitted, cast.reviewer)
    take(Action.RETURN, submitted, cast.reviewer)
    take(Action.SUBMIT, submitted, cast.lead)
    second = pinned(submitted, cast.reviewer)
    assert [pin.submission.round for pin in (first, second)] == [1, 2]


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200))
def test_every_text_comes_back_as_it_was_written(cast: Cast, submitted: Review, text: str) -> None:
    before, undo = rows(), transaction.savepoint()
    try:
        if not text.strip():
            with pytest.raises(ReviewError):
                pinned(submitted, cast.reviewer, text=text)
            assert rows() == before
            return
        pin = pinned(submitted, cast.reviewer, text=text)
        entry = answered(pin, cast.lead, text)
        assert (Pin.objects.get(pk=pin.pk).text, PinEntry.objects.get(pk=entry.pk).text) == (text.strip(),) * 2
        assert list(faults()) == []
    finally:
        transaction.savepoint_rollback(undo)


# ---- places


def targets_of(review: Review) -> list[str]:
    first, second = review.plan.measures.order_by("number")
    own, strategy = first.indicators.get().pk, review.department.indicators.get().pk
    fields = ("progress", "percent", "done", "issue", "next_step")
    return [
        "",
        f"m{first.pk}",
        *(f"m{first.pk}.{name}" for name in fields),
        f"i{own}",
        f"i{own}.value",
        f"i{own}.note",
        f"m{second.pk}",
        *(f"m{second.pk}.{name}" for name in fields),
        f"i{strategy}",
        f"i{strategy}.value",
        f"i{strategy}.note",
    ]


def names_of(review: Review) -> list[str]:
    return [str(remark.place) for remark in remarks_of(review)]


def test_every_place_of_a_report_has_its_name(cast: Cast, submitted: Review) -> None:
    for target in targets_of(submitted):
        pinned(submitted, cast.reviewer, target)
    fields = ["進捗区分", "進捗率(%)", "取組の状況", "課題", "今後の対応"]
    assert names_of(submitted) == [
        "全体",
        "1 施策1",
        *(f"1 施策1 › {name}" for name in fields),
        "M1-1 指標M1-1",
        "M1-1 指標M1-1 › 実績値",
        "M1-1 指標M1-1 › 備考",
        "2 施策2",
        *(f"2 施策2 › {name}" for name in fields),
        "1-1 指標1-1",
        "1-1 指標1-1 › 実績値",
        "1-1 指標1-1 › 備考",
    ]


def test_a_plan_has_its_measures_as_places(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, measures=1)
    (review,) = opened(plan, kind=CheckpointKind.PLAN)
    take(Action.SUBMIT, review, cast.lead)
    measure = plan.measures.get().pk
    for target in ("", f"m{measure}", f"m{measure}.goal", f"m{measure}.milestones"):
        pinned(review, cast.reviewer, target)
    assert names_of(review) == ["全体", "1 施策1", "1 施策1 › 年度の目標", "1 施策1 › 工程"]
    with pytest.raises(ReviewError):
        pinned(review, cast.reviewer, f"m{measure}.done")


@pytest.mark.parametrize(
    "target", ["m0", "i0.value", "x", "m", ".done", "m{measure}.", "m{measure}.id", " m{measure}", "m" * 99]
)
def test_what_was_not_submitted_has_no_comments(cast: Cast, submitted: Review, target: str) -> None:
    before = rows()
    with pytest.raises(ReviewError) as refusal:
        pinned(submitted, cast.reviewer, target.replace("{measure}", str(submitted.plan.measures.first().pk)))
    assert str(refusal.value) == "提出内容にその箇所がありません。一覧から選んでください。"
    assert rows() == before


def test_nothing_and_too_much_are_refused_in_words(cast: Cast, submitted: Review) -> None:
    pin, before = pinned(submitted, cast.reviewer), rows()
    for say in (
        lambda text: pinned(submitted, cast.reviewer, text=text),
        lambda text: answered(pin, cast.lead, text),
        lambda text: resolved(pin, cast.reviewer, text=text),
    ):
        with pytest.raises(ReviewError, match="^2000文字以内にしてください。$"):
            say("長" * 2001)
    with pytest.raises(ReviewError, match=r"^指摘の内容を入力してください。$"):
        pinned(submitted, cast.reviewer, text=" \n ")
    with pytest.raises(ReviewError, match=r"^回答を入力してください。$"):
        answered(pin, cast.lead, " ")
    assert rows() == before
    assert answered(pin, cast.lead, "長" * 2000).text == "長" * 2000


# ---- who, and when

OFFICE_IN_TURN = {
    Stage.REVIEW: {"reviewer", "second_reviewer"},
    Stage.APPROVE: {"approver", "dx_lead"},
    Stage.PREPARE: set(),
    Stage.APPROVED: set(),
}
DEPARTMENT = {"editor", "lead"}


def may(verb: str, stage: Stage, name: str) -> bool:
    department = verb == "answer" and stage != Stage.APPROVED and name in DEPARTMENT
    return department or name in OFFICE_IN_TURN[stage] | ({"doubled"} if stage == Stage.REVIEW else set())


@pytest.mark.parametrize("stage", OFFICE_IN_TURN)
def test_the_office_whose_turn_it_is_and_the_department_alone(cast: Cast, submitted: Review, stage: Stage) -> None:
    pin = pinned(submitted, cast.reviewer)
    if stage == Stage.PREPARE:
        take(Action.RETURN, submitted, cast.reviewer)
    elif stage != Stage.REVIEW:
        take(Action.PASS, submitted, cast.reviewer)
    if stage == Stage.APPROVED:
        take(Action.APPROVE, submitted, cast.approver)
    task_id = now_of(submitted).task_id or 0
    found, expected = {}, {}
    for user in cast.everybody():
        for verb, say in (
            ("pin", lambda by: pinned(submitted, by, text="別の点", task_id=task_id)),
            ("answer", lambda by: answered(pin, by, task_id=task_id)),
            ("resolve", lambda by: resolved(pin, by, task_id=task_id)),
        ):
            before, undo = rows(), transaction.savepoint()
            try:
                say(user)
            except (NotAllowed, Stale):
                assert rows() == before
            found[verb, user.username] = rows() != before
            expected[verb, user.username] = may(verb, stage, user.username)
            transaction.savepoint_rollback(undo)
    assert found == expected


def test_who_works_there_is_told_why_not(cast: Cast, submitted: Review) -> None:
    pin = pinned(submitted, cast.reviewer)
    for say in (lambda: pinned(submitted, cast.moved), lambda: resolved(pin, cast.moved)):
        with pytest.raises(NotAllowed, match="今年度この所属の担当者または所属長であるため"):
            say()


def test_what_is_resolved_is_resolved_and_says_by_whom(cast: Cast, submitted: Review) -> None:
    pin, other = pinned(submitted, cast.reviewer), pinned(submitted, cast.reviewer, text="もう一つ")
    resolved(other, cast.reviewer)
    resolved(pin, cast.second_reviewer)
    before = rows()
    for say in (lambda: resolved(pin, cast.reviewer), lambda: answered(pin, cast.lead)):
        with pytest.raises(Stale) as refusal:
            say()
        event = refusal.value.event
        assert event is not None
        assert (event.kind, event.by, event.data["pin"]) == (EventKind.RESOLVED, cast.second_reviewer, pin.pk)
    assert rows() == before


def test_a_page_of_a_step_that_has_passed_says_nothing_more(cast: Cast, submitted: Review) -> None:
    pin, old = pinned(submitted, cast.reviewer), submitted.task_id
    take(Action.PASS, submitted, cast.reviewer)
    before = rows()
    for say in (
        lambda: pinned(submitted, cast.second_reviewer, task_id=old),
        lambda: answered(pin, cast.lead, task_id=old),
        lambda: resolved(pin, cast.second_reviewer, task_id=old),
    ):
        with pytest.raises(Stale) as refusal:
            say()
        assert refusal.value.event.kind == EventKind.PASSED
    assert rows() == before


def test_after_the_checkpoint_is_closed_nothing_is_said(cast: Cast, submitted: Review) -> None:
    pin, old = pinned(submitted, cast.reviewer), submitted.task_id
    closed(submitted)
    for say in (lambda: answered(pin, cast.lead, task_id=old), lambda: resolved(pin, cast.reviewer, task_id=old)):
        with pytest.raises(Stale):
            say()


# ---- reading


def test_what_is_open_comes_first_with_what_followed(cast: Cast, submitted: Review) -> None:
    first, second = pinned(submitted, cast.reviewer), pinned(submitted, cast.reviewer, text="もう一つ")
    resolved(first, cast.reviewer, text="確認しました。")
    answered(second, cast.editor)
    remarks = remarks_of(submitted)
    assert [
        (
            remark.pk,
            remark.is_open,
            remark.status.text,
            remark.reply and remark.reply.text,
            [(said.who, said.text) for said in remark.answers],
        )
        for remark in remarks
    ] == [
        (second.pk, True, "未解決", "回答あり", [("editor", "追記しました。")]),
        (first.pk, False, "解決済", None, []),
    ]
    assert [remark.resolution and remark.resolution.text for remark in remarks] == [None, "確認しました。"]


def test_a_deputy_is_named_with_the_person_who_is_absent(places: Places, cast: Cast, submitted: Review) -> None:
    deputy = make_deputy(places, cast)
    take(Action.PASS, submitted, cast.reviewer)
    pin = pinned(submitted, deputy)
    resolved(pin, deputy)
    (remark,) = remarks_of(submitted)
    assert (remark.said.who, remark.resolution and remark.resolution.who) == ("deputy(approverの代理)",) * 2
    assert [event.on_behalf_of for event in submitted.events.filter(data__pin=pin.pk)] == [cast.approver] * 2


@pytest.mark.parametrize("count", [1, 30])
def test_reading_costs_the_same_however_many_there_are(
    cast: Cast, submitted: Review, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        answered(pinned(submitted, cast.reviewer, text=f"{number}"), cast.lead)
    with django_assert_num_queries(2):
        remarks = remarks_of(submitted)
    assert [remark.said.who for remark in remarks] == ["reviewer"] * count
    events = events_of(submitted)
    papers = read_papers(submitted, pinned_rounds(events))
    with django_assert_num_queries(0):
        assert read_remarks(events, papers.rounds) == remarks


def test_none_cost_one_query(submitted: Review, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert remarks_of(submitted) == []


def test_names_are_those_of_the_round_even_when_the_measure_is_gone(cast: Cast, submitted: Review) -> None:
    measure = submitted.plan.measures.get(number=2)
    pinned(submitted, cast.reviewer, f"m{measure.pk}.done")
    take(Action.RETURN, submitted, cast.reviewer)
    submitted.measure_reports.filter(measure=measure).delete()
    measure.delete()
    save(submitted, cast.editor)
    take(Action.SUBMIT, submitted, cast.lead)
    assert names_of(submitted) == ["2 施策2 › 取組の状況"]
