"""検索: everybody finds what their pages show them, and not a word or a number more."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from departments.models import ActionPlan, Department, Initiative, Measure, Role, User
from departments.models.plans import PlanKind, PlanState
from tests.clock import Clock
from tests.factories import make_department, make_indicator, make_measure, make_person, make_plan, make_user
from tests.undone import undone
from tests.visitor import Page
from tests.workflows.cast import Cast, Places, make_cast, make_deputy, make_places
from tests.workflows.moves import NOW

pytestmark = pytest.mark.django_db

OLD, NEW = 2025, 2026


@pytest.fixture
def places(clock: Clock) -> Places:
    clock.now = NOW
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


def search(user: User, query: str, **more: str) -> Page:
    client = Client()
    client.force_login(user)
    response = client.get("/search/", {"q": query, **more})
    assert response.status_code == 200
    return Page(response, "/search/")


def hits(user: User, query: str, **more: str) -> dict[str, list[str]]:
    """Kind → what is shown of it, in order, with nothing but its name."""
    shown = search(user, query, **more).response.context.get("shown", [])
    return {str(each["group"].kind): [plain(hit.title) for hit in each["hits"]] for each in shown}


def counts(user: User, query: str, **more: str) -> dict[str, int]:
    groups = search(user, query, **more).response.context.get("groups", [])
    return {str(group.kind): group.count for group in groups if group.count}


def plain(title: str) -> str:
    return title.replace("<mark>", "").replace("</mark>", "")


# ---- who finds what


@pytest.fixture
def plans(places: Places) -> dict[str, ActionPlan]:
    """An approved plan, one under review and a draft, of two departments; every word of them says whose they are."""
    states = {PlanState.APPROVED: PlanKind.EXECUTION, PlanState.DRAFT: PlanKind.ACTION}
    found = {}
    for department in (places.civic, places.tax):
        for state, kind in states.items():
            plan = make_plan(department, kind=kind, state=state)
            ActionPlan.objects.filter(pk=plan.pk).update(summary=f"ひみつ {department.code} {state}")
            measure = make_measure(plan, title=f"ひみつの施策 {department.code} {state}", goal="ひみつ")
            make_indicator("9", measure=measure, title=f"ひみつの指標 {department.code} {state}")
            found[f"{department.code} {state}"] = plan
    return found


def test_everybody_finds_the_plans_that_open_for_them(plans: dict[str, ActionPlan], places: Places, cast: Cast) -> None:
    wrong = []
    for user in [*cast.everybody(), make_deputy(places, cast)]:
        if not user.is_active:
            continue
        client = Client()
        client.force_login(user)
        opens = {name for name, plan in plans.items() if client.get(f"/plans/{plan.pk}/").status_code == 200}
        found = search(user, "ヒミツ").response.context
        shown = {str(each["group"].kind): [plain(hit.title) for hit in each["hits"]] for each in found["shown"]}
        for kind, title in (("measures", "ひみつの施策 "), ("indicators", "9 ひみつの指標 ")):
            names = {name.removeprefix(title) for name in shown.get(kind, [])}
            (count,) = (group.count for group in found["groups"] if group.kind == kind)
            if (names, count) != (opens, len(opens)):
                wrong.append((user.username, kind, names, count, opens))
        urls = {link.address.partition("#")[0] for link in search(user, "ヒミツ", kind="plans").links}
        if {url for url in urls if url.startswith("/plans/") and url != "/plans/"} != {
            f"/plans/{plans[name].pk}/" for name in opens
        }:
            wrong.append((user.username, "plans", urls, opens))
    assert wrong == []


def test_what_is_not_to_be_read_is_not_counted_either(plans: dict[str, ActionPlan], cast: Cast) -> None:
    page = search(cast.editor, "ヒミツ 税務課")
    assert page.says("見つかりませんでした")
    assert page.response.context["total"] == 0
    assert "ひみつ" not in page.text


def test_people_are_found_by_whom_they_are_shown_to(places: Places, cast: Cast) -> None:
    """Administrators keep people and whoever may be absent chooses among all; others see who drafts what they read."""
    make_deputy(places, cast)
    for user in User.objects.all():
        User.objects.filter(pk=user.pk).update(name=f"職員 {user.username}")
    everybody = {user.username for user in cast.everybody() if user.is_active} | {"deputy"}
    drafters = {"editor", "lead", "tax_editor", "tax_lead", "doubled", "dx_lead"}
    expected = {
        **dict.fromkeys(["lead", "tax_lead", "dx_lead", "reviewer", "approver", "moved", "doubled"], everybody),
        "editor": {"editor", "lead"},
        "tax_editor": {"tax_editor", "tax_lead", "doubled"},
        "auditor": drafters,
        "administrator": everybody,
        **dict.fromkeys(["executive", "superuser", "stranger"], set()),
    }
    found = {
        name: {
            person.removeprefix("職員 ")
            for person in hits(getattr(cast, name), "職員", kind="people").get("people", [])
        }
        for name in expected
    }
    assert found == expected | {"administrator": everybody | {"leaver"}}
    assert hits(cast.reviewer, "leaver") == {}


def test_posts_are_told_to_those_alone_who_see_them(cast: Cast) -> None:
    """`doubled` drafts for tax, where the editor sees them, and reviews, which the editor's pages need not say."""
    assert search(cast.tax_editor, "doubled").says("税務課 担当者")
    assert hits(cast.tax_editor, "審査担当").get("people", []) == []
    assert "doubled" in hits(cast.lead, "審査担当")["people"]
    assert "doubled" in hits(cast.lead, "税務課 担当者")["people"]


