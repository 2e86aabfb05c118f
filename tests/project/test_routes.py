"""Every address for everybody: by the table in tests/routes.py. An address that is not in it fails."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import get_resolver, reverse

from departments.models import Appointment, CalendarDay, Role, User
from departments.models.plans import PlanKind
from notifications.dispatch import dispatch
from notifications.models import OutgoingMail, ReminderRule
from tests.clock import Clock
from tests.factories import make_indicator, make_plan
from tests.routes import ADMIN, ADMIN_EXCEPTIONS, EVERYBODY, GONE, REVIEW_ROUTES, ROWS, Row
from tests.undone import undone
from tests.workflows.cast import Cast, Places, make_approved_plan, make_cast, make_deputy, make_places, stand_in
from tests.workflows.moves import NOW, change_of, opened
from tests.workflows.posts import refusal, sent
from tests.workflows.states import brought
from workflows import matrix
from workflows.access import Action, Sight
from workflows.matrix import Relation, State
from workflows.models import (
    Acknowledgement,
    Attachment,
    IndicatorReport,
    PinEntry,
    PinEntryKind,
    Review,
    Stage,
    StoredFile,
)
from workflows.services.seals import seal

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAMES = sorted({*EVERYBODY, *GONE, "anonymous"})


@pytest.fixture
def places(db: None, clock: Clock) -> Places:
    clock.now = NOW
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


@pytest.fixture
def clients(places: Places, cast: Cast) -> dict[str, Client]:
    """Everybody, logged in."""
    found = {"anonymous": Client()}
    for person in [*cast.everybody(), make_deputy(places, cast)]:
        found[person.username] = Client()
        found[person.username].force_login(person)
    return found


def routes() -> Iterator[tuple[str, Any]]:
    """Name and pattern of every address, with the namespace before the name."""

    def walk(patterns: list[Any], namespace: str) -> Iterator[tuple[str, Any]]:
        for each in patterns:
            if hasattr(each, "url_patterns"):
                yield from walk(each.url_patterns, f"{namespace}{each.namespace}:" if each.namespace else namespace)
            else:
                yield f"{namespace}{each.name}", each

    return walk(get_resolver().url_patterns, "")


def test_every_route_has_a_row() -> None:
    own = {name for name, _pattern in routes() if not name.startswith("admin:")}
    assert own == {row.route for row in ROWS} | set(REVIEW_ROUTES)


# ---- every page and form


@pytest.fixture
def things(places: Places, cast: Cast) -> dict[str, Any]:
    """What stands in the addresses, by the names that the table gives it."""
    draft, approved = make_plan(places.civic, kind=PlanKind.ACTION), make_approved_plan(places.civic)
    tax_draft, tax_approved = make_plan(places.tax, kind=PlanKind.ACTION), make_approved_plan(places.tax)
    [review, _other] = opened(approved, tax_approved)
    dispatch(now=NOW)
    return {
        "": [],
        "year": [2026],
        "year without strategy": [2031],
        "draft of civic": [draft.pk],
        "approved plan of civic": [approved.pk],
        "draft of tax": [tax_draft.pk],
        "approved plan of tax": [tax_approved.pk],
        "no plan": [10**18],
        "department": [places.civic.pk],
        "person": [cast.lead.pk],
        "appointment": [Appointment.objects.get(user=cast.lead).pk],
        "absence": [stand_in(cast.editor, cast.lead, Role.LEAD, places.civic).pk],
        "checkpoint": [review.checkpoint_id],
        "mail": [OutgoingMail.objects.first().pk],
        "no mail": [10**30],
        "reminder rule": [ReminderRule.objects.first().pk],
        "no file": [review.pk, "0" * 64, "集計.pdf"],
    }


def test_every_row_for_everybody(things: dict[str, Any], clients: dict[str, Client]) -> None:
    wrong = []
    for row in ROWS:
        address = reverse(row.route, args=things[row.what])
        for name in NAMES:
            with undone(clients[name]) as written:
                status = clients[name].generic(row.method, address).status_code
            if status != row.expected(name):
                wrong.append(f"{row.method} {address} ({row.what}) {name}: {status}, not {row.expected(name)}")
            if written and not may_write(row, name):
                wrong.append(f"{row.method} {address} {name} writes: {written}")
    assert not wrong, "\n".join(wrong)


def may_write(row: Row, name: str) -> bool:
    """Nothing is written but by a form that was accepted; an empty one is so where nothing is asked."""
    return row.method == "POST" and row.status == 302 and row.expected(name) == 302


def test_no_route_takes_another_method(things: dict[str, Any], clients: dict[str, Client]) -> None:
    taken = defaultdict(set, {name: set(methods) for name, methods in REVIEW_ROUTES.items()})
    review = Review.objects.first()
    args = {name: [review.pk, 1][: 2 if name == "review_round" else 1] for name in REVIEW_ROUTES}
    for row in ROWS:
        taken[row.route].add(row.method)
        args.setdefault(row.route, things[row.what])
    wrong = []
    for route in taken:
        for method in [each for each in METHODS if each not in taken[route]]:
            for name in ("administrator", "lead", "superuser", "anonymous"):
                with undone(clients[name]) as written:
                    status = clients[name].generic(method, reverse(route, args=args[route])).status_code
                # Who is not logged in is sent to the log-in page whatever they ask, and who is, away from it.
                expected = {405, 302} if name == "anonymous" or route == "login" else {405}
                if status not in expected or written:
                    wrong.append(f"{method} {route} {name}: {status} {written}")
    assert not wrong, "\n".join(wrong)


# ---- the pages of a review, in every state


def seen_and_allowed(name: str, cast: Cast, review: Review, state: State) -> tuple[Sight, set[Action]]:
    """What the rights table gives the person through all their posts together."""
    if name == "deputy":
        return _of_table(Role.APPROVER, Relation.DEPUTY, state)
    sight, may = Sight.NOTHING, set()
    served = name == "moved" and review.department.code == "civic"
    for post in Appointment.objects.in_force(NOW.date()).filter(user__username=name).select_related("department"):
        reached = {post.department.code}
        if post.department.code == "city":
            reached = {"civic", "tax"}
        served_here = served or (name == "doubled" and review.department.code == "tax")
        relation = Relation.SERVED if served_here else Relation.OWN
        if review.department.code not in reached:
            relation = Relation.OTHER
        more_sight, more = _of_table(Role(post.role), relation, state)
        sight, may = max(sight, more_sight), may | more
    return sight, may


def _of_table(role: Role, relation: Relation, state: State) -> tuple[Sight, set[Action]]:
    case = (role, relation, state)
    (sight,) = (each.sight for each in matrix.readings() if each[:3] == case)
    return sight, {cell.action for cell in matrix.cells() if cell[:3] == case and cell.allowed}


# Pages that ask before an action; who may not take it is led to the review.
ASKING = {
    "prepare": Action.SAVE,
    "withdraw": Action.WITHDRAW,
    "nudge": Action.NUDGE,
    "extend": Action.EXTEND,
    "cancel": Action.CANCEL,
    "revoke": Action.REVOKE,
}


def expected_pages(sight: Sight, may: set[Action], state: State) -> dict[str, int]:
    pages = {"review": 200, "round 1": 200, "round 9": 404, "decide": 302, "pin_add": 302}
    pages |= (
        {"pin_answer": 302, "pin_resolve": 302} if sight > Sight.APPROVED else {"pin_answer": 404, "pin_resolve": 404}
    )
    pages |= {page: 200 if action in may else 302 for page, action in ASKING.items()}
    pages |= {"review_draft": 404 if sight < Sight.DRAFT else 200 if state.stage == Stage.PREPARE else 302}
    is_change = state in (State.CHANGE, State.CHANGE_APPROVED)
    pages |= {"proposal": pages["prepare"] if is_change else 404}
    return pages if sight > Sight.NOTHING else dict.fromkeys(pages, 404)


def pages_of(review: Review) -> dict[str, str]:
    pin = review.pins.get()
    return {
        "round 1": reverse("review_round", args=[review.pk, 1]),
        "round 9": reverse("review_round", args=[review.pk, 9]),
        **{page: reverse(page, args=[pin.pk]) for page in ("pin_answer", "pin_resolve")},
        **{
            page: reverse(page, args=[review.pk])
            for page in ("review", "review_draft", "decide", "pin_add", "proposal", *ASKING)
        },
    }


# Who is not logged in is led to the log-in page.
UNKNOWN = dict.fromkeys(Action, (302, False))


@pytest.mark.parametrize("state", list(State))
def test_every_review_for_everybody(places: Places, cast: Cast, clients: dict[str, Client], state: State) -> None:
    found, expected = {}, {}
    for review in brought(state, places, cast):
        for name in NAMES:
            key = (review.department.code, name)
            found[key] = {
                **{page: clients[name].get(address).status_code for page, address in pages_of(review).items()},
                **{action: tried(clients[name], review, action) for action in Action},
            }
            if name in GONE or name == "anonymous":
                expected[key] = {**dict.fromkeys(pages_of(review), 302), **UNKNOWN}
                continue
            sight, may = seen_and_allowed(name, cast, review, state)
            expected[key] = {**expected_pages(sight, may, state), **expected_actions(sight, may, state)}
    assert found == expected


def tried(client: Client, review: Review, action: Action) -> tuple[int, bool]:
    """The status, and whether anything was written."""
    address, form = sent(review, action)
    with undone(client) as written:
        status = client.post(address, form).status_code
    return status, bool(written)


def expected_actions(sight: Sight, may: set[Action], state: State) -> dict[Action, tuple[int, bool]]:
    return {action: (302, True) if action in may else (refusal(action, state, sight), False) for action in Action}


# ---- Django's admin


@pytest.fixture
def rows_of_all_kinds(places: Places, cast: Cast) -> None:
    [review, _other] = brought(State.APPROVED, places, cast)
    indicator = make_indicator(measure=review.plan.measures.get())
    IndicatorReport.objects.create(review=review, indicator=indicator)
    CalendarDay.objects.create(day=NOW.date(), name="市制記念日")
    change_of(review.plan, cast.editor)
    file = StoredFile.objects.create(sha256="0" * 64, size=1, media_type="text/plain", stored_at=NOW)
    Attachment.objects.create(review=review, file=file, name="資料.txt", added_by=cast.editor, added_at=NOW)
    pin = review.pins.get()
    PinEntry.objects.create(pin=pin, kind=PinEntryKind.ANSWERED, text="追記しました。", by=cast.editor, at=NOW)
    Acknowledgement.objects.create(event=review.events.latest("sequence"), at=NOW)
    seal(day=NOW.date(), now=NOW)


def test_admin_is_for_operators_to_look_at(rows_of_all_kinds: None, clients: dict[str, Client]) -> None:
    wrong = []
    for name, pattern in admin_routes():
        address, kind = admin_address(name, pattern), admin_kind(name)
        for person in NAMES:
            with undone(clients[person]) as written:
                status = clients[person].get(address).status_code
            expected = ADMIN_EXCEPTIONS.get(name.removeprefix("admin:"), ADMIN[kind]) if person == "superuser" else 302
            if kind == "login":
                expected = 302 if person == "superuser" else 200
            if status != expected or written:
                wrong.append(f"{address} {person}: {status}, not {expected} {written}")
    assert not wrong, "\n".join(wrong)


def test_admin_changes_people_and_names_of_classes_alone(rows_of_all_kinds: None, clients: dict[str, Client]) -> None:
    changeable = set()
    for name, pattern in admin_routes():
        if admin_kind(name) in ("add", "change", "delete", "changelist"):
            with undone(clients["superuser"]) as written:
                status = clients["superuser"].post(admin_address(name, pattern), {"post": "yes"}).status_code
            assert (status < 500, written) == (True, []), name
            if status != 403 and admin_kind(name) != "changelist":
                changeable.add(name.removeprefix("admin:"))
    assert changeable == {"departments_user_add", "departments_user_change", "workflows_progressclass_change"}


def admin_routes() -> list[tuple[str, Any]]:
    """Those with a name; the others are Django's redirects for addresses of old."""
    found = [(name, pattern) for name, pattern in routes() if name.startswith("admin:") and name != "admin:None"]
    assert found
    return found


def admin_kind(name: str) -> str:
    """What kind of page it is: "change" of "admin:workflows_review_change"."""
    name = name.removeprefix("admin:")
    return name if name in ADMIN else next(kind for kind in ADMIN if name.endswith(f"_{kind}"))


def admin_address(name: str, pattern: Any) -> str:
    converters = pattern.pattern.converters
    if name == "admin:app_list":
        return reverse(name, args=["workflows"])
    if name == "admin:view_on_site":
        return reverse(name, args=[ContentType.objects.get_for_model(User).pk, 1])
    if not (converters or "user_password_change" in name):
        return reverse(name)
    if name == "admin:auth_user_password_change":
        return reverse(name, args=[User.objects.get(username="lead").pk])
    app, model, _kind = name.removeprefix("admin:").split("_")
    return reverse(name, args=[apps.get_model(app, model)._default_manager.order_by("pk").first().pk])
