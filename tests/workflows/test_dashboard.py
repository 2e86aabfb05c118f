"""The dashboard: what it counts, for whom, and that every number leads to just as many measures."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from departments.models import ActionPlan, Measure, User
from departments.models.indicators import Kind
from departments.models.plans import Priority
from tests.factories import make_indicator, make_measure, make_plan, the_initiative
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import TODAY, change_of, entries, fresh, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.dashboard import Dashboard, build_dashboard
from workflows.distribution import Distribution
from workflows.models import Checkpoint, CheckpointKind, Review
from workflows.rates import Rate
from workflows.services.changes import save_proposal
from workflows.services.drafts import IndicatorEntry

pytestmark = pytest.mark.usefixtures("clock")

Q1, Q2 = CheckpointKind.Q1, CheckpointKind.Q2


@pytest.fixture(autouse=True)
def indicators(places: Places) -> None:
    """Two that the system computes; one reported by civic, one by tax."""
    per_cent = {"kind": Kind.DERIVED, "unit": "%"}
    third = the_initiative(number=3)
    make_indicator("3-1", initiative=third, derivation="plan_achievement", target=80, each_department=True, **per_cent)
    make_indicator("3-2", initiative=third, derivation="priority_achievement", target=85, **per_cent)
    make_indicator("1-1", department=places.civic).step_targets.create(step="q2", target=3)
    make_indicator("2-1", department=places.tax, kind=Kind.CEILING, direction="at_most", target=0)


def reported(
    plan: ActionPlan, team: tuple[User, User], cast: Cast, kind: str, classes: Iterable[str], **told: Any
) -> Review:
    """The plan's report on its measures in these classes, approved unless told otherwise."""
    (review,) = opened(plan, kind=kind)
    editor, lead = team
    measures = dict(zip(plan.measures.order_by("number"), classes, strict=True))
    wanted = {}
    for measure, code in measures.items():
        entry = entries(review, progress=code)[measure.pk]
        wanted[measure.pk] = replace(entry, issue="課題", next_step="対応") if entry.progress.needs_reason else entry
    save(review, editor, measures=wanted, indicators=told.get("indicators", {}))
    take(Action.SUBMIT, review, lead)
    if told.get("approved", True):
        take(Action.PASS, review, cast.reviewer)
        take(Action.APPROVE, review, cast.approver)
    return now_of(review)


@pytest.fixture
def plans(places: Places) -> tuple[ActionPlan, ActionPlan]:
    civic, tax = make_approved_plan(places.civic, measures=2), make_approved_plan(places.tax, measures=1)
    make_measure(civic, "住民異動の受付", initiative=the_initiative(number=2), priority=Priority.OTHER)
    return civic, tax


def values(code: str, **value: Any) -> dict[int, IndicatorEntry]:
    found = the_initiative(number=int(code[0])).indicators.get(code=code)
    return {found.pk: IndicatorEntry(**value)}


@pytest.fixture
def year(plans: tuple[ActionPlan, ActionPlan], cast: Cast) -> dict[str, Review]:
    """Two quarters, all approved but for tax's second, which is submitted."""
    civic, tax = plans
    of_civic, of_tax = (cast.editor, cast.lead), (cast.tax_editor, cast.tax_lead)
    five, two, none = (Decimal(number) for number in (5, 2, 0))
    return {
        "civic q1": reported(
            civic, of_civic, cast, Q1, ["on_plan", "late", "on_plan"], indicators=values("1-1", value=five)
        ),
        "tax q1": reported(tax, of_tax, cast, Q1, ["late"], indicators=values("2-1", value=none)),
        "civic q2": reported(
            civic, of_civic, cast, Q2, ["late", "ahead", "stopped"], indicators=values("1-1", value=two)
        ),
        "tax q2": reported(tax, of_tax, cast, Q2, ["finished"], indicators=values("2-1", value=none), approved=False),
    }


def seen_by(user: User, kind: str = Q2, division: str = "") -> Dashboard:
    checkpoints = list(Checkpoint.objects.of_year(2026).exclude(kind="plan"))
    (checkpoint,) = [found for found in checkpoints if found.kind == kind]
    found = build_dashboard(fresh(user), checkpoint, checkpoints, TODAY, division=division, page=None)
    assert found is not None
    return found


def counts(found: Distribution) -> dict[str, dict[str, int]]:
    return {stack.name: {part.name.code: part.count for part in stack.parts if part.count} for stack in found.stacks}


def kpis(found: Dashboard) -> dict[str, tuple[str, str, str]]:
    """Code → value, judgement, what was before."""
    rows = [kpi for theme in found.themes for each in theme.initiatives for kpi in each.kpis]
    return {
        kpi.indicator.code: (
            kpi.bullet.value if kpi.bullet else f"{kpi.spread.meeting}/{kpi.spread.measured}",
            str(kpi.judgement),
            kpi.before[0] if kpi.before else "",
        )
        for kpi in rows
        if kpi.bullet or kpi.spread
    }