def test_people_lead_to_their_page_where_there_is_one(cast: Cast) -> None:
    address = f"/people/{cast.tax_lead.pk}/"
    assert address in [link.address for link in search(cast.administrator, "tax_lead").links]
    assert address not in [link.address for link in search(cast.lead, "tax_lead").links]


def test_user_names_and_addresses_are_no_way_to_people(cast: Cast) -> None:
    User.objects.filter(pk=cast.lead.pk).update(username="xyzzy", email="plugh@city.example", name="渡邉 久美子")
    for query in ("xyzzy", "plugh", "city.example"):
        assert hits(cast.reviewer, query) == {}
    assert hits(cast.reviewer, "ワタナベ") == {}
    assert hits(cast.reviewer, "渡辺久美") == {"people": ["渡邉 久美子"]}


def test_departments_are_found_by_whom_they_concern(places: Places, cast: Cast) -> None:
    Department.objects.create(code="old", name="旧市民課", parent=places.city, abolished_on=date(2020, 4, 1))
    names = Cast.__annotations__.keys() - {"leaver"}
    found = {name: hits(getattr(cast, name), "市民課").get("departments", []) for name in names}
    own = {name: ["市民課"] for name in found}
    nothing = dict.fromkeys(["tax_editor", "tax_lead", "superuser", "stranger"], [])
    assert found == own | nothing | {"administrator": ["旧市民課", "市民課"]}


def test_the_strategy_is_found_by_everybody(cast: Cast) -> None:
    make_indicator("1-1", title="ｵﾝﾗｲﾝ申請の割合")
    Initiative.objects.filter(number=1).update(summary="窓口を変える")
    for user in (cast.stranger, cast.executive, cast.editor):
        assert hits(user, "おんらいん") == {"indicators": ["1-1 ｵﾝﾗｲﾝ申請の割合"]}
        assert hits(user, "窓口") == {"initiatives": ["1 取組1"]}
        assert "/strategy/2026/#initiative-1" in [link.address for link in search(user, "窓口").links]
        assert len(hits(user, "てーま1")["initiatives"]) == 3


# ---- what words find


@pytest.fixture
def reader(places: Places, cast: Cast) -> User:
    return cast.auditor


@pytest.fixture
def measure(places: Places) -> Measure:
    plan = make_plan(places.civic, state=PlanState.APPROVED)
    return make_measure(plan, title="窓口ＤＸの推進", goal="ｵﾝﾗｲﾝ申請を①件、㈱と進める。100%_\\'\"")


@pytest.mark.parametrize(
    "query",
    [
        "窓口dx",
        "窓口　オンライン",
        "1件 (株)",
        "市民課 窓口",
        "市民部　ＤＸ",
        "令和8年度 窓口",
        "fy2026 窓口",
        "実行ﾌﾟﾗﾝ 窓口",
        "100%",
        "%_",
        "_\\",
        "'\"",
        "オンライン\t申請",
    ],
)
def test_these_find_the_measure(reader: User, measure: Measure, query: str) -> None:
    assert hits(reader, query)["measures"] == ["窓口ＤＸの推進"]


@pytest.mark.parametrize(
    "query", ["市民課", "窓口 税務課", "窓口 令和7", "%%", "100_", "__", "\\\\", "推進おん", "' OR 1=1 --"]
)
def test_these_do_not(reader: User, measure: Measure, query: str) -> None:
    assert "measures" not in hits(reader, query)


