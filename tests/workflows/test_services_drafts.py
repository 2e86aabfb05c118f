"""Saving the draft: as often as one likes, complete or not, and never over what somebody else saved."""

from decimal import Decimal

import pytest

from departments.models import ActionPlan
from departments.models.indicators import Kind
from departments.models.plans import PlanKind
from tests.factories import make_indicator, make_plan
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, at, entries, now_of, opened, save, take, told
from workflows.access import Action
from workflows.errors import NotAllowed, Overtaken, Stale
from workflows.models import CheckpointKind, IndicatorReport, MeasureReport, ProgressClass, Review, Stage
from workflows.services.drafts import IndicatorEntry, MeasureEntry, save_draft


def saved(review: Review) -> list[tuple[int, str | None, int | None, str, str, str]]:
    return [
        (row.measure_id, row.progress and row.progress.code, row.percent, row.done, row.issue, row.next_step)
        for row in MeasureReport.objects.filter(review=review).select_related("progress")
    ]


def test_draft_is_kept_whole_by_editor_and_lead(review: Review, cast: Cast, plan: ActionPlan) -> None:
    measure = plan.measures.get()
    late = ProgressClass.objects.get(code="late")
    save(review, cast.editor, measures={measure.pk: MeasureEntry(late, 30, "着手した。", "人手", "応援")})
    assert saved(review) == [(measure.pk, "late", 30, "着手した。", "人手", "応援")]
    save(review, cast.lead, measures={measure.pk: MeasureEntry(done="書きかけ")})
    assert saved(review) == [(measure.pk, None, None, "書きかけ", "", "")]
    kept = now_of(review)
    assert (kept.version, kept.saved_by, kept.saved_at, kept.stage) == (3, cast.lead, NOW, Stage.PREPARE)
    assert told(review) == [("opened", None, 0)]


@pytest.mark.parametrize(
    "who",
    ["tax_editor", "tax_lead", "dx_lead", "reviewer", "approver", "moved", "executive", "auditor"]
    + ["administrator", "superuser", "leaver", "stranger"],
)
def test_others_do_not_save(review: Review, cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        save(review, getattr(cast, who))
    assert (saved(review), now_of(review).version) == ([], 1)


def test_saving_the_same_again_changes_nothing(review: Review, cast: Cast) -> None:
    for _ in range(2):
        save_draft(
            review_id=review.pk,
            task_id=review.task_id or 0,
            version=1,
            measures=entries(review),
            indicators={},
            by=cast.editor,
            now=NOW,
        )
    assert now_of(review).version == 2


def test_second_of_two_savers_overwrites_nothing(review: Review, cast: Cast) -> None:
    page = now_of(review)
    save(review, cast.editor, done="編集者の文")
    with pytest.raises(Overtaken) as refusal:
        save_draft(
            review_id=page.pk,
            task_id=page.task_id or 0,
            version=page.version,
            measures=entries(review, done="所属長の文"),
            indicators={},
            by=cast.lead,
            now=NOW,
        )
    assert (refusal.value.review.saved_by, refusal.value.review.saved_at) == (cast.editor, NOW)
    assert [row[3] for row in saved(review)] == ["編集者の文"]


@pytest.mark.parametrize("stage", [Stage.REVIEW, Stage.APPROVE])
def test_what_was_submitted_is_not_edited(review: Review, cast: Cast, stage: Stage) -> None:
    at(stage, review, cast)
    before = saved(review)
    for person in (cast.editor, cast.lead):
        with pytest.raises(NotAllowed):
            save(review, person, done="あとから書き換え")
    assert saved(review) == before


def test_page_opened_before_submission_does_not_save_after_return(review: Review, cast: Cast) -> None:
    task_id = review.task_id
    at(Stage.REVIEW, review, cast)
    take(Action.RETURN, review, cast.reviewer)
    with pytest.raises(Stale):
        take(Action.SAVE, review, cast.editor, task_id=task_id)


def test_entries_that_are_not_the_plans_are_ignored(places: Places, cast: Cast) -> None:
    civic, tax = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    strange = make_indicator("1-1", department=places.tax)
    own = make_indicator("1-2", department=places.civic)
    derived = make_indicator("1-3", department=places.civic, kind=Kind.DERIVED, derivation="plan_achievement")
    save(
        civic,
        cast.editor,
        measures=entries(tax) | entries(civic),
        indicators={row.pk: IndicatorEntry(value=Decimal(3)) for row in (strange, own, derived)},
    )
    assert [row[0] for row in saved(civic)] == [civic.plan.measures.get().pk]
    assert list(IndicatorReport.objects.values_list("review", "indicator", "value")) == [(civic.pk, own.pk, 3)]
    assert saved(tax) == []


def test_action_plan_is_not_asked_for_the_strategys_indicators(places: Places, cast: Cast) -> None:
    plan = make_plan(places.civic, kind=PlanKind.ACTION, measures=1, state="approved")
    strategys = make_indicator("1-1", department=places.civic)
    measures_own = make_indicator("M1-1", measure=plan.measures.get())
    (review,) = opened(plan)
    save(
        review,
        cast.editor,
        indicators={row.pk: IndicatorEntry(value=Decimal(3)) for row in (strategys, measures_own)},
    )
    assert list(IndicatorReport.objects.values_list("indicator", flat=True)) == [measures_own.pk]


def test_not_this_quarter_drops_the_numbers(places: Places, cast: Cast) -> None:
    plan = make_approved_plan(places.civic)
    indicator = make_indicator("1-1", department=places.civic)
    (review,) = opened(plan)
    entry = IndicatorEntry(value=Decimal("4.50"), note="次の四半期に集計")
    save(review, cast.editor, indicators={indicator.pk: entry})
    save(
        review,
        cast.editor,
        indicators={indicator.pk: IndicatorEntry(value=Decimal(4), not_this_quarter=True, note="次の四半期に集計")},
    )
    assert list(IndicatorReport.objects.values_list("value", "not_this_quarter", "note")) == [
        (None, True, "次の四半期に集計")
    ]


def test_plan_checkpoint_takes_no_report(places: Places, cast: Cast) -> None:
    """There the plan itself is edited; a report on it would keep its measures from being removed."""
    (review,) = opened(make_plan(places.civic, measures=1), kind=CheckpointKind.PLAN)
    save(review, cast.editor)
    assert (saved(review), now_of(review).version) == ([], 1)