def test_all_is_counted_from_what_is_approved(cast: Cast, year: dict[str, Review]) -> None:
    found = seen_by(cast.executive)
    assert (found.progress.approved, found.progress.asked, found.progress.revoked) == (1, 2, 0)
    assert found.plan_rates is not None
    assert [(bar.line.department.name, bar.line.rate) for bar in found.plan_rates.bars] == [("市民課", Rate(1, 2, 1))]
    assert (found.plan_rates.meeting, found.plan_rates.measured) == (0, 1)
    assert found.priority is not None
    assert (found.priority.line.rate, found.priority.before) == (Rate(1, 2, 0), Rate(1, 3, 0))
    assert found.priority.line.provisional == Rate()
    assert counts(found.by_theme) == {"1 テーマ1": {"ahead": 1, "late": 1, "stopped": 1}}
    assert counts(found.by_department) == {"市民部": {"ahead": 1, "late": 1, "stopped": 1}}
    assert kpis(found) == {
        "1-1": ("2件", "behind", "5件"),
        "2-1": ("", "not_yet", "0件"),
        "3-1": ("0/1", "in_progress", ""),
        "3-2": ("50%", "in_progress", "33.33%"),
    }
    assert (found.tally.met, found.tally.missed, found.tally.open) == (0, 1, 3)


def test_what_got_worse_and_better_is_told_with_both(cast: Cast, year: dict[str, Review]) -> None:
    found = seen_by(cast.executive)
    told = {row.title: (str(row.was.text), str(row.status.text)) for row in [*found.moved.worst, *found.moved.best]}
    assert (found.moved.worse, found.moved.better) == (2, 1)
    assert told == {
        "3 住民異動の受付": ("計画どおり", "中止"),
        "1 施策1": ("計画どおり", "遅れ"),
        "2 施策2": ("遅れ", "前倒し"),
    }
    assert [row.title for row in found.moved.worst] == ["3 住民異動の受付", "1 施策1"]
    assert ([kpi.indicator.code for kpi in found.worse], found.better) == (["1-1"], [])
    assert (found.all_worse, found.all_better) == (3, 1)


def test_the_first_quarter_compares_with_nothing(cast: Cast, year: dict[str, Review]) -> None:
    found = seen_by(cast.executive, Q1)
    assert (found.scope.before, found.moved.worse, found.moved.better) == (None, 0, 0)
    assert kpis(found)["1-1"] == ("5件", "achieved", "")
    assert "比べる前回の進捗確認がありません。" in text_of(page_of(cast.executive, "dashboard", query="?kind=q1"))


def test_the_office_sees_provisional_rates_beside(cast: Cast, year: dict[str, Review]) -> None:
    found = seen_by(cast.reviewer)
    assert found.priority is not None
    assert (found.priority.line.rate, found.priority.line.provisional) == (Rate(1, 2, 0), Rate(1, 1, 0))
    assert "速報" in text_of(page_of(cast.reviewer, "dashboard"))
    assert "速報" not in text_of(page_of(cast.executive, "dashboard"))


def test_a_department_sees_its_own_alone(cast: Cast, year: dict[str, Review]) -> None:
    civic, tax = seen_by(cast.lead, Q1), seen_by(cast.tax_lead, Q1)
    assert counts(civic.by_theme) == {"1 テーマ1": {"on_plan": 2, "late": 1}}
    assert counts(tax.by_theme) == {"1 テーマ1": {"late": 1}}
    assert (set(kpis(civic)), set(kpis(tax))) == ({"1-1", "3-1", "3-2"}, {"2-1", "3-1", "3-2"})
    assert [theme.hidden for theme in civic.themes] == [1]
    assert (civic.progress.asked, tax.progress.asked) == (1, 1)
    assert civic.progress.is_partial
    assert not seen_by(cast.executive).progress.is_partial
    page = text_of(page_of(cast.tax_lead, "dashboard", query="?kind=q1"))
    assert "指標2-1" in page
    assert "指標1-1" not in page
    assert "市民課" not in page
    assert "閲覧できる所属の分だけを集計しています。" in page


@pytest.mark.parametrize("route", ["dashboard", "dashboard_measures"])
def test_who_reads_nothing_finds_nothing(cast: Cast, year: dict[str, Review], route: str) -> None:
    people = ("executive", "lead", "tax_editor", "reviewer", "approver", "auditor", "administrator", "stranger")
    found = {name: page_of(getattr(cast, name), route).status_code for name in people}
    assert found == {**dict.fromkeys(people, 200), "administrator": 404, "stranger": 404}


def test_another_department_cannot_be_listed(cast: Cast, places: Places, year: dict[str, Review]) -> None:
    for name, expected in (("lead", 404), ("executive", 200)):
        query = f"?kind=q1&department={places.tax.pk}"
        assert page_of(getattr(cast, name), "dashboard_measures", query=query).status_code == expected
        query = f"?kind=q1&division={places.dx.parent_id}"
        assert page_of(getattr(cast, name), "dashboard", query=query).status_code == expected


LINK = re.compile(r'<a href="(/dashboard/measures/[^"]+)"[^>]*>(?:<rect[^>]*><title>[^<]*?)?(\d+)<')