def test_a_hit_leads_to_its_place_and_shows_the_words(reader: User, measure: Measure) -> None:
    page = search(reader, "おんらいん")
    assert f"/plans/{measure.plan_id}/#measure-1" in [link.address for link in page.links]
    assert "<mark>ｵﾝﾗｲﾝ</mark>申請を①件" in page.html


def test_what_was_typed_stays_text(reader: User, measure: Measure) -> None:
    measure.title = "<script>alert(1)</script>窓口"
    measure.save(update_fields=["title"])
    page = search(reader, "<script>")
    assert "<script>alert" not in page.html
    assert "&lt;<mark>" in page.html or "<mark>&lt;script&gt;</mark>" in page.html


def test_past_years_are_found_when_asked_for(reader: User, places: Places, measure: Measure) -> None:
    old = make_plan(places.civic, year=OLD, state=PlanState.APPROVED)
    make_measure(old, title="去年の窓口")
    assert hits(reader, "窓口")["measures"] == ["窓口ＤＸの推進"]
    assert hits(reader, "窓口", past="on")["measures"] == ["窓口ＤＸの推進", "去年の窓口"]
    assert search(reader, "去年").says("過去の年度も探す")
    assert [plain(title) for title in hits(reader, "令和7年度", past="on")["plans"]] == ["市民課 令和7年度 実行プラン"]


def test_all_of_a_kind_come_in_pages(reader: User, places: Places) -> None:
    plan = make_plan(places.civic, state=PlanState.APPROVED)
    for _ in range(61):
        make_measure(plan, title="窓口の改善")
    assert len(hits(reader, "窓口")["measures"]) == 10
    assert search(reader, "窓口").says("61件すべてを表示")
    assert len(hits(reader, "窓口", kind="measures")["measures"]) == 50
    assert len(hits(reader, "窓口", kind="measures", page="2")["measures"]) == 11
    assert len(hits(reader, "窓口", kind="measures", page="x")["measures"]) == 50
    assert counts(reader, "窓口", kind="plans") == {"measures": 61}
    assert search(reader, "窓口", kind="plans").says("見つかりませんでした")


# ---- what nobody means


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("あ", "2文字以上で入力してください"),
        ("x", "2文字以上で入力してください"),
        ("・・", "2文字以上で入力してください"),
        ("x" * 101, "100"),
        ("窓" * 1000, "100"),
        ("い\0ろ", "何か文字を入力してください"),
        ("\0", "何か文字を入力してください"),
        (" ".join(f"語{at}" for at in range(11)), "語は10個まで"),
    ],
)
def test_a_sentence_says_what_to_mend(reader: User, measure: Measure, query: str, sentence: str) -> None:
    page = search(reader, query)
    assert page.says(sentence)
    assert page.response.context.get("shown") is None


@pytest.mark.parametrize("query", ["", "   ", "　", "税", "\ud7ff", "👩‍👧", "\x1f\x01", "a\u0300" * 20])
def test_these_are_no_fault(reader: User, measure: Measure, query: str) -> None:
    search(reader, query)


def test_looking_writes_nothing_and_needs_a_login(client: Client, reader: User, measure: Measure) -> None:
    assert client.get("/search/?q=窓口").headers["Location"].startswith("/login/?next=/search/")
    client.force_login(reader)
    with undone(client) as written:
        assert client.get("/search/?q=窓口").status_code == 200
    assert written == []


def queries(reader: User, django_assert_max_num_queries: Any) -> int:
    client = Client()
    client.force_login(reader)
    with django_assert_max_num_queries(30) as captured:
        client.get("/search/?q=窓口")
    return len(captured)


def test_more_rows_take_no_more_queries(reader: User, places: Places, django_assert_max_num_queries: Any) -> None:
    def grow(number: int) -> Iterator[int]:
        for at in range(number):
            department = make_department(f"n{number}-{at}", name=f"窓口{number}-{at}課", parent=places.city)
            make_person(f"p{number}-{at}", department, Role.LEAD)
            User.objects.filter(username=f"p{number}-{at}").update(name="窓口太郎")
            plan = make_plan(department, state=PlanState.APPROVED)
            make_indicator(f"{at}", measure=make_measure(plan, title="窓口"), title="窓口")
        yield queries(reader, django_assert_max_num_queries)

    assert list(grow(1)) == list(grow(6))


def test_who_has_no_post_still_has_a_page() -> None:
    assert search(make_user("sato"), "窓口").says("見つかりませんでした")
