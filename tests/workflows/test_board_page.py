"""進捗ボード: every count leads to exactly what it counts; filters, sorting, renewing and the file for spreadsheets."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import ActionPlan, Department, User
from departments.models.plans import PlanKind, PlanState
from departments.projection import rebuild_access
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, TODAY, YEAR, fresh, make_checkpoint, opened, take
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.access import Action
from workflows.board import Count, build_board
from workflows.board_facts import State, YearFacts, read_year
from workflows.board_query import Sort, Wanted, select, wanted_in
from workflows.board_version import board_version
from workflows.models import CheckpointKind, Review, Stage
from workflows.views.board import VERSION

pytestmark = pytest.mark.usefixtures("clock")

SECTION = re.compile(r'<tbody class="board__counts">.*?</tbody>|<tr class="board__group">.*?</tr>', re.DOTALL)
CHIP = re.compile(r'<a class="chip chip--blue" href="([^"]+)">([^<]+)<')
COUNT = re.compile(r'<a[^>]* href="([^"]+)"[^>]*>(\d+)</a>')


@pytest.fixture
def town(places: Places, cast: Cast) -> list[Review]:
    """Plans of three departments at two checkpoints, in all states that there are, some late."""
    life = places.civic.parent
    halls = [Department.objects.create(code=f"h{n}", name=f"第{n}出張所", parent=life, position=9) for n in range(4)]
    rebuild_access(TODAY)
    plans = [make_approved_plan(place) for place in (places.civic, places.tax, places.dx, *halls)]
    first = opened(*plans, kind=CheckpointKind.Q1)
    ended = {"task": None, "due_on": None, "stage": Stage.APPROVED, "round": 1}
    Review.objects.filter(pk__in=[review.pk for review in first[:3]]).update(**ended)
    made = opened(*plans)
    ActionPlan.objects.create(department=places.civic, fiscal_year=YEAR, kind=PlanKind.ACTION)
    states = [ended, {"stage": Stage.REVIEW, "round": 1, "due_on": "2026-10-05"}, {"stage": Stage.APPROVE, "round": 1}]
    states += [{"round": 2, "returned_from": Stage.REVIEW, "due_on": "2026-10-01"}, ended | {"stage": Stage.CANCELLED}]
    for review, state in zip(made, states, strict=False):
        Review.objects.filter(pk=review.pk).update(**state)
    Review.objects.filter(pk=made[3].pk).update(stage_since=NOW - timedelta(days=9))
    make_checkpoint(CheckpointKind.Q3)
    return made


def content_of(client: Client, query: str = "") -> str:
    answer = client.get(reverse("board") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def names_of(page: str) -> list[str]:
    """The departments in the rows, from above."""
    rows = re.findall(r'<tr id="plan-\d+">.*?</tr>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", row.split('id="name-')[1].split(">", 1)[1]).split()[0] for row in rows]


def counted_by(facts: YearFacts, wanted: Wanted, user: User) -> list[Count]:
    found = build_board(user, facts, wanted, TODAY)
    totals = [total for group in found.groups for total in group.totals]
    return [
        *(count for line in found.lines for count in line.counts if count),
        *(count for total in totals for count in (total.approved, total.late)),
    ]


QUERIES = ["", "q=第", "kind=action&status=missing", "late=1&checkpoint=q1&sort=late", "status=review&status=returned"]


def test_every_count_leads_to_exactly_so_many(town: list[Review], cast: Cast) -> None:
    readers = (cast.reviewer, cast.approver, cast.executive, cast.auditor, cast.administrator, cast.lead, cast.doubled)
    for user in readers:
        facts = read_year(user, YEAR, TODAY)
        for query in QUERIES:
            counts = counted_by(facts, wanted_in(QueryDict(query), YEAR, facts.divisions), user)
            assert counts or query == "q=第"
            for count in counts:
                wanted = wanted_in(QueryDict(count.address[1:]), YEAR, facts.divisions)
                assert len(select(facts, wanted).shown) == count.number, (user, query, count)


@pytest.mark.parametrize("who", ["reviewer", "lead"])
def test_the_page_shows_as_many_rows_as_the_count_says(town: list[Review], cast: Cast, who: str) -> None:
    client = logged_in(getattr(cast, who))
    page = content_of(client)
    counts = {(unescape(link), int(number)) for part in SECTION.findall(page) for link, number in COUNT.findall(part)}
    assert len(counts) > 2
    for link, number in counts:
        found = content_of(client, link)
        assert (len(names_of(found)), f'<strong class="board__shown">{number}件' in found) == (number, True), link


def test_counts_say_how_all_stand(town: list[Review], cast: Cast) -> None:
    text = text_of(page_of(cast.reviewer, "board"))
    assert "承認済み 1 12% 3" in text
    assert "差戻し 1 12% 0" in text
    assert "計画未承認 1 12% 1" in text
    assert "うち期限超過 2 25%" in text
    assert "市民部 承認済み 1 / 7 期限超過 2 2 / 7" in text


SHOWN = [
    ("", ["DX推進課", "市民課", "市民課", "税務課", "第0出張所", "第1出張所", "第2出張所", "第3出張所"]),
    ("?kind=action", ["市民課"]),
    ("?q=ｄｘ", ["DX推進課"]),
    ("?q=市民部%E3%80%80税務", ["税務課"]),
    ("?q=nowhere", []),
    ("?status=returned&status=approve", ["DX推進課", "第0出張所"]),
    ("?status=approved", ["DX推進課", "市民課", "税務課"]),
    ("?status=missing&checkpoint=q1", ["市民課"]),
    ("?late=1", ["税務課", "第0出張所"]),
    ("?late=1&checkpoint=q1", []),
    ("?late=1&status=review", ["税務課"]),
    ("?sort=late", ["第0出張所", "税務課", "DX推進課", "市民課", "市民課", "第1出張所", "第2出張所", "第3出張所"]),
    ("?sort=-late&late=1", ["税務課", "第0出張所"]),
    ("?sort=due&status=prepare&status=returned&checkpoint=q2", ["第0出張所", "第2出張所", "第3出張所"]),
    ("?sort=rounds&status=returned&status=review", ["第0出張所", "税務課"]),
    ("?sort=-rounds&status=returned&status=review", ["税務課", "第0出張所"]),
    ("?sort=stage&status=approved&status=returned", ["第0出張所", "税務課", "DX推進課", "市民課"]),
    ("?sort=-moved&status=returned&status=review", ["第0出張所", "税務課"]),
    ("?sort=moved&status=returned&status=review", ["税務課", "第0出張所"]),
    ("?sort=-organisation&late=1", ["第0出張所", "税務課"]),
]


def test_the_address_narrows_and_sorts(town: list[Review], cast: Cast) -> None:
    client = logged_in(cast.approver)
    assert [(query, names_of(content_of(client, query))) for query, _names in SHOWN] == SHOWN


BAD = ["kind=x", "checkpoint=change", "checkpoint=x", "status=x", "status=", "late=2", "sort=x", "sort=--late", "q=%00"]
BAD += ["page=0", "page=x", "page=99", "division=abc", "division=" + "9" * 5000, "tick=x", "sort=-", "year=2026&q=%20"]


def test_what_makes_no_sense_is_passed_over(town: list[Review], cast: Cast) -> None:
    client = logged_in(cast.executive)
    found = {query: len(names_of(content_of(client, f"?{query}"))) for query in BAD}
    assert found == {query: 0 if query == "q=%00" else 8 for query in BAD}


def test_a_division_out_of_sight_is_passed_over(town: list[Review], cast: Cast, places: Places) -> None:
    page = content_of(logged_in(cast.lead), f"?division={places.dx.parent_id}")
    assert names_of(page) == ["市民課", "市民課"]
    assert "政策部" not in page


def test_each_condition_can_be_taken_away(town: list[Review], cast: Cast, places: Places) -> None:
    query = f"?year={YEAR}&division={places.civic.parent_id}&kind=execution&q=第&checkpoint=q2&status=returned&late=1"
    client = logged_in(cast.reviewer)
    page = content_of(client, query + "&sort=late")
    chips = CHIP.findall(page)
    assert [text for _link, text in chips] == ["市民部", "実行プラン", "「第」", "2Q進捗確認", "差戻し", "期限超過"]
    for link, text in chips:
        left = content_of(client, unescape(link))
        assert text not in [
            other for _link, other in re.findall(r'<a class="chip chip--blue" href="([^"]+)">([^<]+)<', left)
        ]
        assert "第0出張所" in names_of(left)


def test_heads_say_how_it_is_sorted_and_turn_it(town: list[Review], cast: Cast) -> None:
    client = logged_in(cast.reviewer)
    for sort in Sort:
        (head,) = re.findall(r'aria-sort="(\w+)"><a href="([^"]+)"', content_of(client, f"?sort={sort.value}"))
        (turned,) = re.findall(r'aria-sort="(\w+)"><a href="([^"]+)"', content_of(client, unescape(head[1])))
        assert {head[0], turned[0]} == {"ascending", "descending"}
        assert head[0] == ("descending" if sort in (Sort.LATE, Sort.ROUNDS, Sort.MOVED) else "ascending")


def test_the_checkpoint_asked_for_stands_in_full(town: list[Review], cast: Cast) -> None:
    head = content_of(logged_in(cast.reviewer), "?checkpoint=q1").split("<thead>")[1]
    assert '<span class="board__name">1Q進捗確認</span>' in head
    assert '<span class="board__name">2Q進捗確認</span>' in content_of(logged_in(cast.reviewer))


def test_a_cell_says_who_has_it_to_whom_it_opens(town: list[Review], cast: Cast) -> None:
    office, executive = (text_of(page_of(person, "board")) for person in (cast.reviewer, cast.executive))
    assert "税務課 実行プラン … 審査中 10/5 2営業日超過 1回目 10/7 moved ほか2名" in office
    assert "税務課 実行プラン … 審査中 10/5 2営業日超過 1回目 10/7 ✓" in executive
    assert "moved" not in executive
    assert "第0出張所 実行プラン ↩ 差戻し 10/1 4営業日超過 2回目 9/28" in executive


# ---- renewing


def version_of(page: str) -> str:
    return re.findall(r'"Board-Version": "(\w+)"', page)[0]


def test_it_renews_itself_only_when_something_happened(town: list[Review], cast: Cast) -> None:
    client, address = logged_in(cast.reviewer), reverse("board") + "?status=review"
    seen = {VERSION: version_of(content_of(client, "?status=review"))}
    answer = client.get(address, headers=seen)
    assert (answer.status_code, answer.content) == (204, b"")
    take(Action.NUDGE, town[1], cast.approver)
    answer = client.get(address, headers=seen)
    part = answer.content.decode()
    assert (answer.status_code, part.lstrip().startswith("<section"), "<html" in part) == (200, True, False)
    assert 'id="board"' in part
    assert "催促済み 10/7 approver" in part
    assert client.get(address, headers={VERSION: version_of(part)}).status_code == 204


def test_what_happens_elsewhere_renews_nobodys_board(town: list[Review], cast: Cast) -> None:
    before, mine = (board_version(user, YEAR, TODAY) for user in (cast.lead, cast.tax_lead))
    take(Action.NUDGE, town[1], cast.approver)
    assert board_version(fresh(cast.lead), YEAR, TODAY) == before
    assert board_version(fresh(cast.lead), YEAR, TODAY + timedelta(days=1)) != before
    assert board_version(fresh(cast.tax_lead), YEAR, TODAY) != mine


def test_asking_whether_it_changed_takes_few_queries(town: list[Review], cast: Cast) -> None:
    client = logged_in(cast.reviewer)
    seen = {VERSION: version_of(content_of(client))}
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("board"), headers=seen)
    assert len(queries) == 5  # session, person, rights; events and checkpoints


# ---- for spreadsheets


def test_the_file_has_what_is_shown(town: list[Review], cast: Cast) -> None:
    answer = page_of(cast.executive, "board_csv", query="?checkpoint=q2&status=returned&status=review")
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff年度,部,所属,計画,チェックポイント,")
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["2026", "市民部", "税務課", "実行プラン", "2Q進捗確認", "審査中", "2026-10-05", "2", "1", "2026-10-07"],
        ["2026", "市民部", "第0出張所", "実行プラン", "2Q進捗確認", "差戻し", "2026-10-01", "4", "2", "2026-09-28"],
    ]
    everything = b"".join(page_of(cast.lead, "board_csv").streaming_content).decode()
    assert len(everything.splitlines()) == 1 + 2 * 3
    assert "税務課" not in everything


def test_no_cell_of_the_file_is_a_formula(cast: Cast, plan: ActionPlan, review: Review) -> None:
    Department.objects.filter(pk=plan.department_id).update(name="=1+1")
    assert ",'=1+1," in b"".join(page_of(cast.reviewer, "board_csv").streaming_content).decode()


# ---- size


def test_the_number_of_queries_is_fixed(cast: Cast, places: Places) -> None:
    make_approved_plan(places.tax)
    asked = {}
    for number in (1, 10, 1000):
        _grow_to(number, places)
        opened(*ActionPlan.objects.all())
        for who in ("reviewer", "executive", "tax_lead"):
            asked.setdefault(who, set()).add(_queries(getattr(cast, who)))
    assert asked == {"reviewer": {16}, "executive": {12}, "tax_lead": {15}}


def _queries(user: User) -> int:
    client = logged_in(user)
    with CaptureQueriesContext(connection) as queries:
        content_of(client)
    return len(queries)


def _grow_to(number: int, places: Places) -> None:
    there = ActionPlan.objects.count()
    rows = [Department(code=f"n{at}", name=f"第{at}課", parent=places.city) for at in range(there, number)]
    made = Department.objects.bulk_create(rows)
    state = {"state": PlanState.APPROVED, "fiscal_year": YEAR, "kind": PlanKind.EXECUTION}
    ActionPlan.objects.bulk_create(ActionPlan(department=each, **state) for each in made)
    rebuild_access(TODAY)


def test_states_are_those_of_reviews() -> None:
    assert {state.value for state in State} == {*Stage.values, "returned", "missing"}


def test_pages_lead_on(cast: Cast, places: Places) -> None:
    _grow_to(60, places)
    opened(*ActionPlan.objects.all())
    client = logged_in(cast.reviewer)
    first, second = (names_of(content_of(client, f"?page={number}")) for number in (1, 2))
    assert (len(first), len(second), len({*first, *second})) == (50, 10, 60)
    ticked: Any = re.findall(r'name="review" [^>]* checked', content_of(client, "?tick=1"))
    assert len(ticked) == 50
    assert " checked>" not in content_of(client, "?tick=1&page=2").split('id="board"')[1]
