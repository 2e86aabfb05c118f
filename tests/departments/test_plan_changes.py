"""A plan as a draft of it would have it: plain data there and back, and written into an approved plan."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from departments.content import draft_content, draft_problems, plan_content, plan_problems
from departments.drafts import IndicatorDraft, MeasureDraft, PlanDraft, as_plain, draft_of, from_plain, with_ids
from departments.errors import Refused, Stale
from departments.imports import ImportRefused, import_strategy
from departments.models import ActionPlan, Measure, User
from departments.models.plans import PlanState, Priority
from departments.services.plans import change_plan, check_content
from tests.departments.strategies import SMALL, write
from tests.factories import make_department, make_indicator, make_measure, make_plan, make_user, the_initiative

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 7, 10, 0, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture
def plan() -> ActionPlan:
    """An approved plan: two measures, the first with two indicators."""
    found = make_plan(make_department(), measures=2)
    first = found.measures.first()
    make_indicator("M1-1", measure=first, target=Decimal("12.5"))
    make_indicator("M1-2", measure=first, kind="milestone")
    ActionPlan.objects.update(state=PlanState.APPROVED)
    return ActionPlan.objects.get()


@pytest.fixture
def approver(plan: ActionPlan) -> User:
    return make_user("approver")


def new_measure(title: str = "新しい施策") -> MeasureDraft:
    return MeasureDraft(the_initiative().pk, title, "目標", 1, 12, Priority.OTHER)


def changed(plan: ActionPlan, by: User, content: PlanDraft, version: int = 1) -> ActionPlan:
    return change_plan(by=by, plan_id=plan.pk, version=version, content=content, now=NOW)


def test_a_draft_and_the_rows_give_one_content(plan: ActionPlan) -> None:
    assert draft_content(plan, draft_of(plan)) == plan_content(plan)
    assert draft_problems(draft_of(plan)) == plan_problems(plan) == []
    wanted = replace(draft_of(plan), summary="", measures=(new_measure("施策1"), *draft_of(plan).measures))
    assert [problem.anchor for problem in draft_problems(wanted)] == ["measure-2"]
    assert [entry["number"] for entry in draft_content(plan, wanted)["measures"]] == [1, 2, 3]
    codes = [row["code"] for entry in draft_content(plan, wanted)["measures"] for row in entry["indicators"]]
    assert codes == ["M2-1", "M2-2"]


def test_a_draft_comes_back_from_json_as_it_was(plan: ActionPlan) -> None:
    wanted = with_ids(replace(draft_of(plan), measures=(*draft_of(plan).measures, new_measure())), draft_of(plan))
    there = json.dumps(as_plain(wanted), cls=DjangoJSONEncoder)
    back = from_plain(json.loads(there))
    assert back == wanted
    assert [measure.id for measure in back.measures] == [*plan.measures.values_list("pk", flat=True), -1]
    assert [row.id for row in back.measures[0].indicators] == [row.id for row in wanted.measures[0].indicators]


def test_new_measures_are_numbered_downwards_and_keep_their_numbers(plan: ActionPlan) -> None:
    first = with_ids(PlanDraft("", (new_measure("甲"), new_measure("乙"))), draft_of(plan))
    assert [measure.id for measure in first.measures] == [-1, -2]
    one, two = first.measures
    again = with_ids(
        PlanDraft("", (two, new_measure("丙"), replace(two, title="乙の写し"), replace(one, id=-77))), first
    )
    assert [measure.id for measure in again.measures] == [-2, -3, -4, -5]


def test_an_approved_change_is_written_and_the_plan_stays_approved(plan: ActionPlan, approver: User) -> None:
    stands = draft_of(plan)
    first, second = stands.measures
    survey = IndicatorDraft("満足度", "survey", "at_least", "%", Decimal(80), "")
    wanted = with_ids(PlanDraft("改めた概要", (second, new_measure(), replace(first, indicators=(survey,)))), stands)
    changed(plan, approver, wanted)
    found = ActionPlan.objects.get()
    assert draft_of(found) == wanted
    assert (found.state, found.version, found.saved_by, found.saved_at) == (PlanState.APPROVED, 2, approver, NOW)
    pks = list(found.measures.values_list("pk", flat=True))
    assert (pks[0], pks[2], pks[1] in (first.id, second.id)) == (second.id, first.id, False)
    assert not found.authors.exists()  # who approves it has not drafted it


@pytest.mark.parametrize("state", [PlanState.DRAFT, PlanState.SUBMITTED])
def test_only_an_approved_plan_is_changed_so(plan: ActionPlan, approver: User, state: PlanState) -> None:
    ActionPlan.objects.update(state=state)
    with pytest.raises(Refused):
        changed(plan, approver, PlanDraft("改めた概要"))
    assert Measure.objects.count() == 2


def test_a_change_of_another_version_is_refused(plan: ActionPlan, approver: User) -> None:
    with pytest.raises(Stale):
        changed(plan, approver, PlanDraft("改めた概要"), version=2)
    assert Measure.objects.count() == 2


def test_what_is_checked_is_what_is_written(plan: ActionPlan, approver: User) -> None:
    stands = draft_of(plan)
    first, second = stands.measures
    foreign = make_measure(make_plan(plan.department, 2027))
    for wanted in (
        replace(stands, measures=(replace(first, title=""),)),
        replace(stands, measures=(replace(first, first_month=13),)),
        replace(stands, measures=(replace(first, id=foreign.pk),)),
        replace(stands, measures=(first, replace(second, id=first.id))),
        replace(stands, measures=(replace(first, initiative=foreign.initiative_id),)),
        replace(stands, measures=(replace(first, indicators=(replace(first.indicators[0], target=None),)),)),
    ):
        with pytest.raises(Refused) as checked:
            check_content(plan, wanted)
        with pytest.raises(Refused) as written:
            changed(plan, approver, wanted)
        assert str(checked.value) == str(written.value) != ""
        assert (draft_of(plan), ActionPlan.objects.get(pk=plan.pk).version) == (stands, 1)


def test_the_strategy_file_does_not_change_an_approved_plan(tmp_path: object) -> None:
    make_department("dx")
    import_strategy(write(tmp_path, SMALL))
    ActionPlan.objects.update(state=PlanState.APPROVED)
    before = list(Measure.objects.values())
    months = next(line for line in SMALL.splitlines() if line.startswith("months"))
    with pytest.raises(ImportRefused):
        import_strategy(write(tmp_path, SMALL.replace(months, 'months = "6-7"')))
    assert list(Measure.objects.values()) == before
