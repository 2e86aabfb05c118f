"""The approval register through its page, its CSV and its JSON: who sees what, by which filter, and that it is true."""

import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from departments.models import User
from tests.workflows.cast import Cast, Places
from tests.workflows.long_story import Story
from tests.workflows.moves import NOW
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.models import Event, EventKind, Seal, Submission
from workflows.register_export import inert

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def story(places: Places, cast: Cast) -> Story:
    return Story(places, cast)


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def as_json(user: User, **asked: Any) -> list[dict[str, Any]]:
    return json.loads(body(page_of(user, "register_json", query=f"?{urlencode(asked)}")))


def as_csv(user: User, **asked: Any) -> list[list[str]]:
    text = body(page_of(user, "register_csv", query=f"?{urlencode(asked)}"))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def events(**where: Any) -> list[str]:
    """The hashes of such events, the newest first."""
    return list(Event.objects.filter(**where).order_by("-pk").values_list("hash", flat=True))


def hashes(user: User, **asked: Any) -> list[str]:
    """What the JSON lists; the CSV must list the same, and the page count it."""
    found = [row["hash"] for row in as_json(user, **asked)]
    assert [row[-1] for row in as_csv(user, **asked)[1:]] == found
    page = page_of(user, "register", query=f"?{urlencode(asked)}")
    assert page.context["page_obj"].paginator.count == len(found)
    assert f"{len(found)}件" in text_of(page)
    return found


# ---- who sees what


@pytest.mark.parametrize("route", ["register", "register_csv", "register_json"])
def test_who_reads_no_submissions_has_no_register(story: Story, cast: Cast, route: str) -> None:
    for person in (cast.executive, cast.administrator, cast.superuser, cast.stranger):
        assert page_of(person, route).status_code == 404, person
    for person in (cast.auditor, cast.reviewer, cast.approver, cast.lead, cast.editor, story.deputy):
        assert page_of(person, route).status_code == 200, person


def test_the_office_and_auditors_see_all_a_department_its_own(story: Story, cast: Cast) -> None:
    for person in (cast.auditor, cast.reviewer, cast.approver, story.deputy):
        assert hashes(person) == events()
    for person, code in ((cast.lead, "civic"), (cast.editor, "civic"), (cast.tax_lead, "tax")):
        assert hashes(person) == events(review__department__code=code)


def test_the_navigation_leads_there_for_whoever_may(story: Story, cast: Cast) -> None:
    for person, leads in ((cast.auditor, True), (cast.reviewer, True), (cast.executive, False)):
        assert (f'href="{reverse("register")}"' in page_of(person, "home").content.decode()) is leads


def test_seals_are_shown_to_auditors(story: Story, cast: Cast) -> None:
    lines = [seal.line for seal in Seal.objects.all()]
    assert all(line in text_of(page_of(cast.auditor, "register")) for line in lines)
    assert not any(line in text_of(page_of(cast.reviewer, "register")) for line in lines)


# ---- what an entry says


def test_a_decision_by_a_deputy_as_csv_and_json(story: Story, cast: Cast) -> None:
    event = Event.objects.get(kind=EventKind.APPROVED, by=story.deputy)
    submission = Submission.objects.get(review=event.review_id)
    head, row = as_csv(cast.auditor, kind="approved", deputies="on")
    assert dict(zip(head, row, strict=True)) == {
        "日時": f"{event.at.astimezone(NOW.tzinfo):%Y-%m-%d %H:%M:%S}",
        "年度": "2026",
        "チェックポイント": "1Q進捗確認",
        "部": "市民部",
        "所属": "税務課",
        "計画": "実行プラン",
        "種別": "承認",
        "回": "1",
        "氏名": "deputy",
        "被代理者": "approver",
        "コメント": "",
        "提出内容のSHA-256": submission.sha256,
        "計画番号": str(event.plan_id),
        "確認番号": str(event.review_id),
        "計画ごとの履歴番号": str(event.sequence),
        "記録のハッシュ値": event.hash,
    }
    assert as_json(cast.auditor, kind="approved", deputies="on") == [
        {
            "event": {
                "plan": event.plan_id,
                "review": event.review_id,
                "sequence": event.sequence,
                "kind": "approved",
                "at": f"{event.at:%Y-%m-%dT%H:%M:00.000000}+00:00",
                "by": story.deputy.pk,
                "on_behalf_of": cast.approver.pk,
                "round": 1,
                "data": event.data,
                "previous": event.previous,
            },
            "hash": event.hash,
            "submission_sha256": submission.sha256,
            "fiscal_year": 2026,
            "checkpoint": "q1",
            "division": "市民部",
            "department": "税務課",
            "plan_kind": "execution",
            "by": {"username": "deputy", "name": "deputy"},
            "on_behalf_of": {"username": "approver", "name": "approver"},
        }
    ]


