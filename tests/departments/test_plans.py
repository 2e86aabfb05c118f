"""Saving a plan: all or nothing, only as a draft, never over somebody else's changes."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import translation

from departments.content import Problem, plan_content, plan_problems
from departments.drafts import IndicatorDraft, MeasureDraft, MilestoneDraft, PlanDraft, draft_of
from departments.errors import Refused, Stale
from departments.models import ActionPlan, Indicator, Measure, Milestone
from departments.models.indicators import Direction, Kind
from departments.models.plans import PlanKind, PlanState, Priority
from departments.services import plans
from tests.factories import make_department, make_indicator, make_measure, make_plan, make_strategy, the_initiative
from tests.workflows.moves import NOW

pytestmark = pytest.mark.django_db

STATES = [PlanState.SUBMITTED, PlanState.APPROVED]


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def plan():
    return make_plan(make_department("dx", "DX推進課"))


INDICATOR = IndicatorDraft("受講者", Kind.CUMULATIVE, Direction.AT_LEAST, "名", Decimal(100), "延べ人数")
MILESTONES = (MilestoneDraft("準備", 1, 3), MilestoneDraft("実施", 4, 9))


def measure_draft(**values) -> MeasureDraft:
    made = MeasureDraft(
        initiative=the_initiative().pk,
        title="研修",
        goal="100名が受講する",
        first_month=1,
        last_month=9,
        priority=Priority.DEPARTMENT,
        milestones=MILESTONES,
        indicators=(INDICATOR,),
    )
    return replace(made, **values)


def save(plan: ActionPlan, *measures: MeasureDraft, summary: str = "概要", version: int | None = None) -> ActionPlan:
    version = ActionPlan.objects.get(pk=plan.pk).version if version is None else version
    return plans.save_plan(by=None, plan_id=plan.pk, version=version, content=PlanDraft(summary, measures), now=NOW)


def current(plan: ActionPlan) -> PlanDraft:
    return draft_of(ActionPlan.objects.get(pk=plan.pk))


def test_what_is_saved_is_what_is_read(plan):
    first, second = measure_draft(), measure_draft(title="相談会", milestones=(), indicators=())
    saved = save(plan, first, second)
    assert current(plan) == PlanDraft("概要", (first, second))
    assert saved.version == plan.version + 1
    assert list(Measure.objects.values_list("number", flat=True)) == [1, 2]
    assert Indicator.objects.get().code == "M1-1"


def test_measures_and_indicators_keep_their_rows(plan):
    save(plan, measure_draft(), measure_draft(title="相談会"))
    one, two = current(plan).measures
    save(plan, two, measure_draft(title="新規"), replace(one, title="改称"))
    assert [(row.pk, row.number, row.title) for row in Measure.objects.order_by("number")] == [
        (two.id, 1, "相談会"),
        (Measure.objects.get(title="新規").pk, 2, "新規"),
        (one.id, 3, "改称"),
    ]
    codes = {row.pk: row.code for row in Indicator.objects.all()}
    assert (codes[two.indicators[0].id], codes[one.indicators[0].id]) == ("M1-1", "M3-1")


def test_indicators_may_change_places(plan):
    save(plan, measure_draft(indicators=(INDICATOR, replace(INDICATOR, title="満足度", unit="%"))))
    (measure,) = current(plan).measures
    save(plan, replace(measure, indicators=measure.indicators[::-1]))
    assert [row.title for row in current(plan).measures[0].indicators] == ["満足度", "受講者"]


def test_what_is_left_out_is_removed(plan):
    save(plan, measure_draft(), measure_draft(title="相談会"))
    one, _two = current(plan).measures
    save(plan, replace(one, milestones=(), indicators=()))
    assert (Measure.objects.count(), Milestone.objects.count(), Indicator.objects.count()) == (1, 0, 0)


def test_a_stale_version_overwrites_nothing(plan):
    save(plan, measure_draft())
    before = current(plan)
    with pytest.raises(Stale, match="changed meanwhile"):
        save(plan, measure_draft(title="別"), version=plan.version)
    assert current(plan) == before


def test_a_second_click_is_no_conflict(plan):
    save(plan, measure_draft())
    saved = save(plan, measure_draft(), version=plan.version)
    assert saved.version == plan.version + 1
    assert Measure.objects.count() == 1


@pytest.mark.parametrize("state", STATES)
def test_only_a_draft_is_saved(plan, state):
    ActionPlan.objects.update(state=state)
    with pytest.raises(Refused, match="cannot be changed"):
        save(plan, measure_draft())
    assert not Measure.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"title": ""}, "Measure 2: title: This field cannot be blank."),
        ({"title": "長" * 121}, "Measure 2: title: Ensure this value has at most 120 characters"),
        ({"first_month": 5, "last_month": 4}, "Measure 2: The last month must not lie before the first."),
        ({"first_month": 0}, "Measure 2: from: Value 0 is not a valid choice."),
        ({"priority": "top"}, "Measure 2: class: Value 'top' is not a valid choice."),
        ({"initiative": 0}, "Measure 2: choose an initiative of the strategy of FY2026."),
        ({"id": 999}, "A measure that you changed is no longer part of this plan."),
        ({"milestones": (MilestoneDraft("逆", 3, 2),)}, "Measure 2, milestone “逆”: The last month must not lie"),
        ({"milestones": (MilestoneDraft("", 1, 2),)}, "Measure 2, milestone “”: title: This field cannot be blank."),
        (
            {"indicators": (replace(INDICATOR, target=None),)},
            "Measure 2, indicator “受講者”: This kind of indicator needs a target.",
        ),
        (
            {"indicators": (replace(INDICATOR, kind=Kind.CEILING),)},
            "Measure 2, indicator “受講者”: A ceiling has the direction “at most”.",
        ),
        (
            {"indicators": (replace(INDICATOR, id=999),)},
            "An indicator that you changed is no longer part of this plan.",
        ),
    ],
)
def test_a_broken_rule_is_told_and_nothing_is_saved(plan, values, sentence):
    with pytest.raises(Refused) as refused:
        save(plan, measure_draft(), measure_draft(**values))
    assert str(refused.value).startswith(sentence)
    assert current(plan) == PlanDraft("計画の概要")


def test_an_initiative_of_another_year_is_refused(plan):
    other = make_strategy(2025).initiatives.first()
    with pytest.raises(Refused, match="choose an initiative"):
        save(plan, measure_draft(initiative=other.pk))


def test_another_plans_measure_is_not_taken_over(plan):
    other = make_plan(make_department("joho"), measures=1)
    with pytest.raises(Refused, match="no longer part"):
        save(plan, measure_draft(id=other.measures.get().pk))
    assert other.measures.get().title == "施策1"


def test_a_plan_is_started_once(plan):
    with pytest.raises(Refused, match="already has a plan of this kind"):
        make_plan(plan.department)
    make_plan(plan.department, kind=PlanKind.ACTION)
    make_plan(plan.department, 2027)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (PlanState.DRAFT, PlanState.SUBMITTED, True),
        (PlanState.SUBMITTED, PlanState.DRAFT, True),
        (PlanState.SUBMITTED, PlanState.APPROVED, True),
        (PlanState.DRAFT, PlanState.APPROVED, False),
        (PlanState.APPROVED, PlanState.DRAFT, True),  # its approval was revoked
        (PlanState.APPROVED, PlanState.SUBMITTED, False),
    ],
)
def test_a_plan_moves_with_its_review(plan, before, after, moved):
    ActionPlan.objects.update(state=before)
    assert plans.mark(plan.pk, after) == moved
    assert ActionPlan.objects.get().state == (after if moved else before)


# ---- the frozen content


def test_the_content_is_plain_data(plan):
    save(plan, measure_draft())
    content = plan_content(ActionPlan.objects.get())
    assert json.loads(json.dumps(content)) == content
    assert content == {
        "fiscal_year": 2026,
        "kind": "execution",
        "summary": "概要",
        "measures": [
            {
                "id": Measure.objects.get().pk,
                "number": 1,
                "title": "研修",
                "goal": "100名が受講する",
                "initiative": 1,
                "first_month": 1,
                "last_month": 9,
                "priority": "department",
                "milestones": [
                    {"title": "準備", "first_month": 1, "last_month": 3},
                    {"title": "実施", "first_month": 4, "last_month": 9},
                ],
                "indicators": [
                    {
                        "code": "M1-1",
                        "title": "受講者",
                        "kind": "cumulative",
                        "direction": "at_least",
                        "unit": "名",
                        "target": "100.00",
                        "formula": "延べ人数",
                    }
                ],
            }
        ],
    }


def test_saving_the_same_again_freezes_the_same(plan):
    save(plan, measure_draft(indicators=(INDICATOR,) * 11))
    before = plan_content(ActionPlan.objects.get())
    save(plan, *current(plan).measures)
    with translation.override("ja"):
        assert plan_content(ActionPlan.objects.get()) == before


# ---- what keeps a plan from being submitted


def problems(plan: ActionPlan) -> list[Problem]:
    return plan_problems(ActionPlan.objects.get(pk=plan.pk))


def test_a_complete_plan_lacks_nothing():
    assert problems(make_plan(make_department(), measures=2)) == []


def test_everything_that_is_missing_is_told_at_once(plan):
    assert problems(plan) == [Problem("measures", "The plan has no measures yet.")]
    make_measure(plan, "研修")
    make_measure(plan, "研修", goal=" ")
    late = make_measure(plan, "整備", first_month=4, last_month=6)
    Milestone.objects.create(measure=late, title="準備", first_month=3, last_month=4)
    make_indicator("M3-1", measure=late)
    assert problems(plan) == [
        Problem("measure-2", "Measure 2: the goal for the year is missing."),
        Problem("measure-2", "Measure 2: another measure already has this title."),
        Problem("measure-3", "Measure 3: the milestone “準備” lies outside the measure's months, Jul–Sep."),
    ]
