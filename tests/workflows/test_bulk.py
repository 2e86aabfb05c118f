"""まとめて処理: which reviews may go together and why others not, and that each stands or falls by itself."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError

from departments.models import ActionPlan
from departments.models.indicators import Kind
from departments.models.plans import PlanKind, PlanState
from tests.factories import make_indicator, make_measure, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan, make_cast, make_deputy, make_places
from tests.workflows.moves import NOW, REASON, TODAY, closed, entries, fresh, now_of, opened, save, take, team_of, told
from tests.workflows.test_concurrency import all_at_once
from workflows.access import Action
from workflows.bulk import bulk_items, deciding, obstacle_of
from workflows.errors import NotAllowed, ReviewError, Stale
from workflows.models import CheckpointKind, Event, Outcome, Pin, PinEntry, Review, Stage
from workflows.services import bulk as service
from workflows.services.bulk import Ticked, decide_in_bulk
from workflows.services.drafts import IndicatorEntry
from workflows.services.each import Result
from workflows.verification import faults

Q1, Q2, Q3 = CheckpointKind.Q1, CheckpointKind.Q2, CheckpointKind.Q3


def submitted(plan: ActionPlan, cast: Cast, kind: str = Q2, progress: str = "on_plan", **entered: Any) -> Review:
    """The plan's review at that checkpoint, submitted with this class for all its measures."""
    (review,) = opened(plan, kind=kind)
    why = {"issue": "人手が足りない。", "next_step": "応援を頼む。"}
    found = {pk: replace(entry, **why) for pk, entry in entries(review, progress).items()}
    editor, lead = team_of(review, cast)
    save(review, editor, measures=found, **entered)
    take(Action.SUBMIT, review, lead)
    return now_of(review)


def passed(review: Review, cast: Cast) -> Review:
    take(Action.PASS, review, cast.reviewer)
    return now_of(review)


def ticked(*reviews: Review) -> list[Ticked]:
    return [Ticked(review.pk, review.task_id or 0, review.round) for review in reviews]


def said(results: list[Result]) -> list[str]:
    return [str(result.done or result.refusal) for result in results]


# ---- which may go together


def test_the_same_classes_as_last_time_go_together(cast: Cast, plan: ActionPlan) -> None:
    for progress in ("late", "late"):
        review = submitted(plan, cast, Q1 if not Review.objects.exists() else Q2, progress)
    assert obstacle_of(review) == ""


def test_a_class_that_changed_for_better_or_worse_is_read(cast: Cast, plan: ActionPlan) -> None:
    make_measure(plan)
    for kind, progress in ((Q1, "late"), (Q2, "on_plan"), (Q3, "late")):
        review = submitted(plan, cast, kind, progress)
    assert obstacle_of(review) == "前回の報告から、進捗区分の変わった施策が2件あります。"
    (second,) = Review.objects.filter(checkpoint__kind=Q2)
    assert obstacle_of(second) == "前回の報告から、進捗区分の変わった施策が2件あります。"


def test_a_measure_that_is_new_counts_as_changed(cast: Cast, plan: ActionPlan) -> None:
    submitted(plan, cast, Q1)
    make_measure(plan)
    review = submitted(plan, cast, Q2)
    assert obstacle_of(review) == "前回の報告から、進捗区分の変わった施策が1件あります。"


def test_the_last_round_of_last_time_is_what_counts(cast: Cast, plan: ActionPlan) -> None:
    before = submitted(plan, cast, Q1, "late")
    take(Action.RETURN, before, cast.reviewer)
    save(before, cast.editor)
    take(Action.SUBMIT, before, cast.lead)
    assert obstacle_of(submitted(plan, cast, Q2, "on_plan")) == ""


def test_the_report_two_checkpoints_ago_is_not_last_time(cast: Cast, plan: ActionPlan) -> None:
    submitted(plan, cast, Q1, "late")
    review = submitted(plan, cast, Q3, "late")
    assert obstacle_of(review) == "前回の報告がなく、遅れなど理由の必要な施策が1件あります。"