def test_the_page_says_it_too(story: Story, cast: Cast) -> None:
    text = text_of(page_of(cast.auditor, "register", query="?kind=approved&deputies=on"))
    event = Event.objects.get(kind=EventKind.APPROVED, by=story.deputy)
    sha256 = Submission.objects.get(review=event.review_id).sha256
    row = f"令和8年10月7日(水) {event.at.astimezone(NOW.tzinfo):%H:%M:%S} 税務課 令和8年度 実行プラン 市民部 "
    row += f"1Q進捗確認 第1回提出 ✓ 承認 deputy(approverの代決) — {sha256}"
    assert "1件 種別：承認 代決・代理のみ：はい" in text
    assert row in text


def test_every_hash_can_be_computed_from_the_json(story: Story, cast: Cast) -> None:
    last: dict[int, str] = {}
    for row in reversed(as_json(cast.auditor)):
        text = json.dumps(row["event"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == row["hash"]
        assert row["event"]["previous"] == last.get(row["event"]["plan"], "")
        last[row["event"]["plan"]] = row["hash"]


# ---- filters


def test_each_filter(story: Story, places: Places, cast: Cast) -> None:
    everything = events()
    day = {"at__date__gte": "2026-10-07"}
    for asked, where in [
        ({"year": 2026}, {}),
        ({"checkpoint": "q1"}, {"review__checkpoint__kind": "q1"}),
        ({"checkpoint": "change"}, {"review__checkpoint__kind": "change"}),
        ({"department": places.tax.pk}, {"review__department": places.tax}),
        ({"department": places.civic.parent_id}, {"review__department__parent": places.civic.parent_id}),
        ({"kind": "returned"}, {"kind": "returned"}),
        ({"person": "approver"}, {"pk__in": named("approver")}),
        ({"person": "deputy"}, {"by": story.deputy}),
        ({"person": "tax_"}, {"by__name__startswith": "tax_"}),
        ({"person": "だれでもない"}, {"pk": None}),
        ({"first": "2026-10-07", "last": "2026-10-07"}, day),
        ({"first": "2026-10-08"}, {"pk": None}),
        ({"last": "2026-10-06"}, {"pk": None}),
        ({"deputies": "on"}, {"on_behalf_of__isnull": False}),
        ({"q": "税務"}, {"review__department": places.tax}),
        ({"q": "市民部 税務"}, {"review__department": places.tax}),
        ({"q": "実行"}, {}),
        ({"q": "令和8年度 アクション"}, {"pk": None}),
        ({"q": "%"}, {"pk": None}),
        ({"kind": "approved", "q": "市民課", "checkpoint": "q1"}, {"pk__in": quarterly_approval(places)}),
    ]:
        assert hashes(cast.auditor, **asked) == [each for each in everything if each in set(events(**where))], asked


def named(name: str) -> list[int]:
    """The events that somebody of the name did, or that were done in their place."""
    both = Event.objects.filter(by__name=name) | Event.objects.filter(on_behalf_of__name=name)
    return list(both.values_list("pk", flat=True))


def quarterly_approval(places: Places) -> list[int]:
    found = Event.objects.filter(kind="approved", review__checkpoint__kind="q1", review__department=places.civic)
    assert found.count() == 1
    return [found.get().pk]


def test_days_are_those_of_the_city(story: Story, cast: Cast) -> None:
    """Half past midnight in Japan is still the day before in UTC."""
    late = Event.objects.first()
    late.pk, late.sequence, late.at = None, 99, NOW.replace(hour=0, minute=30)
    late.save(force_insert=True)
    assert late.hash in hashes(cast.auditor, first="2026-10-07", last="2026-10-07")
    assert hashes(cast.auditor, last="2026-10-06") == []


NONSENSE = ["", " ", "x", "-1", "0", "1e9", "9" * 30, "２０２６", "2026-02-30", "0001-01-01", "9999-12-31"]
NONSENSE += ["\x00", "%s", "'", "市" * 300]
NAMES = ["year", "checkpoint", "department", "kind", "first", "last", "q", "person", "deputies", "page"]


def test_nonsense_in_the_address_does_no_harm(story: Story, cast: Cast) -> None:
    client = logged_in(cast.auditor)
    for name in NAMES:
        for value in NONSENSE:
            for route in ("register", "register_csv", "register_json"):
                response = client.get(reverse(route), {name: value})
                assert response.status_code == 200, (route, name, value)
                if response.streaming:
                    body(response)


def test_a_value_that_is_none_narrows_nothing_and_is_said(story: Story, cast: Cast) -> None:
    response = page_of(cast.auditor, "register", query="?first=2026-02-30&kind=returned&department=999999")
    assert response.context["page_obj"].paginator.count == Event.objects.filter(kind="returned").count()
    assert "入力内容に2件の誤りがあります" in text_of(response)


def test_a_department_of_others_is_no_filter_and_shows_nothing(story: Story, places: Places, cast: Cast) -> None:
    assert hashes(cast.lead, department=places.tax.pk) == events(review__department=places.civic)


def test_pages_keep_the_filter(story: Story, cast: Cast) -> None:
    many(200)
    page = page_of(cast.auditor, "register", query="?kind=opened&page=2").content.decode()
    assert "?kind=opened&amp;page=3" in page
    assert f'{reverse("register_csv")}?kind=opened"' in page


# ---- size


def many(count: int) -> None:
    """So many more events, by people and in reviews that are there."""
    model = Event.objects.first()
    Event.objects.bulk_create(
        Event(
            plan_id=model.plan_id,
            review_id=model.review_id,
            sequence=1000 + number,
            kind=EventKind.OPENED,
            at=NOW + timedelta(minutes=number),
            by_id=model.by_id,
            round=0,
            data={},
            previous="",
            hash=f"{number:064x}",
        )
        for number in range(count)
    )


@pytest.mark.parametrize("who", ["auditor", "reviewer", "lead", "deputy"])
def test_queries_are_few_however_many_entries(story: Story, cast: Cast, who: str) -> None:
    client, counts = logged_in(story.deputy if who == "deputy" else getattr(cast, who)), []
    for more in (0, 1000):
        many(more)
        for route in ("register", "register_csv", "register_json"):
            with CaptureQueriesContext(connection) as queries:
                response = client.get(reverse(route))
                _read = body(response) if response.streaming else response.content
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 10


# ---- formulas


@given(text=st.text(alphabet=st.sampled_from("=+-@＝＋－＠\t\r\n '\"ab,市"), max_size=6) | st.text())
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    written = inert(text)
    assert written in (text, f"'{text}")
    assert not written.startswith(tuple("=+-@＝＋－＠\t\r\n"))
    assert not written.lstrip().startswith(tuple("=+-@＝＋－＠"))


def test_the_csv_is_in_the_language_of_its_reader(story: Story, cast: Cast) -> None:
    User.objects.filter(pk=cast.auditor.pk).update(language="en")
    cast.auditor.refresh_from_db()
    head, row, *_rest = as_csv(cast.auditor, kind="approved")
    assert (head[0], row[6]) == ("When", "approval")


def test_what_people_typed_is_inert_in_the_csv(story: Story, places: Places, cast: Cast) -> None:
    places.tax.name = '=HYPERLINK("http://evil.example")'
    places.tax.save(update_fields=["name"])
    cast.reviewer.name = "＠reviewer"
    cast.reviewer.save(update_fields=["name"])
    rows = as_csv(cast.auditor, department=places.tax.pk)
    assert {row[4] for row in rows[1:]} == {'\'=HYPERLINK("http://evil.example")'}
    assert "'＠reviewer" in {row[8] for row in rows}
