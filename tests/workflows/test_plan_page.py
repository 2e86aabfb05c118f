"""A plan's page: its year, schedule, figures, changes and history, and who reads which of them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, User
from departments.models.organisation import PERMISSIONS_BY_ROLE, Permission
from departments.models.plans import PlanState
from tests.factories import make_indicator, make_plan
from tests.workflows.amendments import asked, other, proposed
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.models import CheckpointKind, Event, Review, Stage
from workflows.plan_page import MOST_EVENTS, MOST_WITH_LINES, OPEN_EVENTS
from workflows.services.drafts import IndicatorEntry

pytestmark = pytest.mark.usefixtures("clock")

READERS = ("lead", "reviewer", "executive", "auditor")
PROVISIONAL = "速報"


@pytest.fixture
def plan(places: Places) -> ActionPlan:
    return make_approved_plan(places.civic)


def seen(user: User, plan: ActionPlan) -> str:
    return text_of(page_of(user, "plan", plan.pk))


def figures(user: User, plan: ActionPlan) -> str:
    """What the reader finds of the measures' and indicators' figures."""
    return seen(user, plan).split("施策の目標と進捗", 1)[1].split("計画変更", 1)[0].split("履歴", 1)[0]


def reported(
    plan: ActionPlan, cast: Cast, kind: str, stage: Stage, progress: str = "on_plan", value: int = 8
) -> Review:
    """The plan's report at the checkpoint, brought to the stage."""
    (review,) = opened(plan, kind=kind)
    indicators = {found.pk: IndicatorEntry(value=value) for found in plan.measures.get().indicators.all()}
    save(review, cast.editor, progress=progress, indicators=indicators)
    if stage != Stage.PREPARE:
        take(Action.SUBMIT, review, cast.lead)
    if stage in (Stage.APPROVE, Stage.APPROVED):
        take(Action.PASS, review, cast.reviewer)
    if stage == Stage.APPROVED:
        take(Action.APPROVE, review, cast.approver)
    return now_of(review)


# ---- who reads what


def test_figures_are_shown_as_far_as_the_reports_are_the_readers_to_read(plan: ActionPlan, cast: Cast) -> None:
    make_indicator("M1-1", measure=plan.measures.get())
    reported(plan, cast, CheckpointKind.Q1, Stage.APPROVED, value=3)
    reported(plan, cast, CheckpointKind.Q2, Stage.REVIEW, progress="ahead", value=7)
    for name, provisional in [("lead", True), ("reviewer", True), ("auditor", True), ("executive", False)]:
        text = figures(getattr(cast, name), plan)
        assert ("3件" in text, "7件" in text, PROVISIONAL in text.replace("数値は速報", "")) == (
            True,
            provisional,
            provisional,
        ), name


def test_a_draft_and_what_was_sent_back_stand_nowhere(plan: ActionPlan, cast: Cast) -> None:
    make_indicator("M1-1", measure=plan.measures.get())
    review = reported(plan, cast, CheckpointKind.Q2, Stage.REVIEW, value=7)
    take(Action.RETURN, review, cast.reviewer)
    for name in READERS:
        assert "7件" not in seen(getattr(cast, name), plan), name


def test_the_schedule_shows_the_newest_report_that_is_the_readers_to_read(plan: ActionPlan, cast: Cast) -> None:
    def drawn(user: User) -> str:
        return seen(user, plan).split("工程表", 1)[1].split("帯：予定の期間", 1)[0]

    assert "報告なし" in drawn(cast.lead)
    reported(plan, cast, CheckpointKind.Q1, Stage.APPROVED)
    reported(plan, cast, CheckpointKind.Q2, Stage.APPROVE, progress="ahead")
    assert "計画どおり 50% 1Q時点" in drawn(cast.executive)
    assert "2Q" not in drawn(cast.executive).replace("☆2Q", "").replace("★2Q", "")
    assert "50% 2Q時点 速報" in drawn(cast.reviewer)


def test_rounds_and_history_are_for_those_who_read_submissions(plan: ActionPlan, cast: Cast) -> None:
    review = reported(plan, cast, CheckpointKind.Q2, Stage.REVIEW)
    take(Action.RETURN, review, cast.reviewer)
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.lead)
    for name, told in [("lead", True), ("reviewer", True), ("auditor", True), ("executive", False)]:
        text = seen(getattr(cast, name), plan)
        assert ("第2回提出" in text, "履歴" in text, "審査中" in text) == (told, told, True), name
        assert (
            reverse("review", args=[review.pk]) in page_of(getattr(cast, name), "plan", plan.pk).content.decode()
        ) == (told), name


