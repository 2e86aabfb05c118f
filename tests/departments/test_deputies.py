"""Absences (不在): who may enter them, for whom, for which days; and when what they give begins and ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from departments.access import Holder, holders, rights
from departments.errors import Refused
from departments.models import Department, Deputy, DeputyGrant, Role, User
from departments.models.organisation import Permission
from departments.projection import Difference, rebuild_access
from departments.services.appointments import end_appointment
from departments.services.deputies import cancel_deputy, end_deputy, name_deputy
from departments.services.people import deactivate_person, reactivate_person
from tests.clock import Clock
from tests.factories import PASSWORD, appoint, make_user
from tests.visitor import Visitor
from tests.workflows.cast import Cast, Places, make_cast, make_places
from tests.workflows.moves import NOW, TODAY, fresh
from tests.workflows.pages import logged_in, page_of, text_of
from workflows.tasks import keep_checkpoints

DAY = timedelta(days=1)
YEAR_END = date(2027, 3, 31)


@pytest.fixture
def places(db: None) -> Places:
    return make_places()


@pytest.fixture
def cast(places: Places) -> Cast:
    return make_cast(places)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.set(TODAY)
    monkeypatch.setattr("django.utils.timezone.now", clock)
    return clock


def named(cast: Cast, places: Places, *, by: User | None = None, **values: Any) -> Deputy:
    """The reviewer stands in for the approver, from today for a week, unless said otherwise."""
    defaults: dict[str, Any] = {
        "absent": cast.approver,
        "role": Role.APPROVER,
        "department": places.city,
        "deputy": cast.reviewer,
        "first_day": TODAY,
        "last_day": TODAY + 6 * DAY,
        "now": NOW,
        "on": TODAY,
    }
    values = {**defaults, **values}
    return name_deputy(by=by or values["absent"], **values)


def spans() -> list[tuple[str, str, date, date]]:
    rows = Deputy.objects.order_by("pk").values_list("absent__username", "deputy__username", "first_day", "last_day")
    return list(rows)


def places_of(person: User, on: date) -> dict[str, dict[str, set[str]]]:
    """Absent person → permission → codes of the departments, as a new request of the deputy finds them."""
    codes = dict(Department.objects.values_list("pk", "code"))
    names = dict(User.objects.values_list("pk", "username"))
    return {
        names[mandate.absent_id]: {
            permission: {codes[pk] for pk in ids} for permission, ids in mandate.rights.granted.items()
        }
        for mandate in rights(fresh(person), on).mandates
    }


# ---- what a mandate gives


def test_deputy_holds_what_the_post_gives_and_no_more(cast: Cast, places: Places) -> None:
    own = rights(fresh(cast.reviewer), TODAY).granted
    named(cast, places)
    everywhere = set(Department.objects.values_list("code", flat=True))
    post = {Permission.APPROVE, Permission.READ_SUBMISSIONS, Permission.READ_APPROVED, Permission.READ_BOARD}
    assert places_of(cast.reviewer, TODAY) == {"approver": dict.fromkeys(post, everywhere)}
    assert rights(fresh(cast.reviewer), TODAY).granted == own
    assert not rights(fresh(cast.reviewer), TODAY).own(Permission.APPROVE)


def test_deputy_of_a_lead_reaches_that_department_alone(cast: Cast, places: Places) -> None:
    named(cast, places, absent=cast.dx_lead, role=Role.LEAD, department=places.dx, deputy=cast.stranger)
    assert {code for codes in places_of(cast.stranger, TODAY)["dx_lead"].values() for code in codes} == {"dx"}
    assert not rights(fresh(cast.stranger), TODAY).anywhere(Permission.APPROVE)  # the lead's other post


def test_absent_person_keeps_their_rights(cast: Cast, places: Places) -> None:
    named(cast, places)
    approvers = holders(Permission.APPROVE, [places.civic.pk], TODAY)[places.civic.pk]
    assert approvers == [Holder(cast.approver), Holder(cast.dx_lead), Holder(cast.reviewer, cast.approver)]


def test_no_deputy_of_a_deputy(cast: Cast, places: Places) -> None:
    """Standing in is no post: it can neither be entered as one nor reach anybody through a second absence."""
    named(cast, places)
    with pytest.raises(Refused):
        named(cast, places, absent=cast.reviewer, deputy=cast.stranger)
    named(cast, places, absent=cast.reviewer, role=Role.REVIEWER, deputy=cast.stranger)
    assert set(places_of(cast.stranger, TODAY)) == {"reviewer"}
    assert Permission.APPROVE not in places_of(cast.stranger, TODAY)["reviewer"]


def test_mandate_begins_with_the_tick_of_its_first_day_and_ends_by_itself(
    cast: Cast, places: Places, clock: Clock
) -> None:
    """Until the day's first tick nothing is given; after the last day nothing is, tick or not."""
    first, last = TODAY + DAY, TODAY + 2 * DAY
    named(cast, places, first_day=first, last_day=last)
    assert places_of(cast.reviewer, TODAY) == places_of(cast.reviewer, first) == {}
    clock.set(first, hour=0, minute=5)
    keep_checkpoints()
    assert set(places_of(cast.reviewer, first)) == set(places_of(cast.reviewer, last)) == {"approver"}
    assert places_of(cast.reviewer, last + DAY) == {}
    assert DeputyGrant.objects.exists()
    clock.set(last + DAY, hour=0, minute=5)
    keep_checkpoints()
    assert not DeputyGrant.objects.exists()