@pytest.mark.parametrize(
    ("progress", "obstacle"),
    [
        ("ahead", ""),
        ("on_plan", ""),
        ("not_started", ""),
        ("slightly_late", "前回の報告がなく、遅れなど理由の必要な施策が1件あります。"),
        ("stopped", "前回の報告がなく、遅れなど理由の必要な施策が1件あります。"),
    ],
)
def test_a_first_report_goes_along_where_nothing_needs_a_reason(
    cast: Cast, plan: ActionPlan, progress: str, obstacle: str
) -> None:
    assert obstacle_of(submitted(plan, cast, Q1, progress)) == obstacle


def test_an_open_comment_keeps_it_until_it_is_resolved(cast: Cast, plan: ActionPlan) -> None:
    review = submitted(plan, cast)
    pin = Pin.objects.create(
        review=review, submission=review.submissions.get(), text=REASON, made_by=cast.reviewer, made_at=NOW
    )
    assert obstacle_of(review) == "解決していない指摘があります。"
    PinEntry.objects.create(pin=pin, kind="answered", text="直しました。", by=cast.editor, at=NOW)
    assert obstacle_of(review) == "解決していない指摘があります。"
    PinEntry.objects.create(pin=pin, kind="resolved", by=cast.reviewer, at=NOW)
    assert obstacle_of(review) == ""


WORSE = "前回の報告より判定の下がった指標が1件あります。"


@pytest.mark.parametrize(
    ("first", "second", "obstacle"),
    [
        ("5", "5", ""),  # achieved
        ("2", "5", ""),
        ("2", "1", WORSE),  # on track, then behind
        ("0", "0", ""),  # behind, then behind
        ("0", None, ""),
        ("5", None, WORSE),
        (None, "1", WORSE),
        (None, "3", ""),
    ],
)
def test_an_indicator_that_is_judged_worse_is_read(
    cast: Cast, plan: ActionPlan, first: str | None, second: str | None, obstacle: str
) -> None:
    indicator = make_indicator("M-1", measure=plan.measures.get(), kind=Kind.COUNT)
    indicator.step_targets.create(step="q1", target=1)
    indicator.step_targets.create(step="q2", target=3)
    for kind, value in ((Q1, first), (Q2, second)):
        entry = IndicatorEntry(not_this_quarter=True) if value is None else IndicatorEntry(value=value)
        review = submitted(plan, cast, kind, indicators={indicator.pk: entry})
    assert obstacle_of(review) == obstacle


def test_plans_and_their_changes_are_read_by_themselves(cast: Cast, places: Places) -> None:
    (review,) = opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)
    take(Action.SUBMIT, review, cast.lead)
    assert obstacle_of(now_of(review)) == "計画は、1件ずつ確認してください。"
    review.checkpoint.kind = CheckpointKind.CHANGE
    assert obstacle_of(review) == "計画変更は、1件ずつ確認してください。"


# ---- each by itself