def test_whoever_reads_plans_reads_the_board() -> None:
    """So the year's stages on a plan's page tell nobody anything new."""
    readers = [found for found in PERMISSIONS_BY_ROLE.values() if Permission.READ_APPROVED in found]
    assert all(Permission.READ_BOARD in found for found in readers)


def test_another_departments_plan_is_not_there(plan: ActionPlan, cast: Cast) -> None:
    assert page_of(cast.tax_lead, "plan", plan.pk).status_code == 404


# ---- what is next


def test_one_button_leads_whoever_is_next_on(plan: ActionPlan, cast: Cast) -> None:
    (review,) = opened(plan)
    prepare, decide = (reverse(name, args=[review.pk]) for name in ("prepare", "review"))
    save(review, cast.editor)
    for name, address, action in [
        ("lead", prepare, Action.SUBMIT),
        ("reviewer", decide, Action.PASS),
        ("approver", decide, Action.APPROVE),
    ]:
        for reader in ("lead", "reviewer", "approver", "executive"):
            html = page_of(getattr(cast, reader), "plan", plan.pk).content.decode()
            assert (f'<a class="button" href="{address}">' in html) == (reader == name), (action, reader)
        take(action, review, getattr(cast, name))


def test_the_years_before_and_after_are_linked_where_they_open(places: Places, cast: Cast, plan: ActionPlan) -> None:
    before = make_plan(places.civic, 2025, state=PlanState.APPROVED)
    after = make_plan(places.civic, 2027)
    for user, there in [(cast.lead, [before, after]), (cast.executive, [before])]:
        html = page_of(user, "plan", plan.pk).content.decode()
        assert [each for each in (before, after) if reverse("plan", args=[each.pk]) in html] == there


def test_a_plan_without_measures_or_checkpoints_says_so(places: Places, cast: Cast) -> None:
    text = seen(cast.lead, make_plan(places.civic))
    assert ("施策がまだありません" in text, "この年度のチェックポイントは、まだありません" in text) == (True, True)


# ---- its size


def test_older_events_are_folded_and_the_oldest_left_to_the_register(plan: ActionPlan, cast: Cast) -> None:
    (review,) = opened(plan)
    first = Event.objects.get()
    more = (
        Event(plan=plan, review=review, sequence=n, kind="nudged", at=first.at, round=0, data={"comment": f"その{n}"})
        for n in range(2, MOST_EVENTS + 10)
    )
    Event.objects.bulk_create(more)
    html = page_of(cast.lead, "plan", plan.pk).content.decode()
    shown = re.findall(r"その(\d+)", html)
    assert shown == [str(n) for n in range(MOST_EVENTS + 9, 9, -1)]
    assert f"以前の記録 {MOST_EVENTS - OPEN_EVENTS}件" in html
    assert f"{reverse('register')}?year={plan.fiscal_year}&amp;department={plan.department_id}" in html


@pytest.mark.parametrize("measures", [1, MOST_WITH_LINES, MOST_WITH_LINES + 1])
def test_with_many_measures_milestones_stand_on_the_bars(places: Places, cast: Cast, measures: int) -> None:
    html = page_of(cast.lead, "plan", make_approved_plan(places.civic, measures=measures).pk).content.decode()
    assert html.count('class="gantt__part"') == (measures if measures <= MOST_WITH_LINES else 0)
    assert html.count('class="gantt__mark" d="M0-6') == measures


def statements(user: User, plan: ActionPlan) -> int:
    client = logged_in(user)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("plan", args=[plan.pk])).status_code == 200
    return len(queries)


@pytest.mark.parametrize(("measures", "changes"), [(1, 1), (10, 2), (40, 4)])
def test_the_page_takes_as_many_queries_whatever_the_plan_has(
    places: Places, cast: Cast, measures: int, changes: int
) -> None:
    plan = make_approved_plan(places.civic, measures=measures)
    for measure in plan.measures.all():
        make_indicator(f"M{measure.number}-1", measure=measure)
    for kind in (CheckpointKind.Q1, CheckpointKind.Q2):
        (review,) = opened(plan, kind=kind)
        save(review, cast.editor, indicators={})
    for number in range(1, changes + 1):
        change = asked(plan, cast.editor)
        proposed(change, cast.editor, other(plan, title=f"改めた施策{number}"))
        for action, by in [(Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)]:
            take(action, change, by)
    assert [statements(getattr(cast, name), plan) for name in READERS] == [19, 18, 16, 17]