def test_mandate_ends_with_the_appointment(cast: Cast, places: Places) -> None:
    appointment = cast.approver.appointments.get()
    named(cast, places)
    end_appointment(by=None, appointment=appointment, last_day=TODAY, on=TODAY)
    assert set(places_of(cast.reviewer, TODAY)) == {"approver"}
    assert places_of(cast.reviewer, TODAY + DAY) == {}
    end_appointment(by=None, appointment=appointment, last_day=TODAY - DAY, on=TODAY)
    assert places_of(cast.reviewer, TODAY) == {}


@pytest.mark.parametrize("who", ["approver", "reviewer"])
def test_mandate_ends_when_either_is_deactivated(cast: Cast, places: Places, who: str) -> None:
    named(cast, places)
    person = getattr(cast, who)
    deactivate_person(by=None, person=person, on=TODAY)
    assert places_of(cast.reviewer, TODAY) == {}
    assert not DeputyGrant.objects.exists()
    reactivate_person(by=None, person=person, on=TODAY)
    assert set(places_of(cast.reviewer, TODAY)) == {"approver"}
    User.objects.filter(pk=person.pk).update(is_active=False)  # and by whatever way nobody rebuilds after
    assert places_of(cast.reviewer, TODAY) == {}
    assert all(holder.absent is None for holder in holders(Permission.APPROVE, [places.tax.pk], TODAY)[places.tax.pk])


