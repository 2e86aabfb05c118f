"""The schedule charts: where bars and checkpoints stand, and what whom the strategy's schedule tells."""

import gzip
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from departments.fiscal import MONTHS
from departments.gantt import Axis
from departments.models import Measure, User
from departments.models.plans import PlanKind, PlanState
from tests.factories import make_department, make_measure, make_plan, the_initiative
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import TODAY, YEAR, at, make_checkpoint, opened, save, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.charts import FILLS
from workflows.gantt import Bar, Progress, Row, frame_of
from workflows.models import Checkpoint, CheckpointKind, ProgressClass, Stage
from workflows.strategy_gantt import MEASURES_ON_A_PAGE
from workflows.wording import Status

pytestmark = pytest.mark.usefixtures("clock")


def drawn(user: User, query: str = "", year: int = YEAR) -> str:
    return text_of(page_of(user, "strategy_gantt", year, query=query))


# ---- geometry


@given(st.sampled_from(MONTHS), st.sampled_from(MONTHS), st.none() | st.integers(0, 100))
def test_what_is_filled_is_the_per_cent_of_the_bar(one: int, other: int, percent: int | None) -> None:
    span = Axis(YEAR).span(*sorted((one, other)))
    progress = Progress(Status("blue", "↑", "前倒し"), percent, "1Q", provisional=False)
    row = Row(Measure(), Bar("施策", "4月", span), [], progress)
    if not percent:
        assert row.done is None
    else:
        assert row.done is not None
        assert (row.done.x, row.done.end <= span.end + 0.01) == (span.x, True)


def test_checkpoints_stand_at_the_end_of_the_day_as_of_which_they_ask() -> None:
    days = {"plan": date(2026, 4, 1), "q1": date(2026, 6, 30), "q2": date(2026, 9, 30), "yearend": date(2027, 3, 31)}
    found = [Checkpoint(fiscal_year=YEAR, kind=kind, as_of=day) for kind, day in days.items()]
    frame = frame_of(YEAR, found, TODAY)
    months = frame.axis.months
    assert [star.x for star in frame.stars][1:] == [months[2].end, months[5].end, 100.0]
    assert [star.anchor for star in frame.stars] == ["start", "middle", "middle", "end"]
    assert [text for _span, text in frame.months] == [f"{n}月" for n in (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)]


def test_today_stands_in_its_own_year_alone() -> None:
    assert [frame_of(year, [], TODAY).today is not None for year in (2025, 2026, 2027)] == [False, True, False]


@pytest.mark.django_db
def test_every_progress_class_has_a_colour() -> None:
    assert {found.tone for found in ProgressClass.objects.all()} <= set(FILLS)


# ---- the strategy's schedule


@pytest.fixture
def measures(places: Places) -> dict[str, Measure]:
    """One in an approved plan, two in drafts, each of another department or initiative."""
    civic, tax = make_plan(places.civic), make_plan(places.tax)
    found = {
        "approved": make_measure(civic, "承認済みの施策"),
        "own": make_measure(make_plan(places.civic, kind=PlanKind.ACTION), "市民課の下書き"),
        "other": make_measure(tax, "税務課の下書き", initiative=the_initiative(number=2)),
    }
    type(civic).objects.filter(pk=civic.pk).update(state=PlanState.APPROVED)
    return found


def test_the_city_knows_what_is_approved_and_a_department_its_own_drafts(
    measures: dict[str, Measure], cast: Cast
) -> None:
    for name, known in [("stranger", ["approved"]), ("executive", ["approved"]), ("lead", ["approved", "own"])]:
        text = drawn(getattr(cast, name))
        assert [key for key, found in measures.items() if found.title in text] == known, name
        # Nor does the filter name a department of which nothing is known.
        assert ("税務課" in text) is False, name


def test_only_plans_that_open_are_linked(measures: dict[str, Measure], cast: Cast) -> None:
    address = f"{reverse('plan', args=[measures['approved'].plan_id])}#measure-1"
    found = [
        address in page_of(user, "strategy_gantt", YEAR).content.decode() for user in (cast.executive, cast.stranger)
    ]
    assert found == [True, False]