@pytest.mark.parametrize("name", ["executive", "reviewer", "lead", "tax_lead", "auditor"])
@pytest.mark.parametrize("kind", [Q1, Q2])
def test_every_number_leads_to_as_many_measures(
    cast: Cast, places: Places, year: dict[str, Review], name: str, kind: str
) -> None:
    client = logged_in(getattr(cast, name))
    queries = [f"?kind={kind}"]
    if name == "executive":
        queries.append(f"?kind={kind}&division={places.civic.parent_id}")
    found: dict[str, int] = {}
    for query in queries:
        html = client.get(f"/dashboard/{query}").content.decode()
        found |= {unescape(address): int(number) for address, number in LINK.findall(html)}
    assert found or (name, kind) == ("tax_lead", Q2)
    for address, number in found.items():
        listed = client.get(address)
        assert len(re.findall("<tr>", listed.content.decode().split("<tbody>", 1)[1])) == number, address
        assert f"施策 {number}件" in text_of(listed)


def test_moved_measures_are_listed_as_counted(cast: Cast, year: dict[str, Review]) -> None:
    worse, better = (
        page_of(cast.executive, "dashboard_measures", query=f"?change={way}") for way in ("worse", "better")
    )
    assert "前回より悪化" in text_of(worse)
    assert all(words in text_of(worse) for words in ("住民異動の受付", "施策1", "計画どおり", "中止", "2件"))
    assert "施策2" not in text_of(worse)
    assert "施策2" in text_of(better)


@pytest.mark.parametrize(
    "query",
    [
        "?theme=9",
        "?progress=none",
        "?rate=x",
        "?change=x",
        "?priority=2",
        "?division=x",
        "?department=-1",
        "?kind=plan",
    ],
)
def test_what_is_not_there_is_not_found(cast: Cast, year: dict[str, Review], query: str) -> None:
    assert page_of(cast.executive, "dashboard_measures", query=query).status_code == 404


def test_a_revoked_report_leaves_the_figures_and_is_told(cast: Cast, year: dict[str, Review]) -> None:
    take(Action.REVOKE, year["civic q2"], cast.approver)
    found = seen_by(cast.executive)
    assert (found.progress.approved, found.progress.asked, found.progress.revoked) == (0, 2, 1)
    assert counts(found.by_theme) == {"1 テーマ1": {}}
    assert "承認が取り消された報告は、再び承認されるまで含みません。 現在1件です。" in text_of(
        page_of(cast.executive, "dashboard")
    )
    assert seen_by(cast.executive, Q1).progress.approved == 2


def test_a_later_change_of_the_plan_moves_nothing(
    cast: Cast, plans: tuple[ActionPlan, ActionPlan], year: dict[str, Review]
) -> None:
    """The measure gets another title, initiative and class; what was approved keeps those it had."""
    before = seen_by(cast.executive)
    second = the_initiative(number=2)
    theme = second.strategy.themes.create(number=2, title="テーマ2")
    second.theme = theme
    second.save()
    review = change_of(plans[0], cast.editor)
    draft = review.proposal.draft
    first = replace(draft.measures[0], title="改名した施策", initiative=second.pk, priority=Priority.OTHER)
    save_proposal(
        review_id=review.pk,
        task_id=review.task_id or 0,
        version=review.version,
        reason="見直し",
        content=replace(draft, measures=(first, *draft.measures[1:])),
        by=fresh(cast.editor),
        now=review.stage_since,
    )
    for action, by in ((Action.SUBMIT, cast.lead), (Action.PASS, cast.reviewer), (Action.APPROVE, cast.approver)):
        take(action, review, by)
    assert Measure.objects.filter(
        plan=plans[0], title="改名した施策", initiative=second, priority=Priority.OTHER
    ).exists()
    after = seen_by(cast.executive)
    assert counts(after.by_theme) == {"1 テーマ1": {"ahead": 1, "late": 1}, "2 テーマ2": {"stopped": 1}}
    assert after.priority is not None
    assert before.priority is not None
    assert after.priority.line == before.priority.line
    page = text_of(page_of(cast.executive, "dashboard_measures"))
    assert "施策1" in page
    assert "改名した施策" not in page


def test_it_costs_the_same_however_much_there_is(
    cast: Cast, places: Places, year: dict[str, Review], django_assert_num_queries: Any
) -> None:
    client = logged_in(cast.executive)
    with django_assert_num_queries(26):
        client.get("/dashboard/")
    for plan_kind in ("execution", "action"):
        plan = make_plan(places.dx, kind=plan_kind, measures=5, state="approved")
        for quarter, classes in ((Q1, ["on_plan"] * 5), (Q2, ["late", "stopped", "ahead", "on_plan", "finished"])):
            reported(plan, (cast.dx_lead, cast.dx_lead), cast, quarter, classes)
    with django_assert_num_queries(26):
        client.get("/dashboard/")
    with django_assert_num_queries(10):
        client.get("/dashboard/measures/?progress=late")