def test_rebuild_finds_what_is_wrong_and_a_second_nothing(cast: Cast, places: Places) -> None:
    named(cast, places)
    grants = DeputyGrant.objects.count()
    assert not rebuild_access(TODAY, write=False)
    DeputyGrant.objects.filter(permission=Permission.APPROVE).update(until=TODAY)
    wrong = DeputyGrant.objects.filter(permission=Permission.APPROVE).count()
    DeputyGrant.objects.filter(permission=Permission.READ_BOARD).delete()
    assert rebuild_access(TODAY, users=iter([cast.reviewer])) == Difference(grants // 4, wrong, 0)
    assert not rebuild_access(TODAY)


# ---- who stands in when


def test_rules_of_days_and_people(cast: Cast, places: Places) -> None:
    named(cast, places)
    cases: dict[str, dict[str, Any]] = {
        "yesterday": {"first_day": TODAY - DAY},
        "backwards": {"first_day": TODAY + 20 * DAY, "last_day": TODAY + 19 * DAY},
        "longer than a year": {"first_day": TODAY + 20 * DAY, "last_day": TODAY + 386 * DAY},
        "for ever": {"first_day": date(9999, 12, 1), "last_day": date.max, "department": places.tax},
        "twice on a day": {"first_day": TODAY + 6 * DAY, "last_day": TODAY + 9 * DAY, "deputy": cast.stranger},
        "around": {"first_day": TODAY, "last_day": TODAY + 30 * DAY, "deputy": cast.stranger},
        "oneself": {"deputy": cast.approver, "first_day": TODAY + 7 * DAY, "last_day": TODAY + 7 * DAY},
        "a leaver": {"deputy": cast.leaver, "first_day": TODAY + 7 * DAY, "last_day": TODAY + 7 * DAY},
        "another's post": {"role": Role.REVIEWER},
        "another place": {"department": places.tax},
        "a post without deputies": {"absent": cast.auditor, "role": Role.AUDITOR},
        "no post at all": {"absent": cast.leaver, "role": Role.REVIEWER},
        "of a lead, by who decides there": {"absent": cast.dx_lead, "role": Role.LEAD, "department": places.dx},
    }
    before = spans()
    for case, values in cases.items():
        with pytest.raises(Refused) as refusal:
            named(cast, places, **values)
        assert str(refusal.value), case
    assert spans() == before == [("approver", "reviewer", TODAY, TODAY + 6 * DAY)]
    named(cast, places, first_day=TODAY + 7 * DAY, last_day=TODAY + 372 * DAY, deputy=cast.stranger)
    named(cast, places, absent=cast.dx_lead, role=Role.LEAD, department=places.dx, deputy=cast.auditor)
    named(cast, places, absent=cast.dx_lead)  # another post, another absent person, the same days and deputy
    assert len(spans()) == 4


def test_post_has_to_be_held_on_every_day(cast: Cast, places: Places) -> None:
    """Renewed without a gap it counts as one; a day without it does not."""
    person = make_user("renewed")
    post = {"absent": person, "role": Role.LEAD, "department": places.tax, "deputy": cast.stranger}
    appoint(person, places.tax, Role.LEAD, valid_until=date(2026, 12, 31), on=TODAY)
    with pytest.raises(Refused):
        named(cast, places, **post, last_day=date(2027, 1, 1))
    appoint(person, places.tax, Role.LEAD, valid_from=date(2027, 1, 1), valid_until=YEAR_END, on=TODAY)
    appoint(person, places.tax, Role.LEAD, valid_from=YEAR_END + 2 * DAY, on=TODAY)
    with pytest.raises(Refused):
        named(cast, places, **post, last_day=YEAR_END + 2 * DAY)
    named(cast, places, **post, last_day=YEAR_END)
    rebuild_access(date(2027, 1, 1))
    assert set(places_of(cast.stranger, date(2027, 1, 1))) == {"renewed"}


def test_deputy_who_is_absent_too_is_refused(cast: Cast, places: Places) -> None:
    away = {"absent": cast.reviewer, "role": Role.REVIEWER, "deputy": cast.second_reviewer}
    named(cast, places, **away, first_day=TODAY + 3 * DAY, last_day=TODAY + 4 * DAY)
    with pytest.raises(Refused):
        named(cast, places, last_day=TODAY + 3 * DAY)
    named(cast, places, last_day=TODAY + 2 * DAY)


def test_only_oneself_or_an_administrator_enters_and_ends(cast: Cast, places: Places) -> None:
    row = named(cast, places, by=cast.administrator, first_day=TODAY + DAY)
    assert row.entered_by == cast.administrator
    for other in (cast.reviewer, cast.dx_lead, cast.superuser, cast.stranger, cast.auditor):
        later = {"first_day": TODAY + 20 * DAY, "last_day": TODAY + 21 * DAY}
        with pytest.raises(Refused):
            named(cast, places, by=other, **later)
        with pytest.raises(Refused):
            end_deputy(by=other, deputy=row, last_day=TODAY + DAY, on=TODAY)
        with pytest.raises(Refused):
            cancel_deputy(by=other, deputy=row, on=TODAY)
    assert spans() == [("approver", "reviewer", TODAY + DAY, TODAY + 6 * DAY)]
    cancel_deputy(by=cast.administrator, deputy=row, on=TODAY)
    assert spans() == []


def test_administrator_cannot_become_somebodys_deputy_by_their_own_hand(cast: Cast, places: Places) -> None:
    with pytest.raises(Refused):
        named(cast, places, by=cast.administrator, deputy=cast.administrator)
    named(cast, places, deputy=cast.administrator)  # the approver's own choice


def test_ending_early(cast: Cast, places: Places) -> None:
    row = named(cast, places, last_day=TODAY + 10 * DAY)
    day = TODAY + 5 * DAY
    for refused in (day - DAY, TODAY + 11 * DAY):
        with pytest.raises(Refused):
            end_deputy(by=cast.approver, deputy=row, last_day=refused, on=day)
    with pytest.raises(Refused):
        cancel_deputy(by=cast.approver, deputy=row, on=day)
    end_deputy(by=cast.approver, deputy=row, last_day=day, on=day)
    assert (set(places_of(cast.reviewer, day)), places_of(cast.reviewer, day + DAY)) == ({"approver"}, {})
    with pytest.raises(Refused):
        end_deputy(by=cast.approver, deputy=row, last_day=day, on=day + DAY)
    assert spans() == [("approver", "reviewer", TODAY, day)]


def test_what_was_removed_meanwhile_is_said(cast: Cast, places: Places) -> None:
    row = named(cast, places, first_day=TODAY + DAY)
    cancel_deputy(by=cast.approver, deputy=row, on=TODAY)
    with pytest.raises(Refused):
        end_deputy(by=cast.approver, deputy=row, last_day=TODAY + DAY, on=TODAY)


@pytest.mark.parametrize(
    "values",
    [{"deputy": "approver"}, {"last_day": TODAY - DAY}, {"role": Role.AUDITOR}],
    ids=lambda values: next(iter(values)),
)
def test_database_keeps_the_rules_of_one_row(cast: Cast, places: Places, values: dict[str, Any]) -> None:
    values = {name: getattr(cast, value) if name == "deputy" else value for name, value in values.items()}
    row = {"absent": cast.approver, "role": Role.APPROVER, "department": places.city, "deputy": cast.reviewer}
    days = {"first_day": TODAY, "last_day": TODAY, "entered_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        Deputy.objects.create(**{**row, **days, **values})


# ---- the pages


def test_person_enters_sees_and_ends_an_absence(cast: Cast, places: Places, clock: Clock) -> None:
    User.objects.filter(pk=cast.dx_lead.pk).update(password=_hashed())
    visitor = Visitor(cast.dx_lead)
    visitor.open("/account/")
    visitor.follow("不在と代理").says("まだ登録がありません。")
    page = visitor.follow("不在を登録")
    post = page.forms[-1].choices["post"]
    assert len(post) == 2
    lead = cast.dx_lead.appointments.get(role=Role.LEAD)
    typed = {"post": str(lead.pk), "deputy": str(cast.stranger.pk), "first_day": "2026-10-08", "last_day": "2026-10-01"}
    page = visitor.press("登録する", **typed)
    page.says("終わりの日を、始まりの日より前にすることはできません。")
    assert spans() == []
    visitor.press("登録する", last_day="2026-10-09").says(
        "dx_leadさんの代理をstrangerさんにしました。", "DX推進課 所属長"
    )
    assert spans() == [("dx_lead", "stranger", TODAY + DAY, TODAY + 2 * DAY)]
    visitor.follow("短縮・削除")
    visitor.press("削除").says("不在の登録を変更しました。")
    assert spans() == []


def _hashed() -> str:
    user = User()
    user.set_password(PASSWORD)
    return user.password


def test_refusals_of_the_service_stand_on_the_form(cast: Cast, places: Places, clock: Clock) -> None:
    named(cast, places)
    own = cast.approver.appointments.get()
    sent = {"post": own.pk, "deputy": cast.stranger.pk, "first_day": "2026-10-08", "last_day": "2026-10-08"}
    response = logged_in(cast.approver).post(reverse("absence_add"), sent)
    assert response.status_code == 200
    assert "すでにreviewerさんが代理者として登録されています(令和8年10月7日(水)～令和8年10月13日(火))" in text_of(
        response
    )
    assert f'<option value="{cast.stranger.pk}" selected>' in response.content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"post": "999999"},
        {"post": "x"},
        {"deputy": "999999"},
        {"deputy": ""},
        {"first_day": "0001-01-01"},
        {"last_day": "9999-12-31"},
        {"first_day": "9999-12-31", "last_day": "9999-12-31"},
        {"last_day": "昨日"},
    ],
)
def test_bad_input_gets_a_sentence(cast: Cast, places: Places, clock: Clock, bad: dict[str, str]) -> None:
    own = cast.approver.appointments.get()
    sent = {"post": own.pk, "deputy": cast.stranger.pk, "first_day": "2026-10-08", "last_day": "2026-10-08", **bad}
    response = logged_in(cast.approver).post(reverse("absence_add"), sent)
    if bad == {"first_day": "9999-12-31", "last_day": "9999-12-31"}:
        assert response.status_code == 302  # far, but a day like any other
        return
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode() or "banner--error" in response.content.decode()
    assert spans() == []