def test_progress_is_shown_as_far_as_it_is_the_readers_to_read(measures: dict[str, Measure], cast: Cast) -> None:
    plan = measures["approved"].plan
    (first,) = opened(plan, kind=CheckpointKind.Q1)
    at(Stage.APPROVED, first, cast)
    (second,) = opened(plan, kind=CheckpointKind.Q2)
    save(second, cast.editor, progress="ahead")
    for name in ("stranger", "executive", "reviewer", "lead"):  # a draft is nobody's to read here
        assert ("前倒し" in drawn(getattr(cast, name)), name) == (False, name)
    take(Action.SUBMIT, second, cast.lead)
    told = {name: drawn(getattr(cast, name)) for name in ("stranger", "executive", "reviewer", "lead", "tax_lead")}
    assert {name for name, text in told.items() if "前倒し" in text} == {"reviewer", "lead"}
    assert {name for name, text in told.items() if "計画どおり" in text} == {"executive"}
    assert {name for name, text in told.items() if "計画どおり" not in text and "前倒し" not in text} == {
        "stranger",
        "tax_lead",
    }


def test_a_theme_an_initiative_or_a_department_is_asked_for_in_the_address(
    measures: dict[str, Measure], cast: Cast, places: Places
) -> None:
    Measure.objects.get(pk=measures["other"].pk).plan.__class__.objects.update(state=PlanState.APPROVED)
    for query, found in [
        ("", {"approved", "own", "other"}),
        ("?part=theme-1", {"approved", "own", "other"}),
        ("?part=initiative-2", {"other"}),
        (f"?department={places.civic.pk}", {"approved", "own"}),
        (f"?part=initiative-2&department={places.civic.pk}", set()),
    ]:
        text = drawn(cast.executive, query)
        assert {key for key, each in measures.items() if each.title in text} == found, query


def test_what_nobody_can_mean_is_said_and_narrows_nothing(measures: dict[str, Measure], cast: Cast) -> None:
    for query in ("?part=theme-99", "?part=initiative-x", "?department=0", "?department=%00", "?page=zwei"):
        response = page_of(cast.executive, "strategy_gantt", YEAR, query=query)
        text = text_of(response)
        assert (response.status_code, measures["approved"].title in text) == (200, True), query
        assert ("一覧にある項目から選んでください" in text) == (not query.startswith("?page")), query


def test_a_year_without_a_strategy_is_not_there(cast: Cast) -> None:
    assert page_of(cast.executive, "strategy_gantt", 2031).status_code == 404


def test_hundreds_of_measures_come_in_light_pages_with_as_many_queries(places: Places, cast: Cast) -> None:
    make_checkpoint()
    plan = make_approved_plan(places.civic, measures=1)
    client = logged_in(cast.reviewer)
    asked, address = [], reverse("strategy_gantt", args=[YEAR])
    for more in (0, 9, 3 * MEASURES_ON_A_PAGE):
        if more:
            number = plan.measures.count()
            Measure.objects.bulk_create(
                Measure(
                    plan=plan,
                    initiative=the_initiative(number=1 + n % 3),
                    number=number + n + 1,
                    title=f"窓口の手続を見直して待ち時間を短くする取組 その{n}",
                    first_month=1 + n % 12,
                    last_month=12,
                    priority="other",
                )
                for n in range(more)
            )
        with CaptureQueriesContext(connection) as queries:
            html = client.get(address).content
        asked.append(len(queries))
    assert asked == [15, 15, 15]
    assert html.count(b'class="gantt__row"') == MEASURES_ON_A_PAGE
    assert len(gzip.compress(html)) < 30_000
    page_two = client.get(f"{address}?page=2").content.decode()
    assert len(re.findall('class="gantt__row"', page_two)) == MEASURES_ON_A_PAGE


def test_the_strategys_page_lists_few_measures_and_counts_many(places: Places, cast: Cast) -> None:
    few, many = make_department("few"), make_department("many")
    make_measure(make_plan(few), "ひとつだけの施策")
    plan = make_plan(many)
    for n in range(21):
        make_measure(plan, f"多くの施策{n}", initiative=the_initiative(number=2))
    type(plan).objects.update(state=PlanState.APPROVED)
    text = text_of(page_of(cast.stranger, "strategy_year", YEAR))
    assert ("ひとつだけの施策" in text, "多くの施策" in text, "21件の施策の工程表" in text) == (True, False, True)