def three_alike(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    """Of civic, of tax, and another of civic; all may go together."""
    plans = [plan, make_approved_plan(places.tax), make_plan(places.civic, kind=PlanKind.ACTION, measures=1)]
    ActionPlan.objects.update(state=PlanState.APPROVED)
    return [submitted(each, cast) for each in plans]


@pytest.fixture
def three(cast: Cast, places: Places, plan: ActionPlan) -> list[Review]:
    return three_alike(cast, places, plan)


def test_all_go_on_each_with_its_own_record(cast: Cast, three: list[Review]) -> None:
    for by, stage, outcome in (
        (cast.reviewer, Stage.APPROVE, Outcome.PASSED),
        (cast.approver, Stage.APPROVED, Outcome.APPROVED),
    ):
        seen = [now_of(review) for review in three]
        results = decide_in_bulk(ticked=ticked(*seen), by=fresh(by), now=NOW)
        assert results == [Result(review.pk, done=outcome) for review in three]
        for review in three:
            event = Event.objects.filter(review=review).latest("sequence")
            decision = review.decisions.latest("pk")
            assert (now_of(review).stage, event.kind, event.by, event.data["bulk"]) == (stage, outcome, by, True)
            assert (decision.outcome, decision.decided_by, decision.comment) == (outcome, by, "")
    assert list(faults()) == []


def test_an_ordinary_decision_does_not_say_bulk(cast: Cast, three: list[Review]) -> None:
    take(Action.PASS, three[0], cast.reviewer)
    assert "bulk" not in Event.objects.filter(review=three[0]).latest("sequence").data


def test_what_does_not_go_stops_none_of_the_others(cast: Cast, three: list[Review], places: Places) -> None:
    gone, barred, fine = three
    seen = ticked(*three)
    take(Action.PASS, gone, cast.second_reviewer)
    results = decide_in_bulk(ticked=seen, by=fresh(cast.doubled), now=NOW)  # editor of tax
    assert [type(result.refusal) for result in results] == [Stale, NotAllowed, type(None)]
    assert results[0].refusal.event.by == cast.second_reviewer
    assert said(results)[1].startswith("今年度この所属の担当者または所属長であるため")
    assert [now_of(review).stage for review in three] == [Stage.APPROVE, Stage.REVIEW, Stage.APPROVE]
    assert told(fine)[-1][:2] == ("passed", "doubled")
    assert told(gone)[-1][:2] == ("passed", "second_reviewer")


def test_what_was_closed_or_changed_meanwhile_is_left(cast: Cast, plan: ActionPlan, three: list[Review]) -> None:
    lapsing = submitted(plan, cast, Q3)
    pinned, returned, fine = three
    seen = ticked(lapsing, *three)
    closed(lapsing)
    Pin.objects.create(
        review=pinned, submission=pinned.submissions.get(), text=REASON, made_by=cast.reviewer, made_at=NOW
    )
    take(Action.RETURN, returned, cast.second_reviewer)
    take(Action.SUBMIT, returned, cast.tax_lead)
    results = decide_in_bulk(ticked=seen, by=fresh(cast.reviewer), now=NOW)
    assert [(result.done, type(result.refusal)) for result in results] == [
        (None, Stale),
        (None, ReviewError),
        (None, Stale),
        (Outcome.PASSED, type(None)),
    ]
    assert str(results[1].refusal) == "解決していない指摘があります。"
    assert results[0].refusal.event.kind == "lapsed"
    assert now_of(fine).stage == Stage.APPROVE


def test_the_database_failing_for_one_stops_none_of_the_others(
    cast: Cast, three: list[Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_once(**kwargs: Any) -> Any:
        if kwargs["review_id"] == three[1].pk:
            raise DatabaseError("lock timeout")
        return decide(**kwargs)

    decide = service.decide
    monkeypatch.setattr(service, "decide", fails_once)
    results = decide_in_bulk(ticked=ticked(*three), by=fresh(cast.reviewer), now=NOW)
    assert said(results) == ["passed", "システムの都合で処理できませんでした。もう一度お試しください。", "passed"]
    assert [now_of(review).stage for review in three] == [Stage.APPROVE, Stage.REVIEW, Stage.APPROVE]


def test_a_deputy_goes_on_in_the_absent_persons_place(cast: Cast, places: Places, three: list[Review]) -> None:
    deputy = make_deputy(places, cast)
    seen = [passed(review, cast) for review in three]
    assert [item.absent for item in bulk_items(deciding(deputy, TODAY).with_names(), deputy, TODAY)] == [
        cast.approver
    ] * 3
    decide_in_bulk(ticked=ticked(*seen), by=fresh(deputy), now=NOW)
    for review in three:
        event = Event.objects.filter(review=review).latest("sequence")
        assert (event.kind, event.by, event.on_behalf_of) == ("approved", deputy, cast.approver)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_each_review_is_decided_once(transactional_db: None) -> None:
    places = make_places()
    cast = make_cast(places)
    plans = [make_approved_plan(places.civic), make_approved_plan(places.tax)]
    reviews = [submitted(plan, cast) for plan in plans]
    seen = ticked(*reviews)
    people = [fresh(cast.reviewer), fresh(cast.second_reviewer)] * 2
    runs = all_at_once(*(partial(decide_in_bulk, ticked=seen, by=by, now=NOW) for by in people))
    for at, review in enumerate(reviews):
        results = [run[at] for run in runs]
        assert sorted(str(result.done) for result in results) == ["None"] * 3 + ["passed"]
        event = Event.objects.filter(review=review).latest("sequence")
        refused = [result.refusal for result in results if result.refusal]
        assert [(type(refusal), refusal.event) for refusal in refused] == [(Stale, event)] * 3
        assert [kind for kind, _who, _round in told(review)].count("passed") == 1
    assert list(faults()) == []