def test_nobody_enters_an_absence_in_a_post_of_somebody_else(cast: Cast, places: Places, clock: Clock) -> None:
    theirs = cast.approver.appointments.get()
    sent = {"post": theirs.pk, "deputy": cast.stranger.pk, "first_day": "2026-10-08", "last_day": "2026-10-08"}
    theirs_to_administer = reverse("person_absence_add", args=[cast.approver.pk])
    assert logged_in(cast.reviewer).post(reverse("absence_add"), sent).status_code == 200
    assert logged_in(cast.reviewer).post(theirs_to_administer, sent).status_code == 404
    assert spans() == []
    assert logged_in(cast.administrator).post(theirs_to_administer, sent).url == reverse(
        "person", args=[cast.approver.pk]
    )
    assert spans() == [("approver", "stranger", TODAY + DAY, TODAY + DAY)]
    assert "administratorが登録" in text_of(page_of(cast.approver, "absences"))


def test_deputy_can_neither_end_nor_hand_on(cast: Cast, places: Places, clock: Clock) -> None:
    row = named(cast, places, deputy=cast.stranger)
    for person in (cast.stranger, cast.reviewer, cast.superuser):
        assert page_of(person, "absence_end", row.pk).status_code == 404
        assert logged_in(person).post(reverse("absence_end", args=[row.pk]), {"last_day": TODAY}).status_code == 404
    assert page_of(cast.stranger, "absence_add").status_code == 404
    text = text_of(page_of(cast.stranger, "absences"))
    assert "あなたが代理する人" in text
    assert "approver" in text
    assert logged_in(cast.administrator).post(
        reverse("absence_end", args=[row.pk]), {"last_day": TODAY}
    ).url == reverse("person", args=[cast.approver.pk])
    assert spans() == [("approver", "stranger", TODAY, TODAY)]


def test_absence_that_is_over_stays_as_it_was(cast: Cast, places: Places, clock: Clock) -> None:
    row = named(cast, places)
    clock.set(TODAY + 7 * DAY)
    assert page_of(cast.approver, "absence_end", row.pk).status_code == 404
    assert "終了" in text_of(page_of(cast.approver, "absences"))
    assert "あなたが代理する人" not in text_of(page_of(cast.reviewer, "absences"))


def test_pages_take_few_queries(cast: Cast, places: Places, clock: Clock, django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        day = TODAY + number * DAY
        named(cast, places, first_day=day, last_day=day)
    client = logged_in(cast.approver)
    for name in ("absences", "absence_add"):
        with django_assert_max_num_queries(12):
            client.get(reverse(name))
