"""Acting in an absent person's place (代決), what the record says of it, and reading it afterwards (後閲)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from departments.models import Department, Deputy, Role, User
from departments.projection import rebuild_access
from departments.services.appointments import end_appointment
from departments.services.deputies import end_deputy, name_deputy
from tests.clock import Clock
from tests.factories import appoint
from tests.workflows.cast import Cast, Places, make_approved_plan
from tests.workflows.moves import NOW, REASON, TODAY, at, fresh, now_of, opened, save, take
from tests.workflows.pages import logged_in, page_of, post_decision, post_sheet, sheet_of, text_of
from workflows.access import Action, actors, allowed, get_review, visible_reviews, waiting_for
from workflows.errors import NotAllowed
from workflows.models import Acknowledgement, Decision, Event, EventKind, Review, Stage, Submission
from workflows.services.acknowledgements import acknowledge
from workflows.standing import unread_events
from workflows.verification import faults

DAY = timedelta(days=1)
LAST_DAY = TODAY + 6 * DAY


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.set(TODAY)
    monkeypatch.setattr("django.utils.timezone.now", clock)
    return clock


def stands_in(deputy: User, absent: User, role: Role, department: Department) -> Deputy:
    return name_deputy(
        by=absent,
        absent=absent,
        role=role,
        department=department,
        deputy=deputy,
        first_day=TODAY,
        last_day=LAST_DAY,
        now=NOW,
        on=TODAY,
    )


def recorded(kind: EventKind) -> tuple[User, User | None]:
    event = Event.objects.filter(kind=kind).latest("pk")
    return event.by, event.on_behalf_of


# ---- what pages say before, and the record after


def test_decision_in_somebodys_place_says_so_everywhere(
    cast: Cast, places: Places, review: Review, clock: Clock
) -> None:
    stands_in(cast.stranger, cast.approver, Role.APPROVER, places.city)
    review = at(Stage.APPROVE, review, cast)
    assert "approverの代理" in text_of(page_of(cast.stranger, "home"))
    assert "代理 approver さんの代理として行います。" in text_of(page_of(cast.stranger, "review", review.pk))
    assert "代理として" not in text_of(page_of(cast.approver, "review", review.pk))
    answer = post_decision(cast.stranger, review, "approved", "確認しました。", follow=True)
    assert "承認しました。approverさんの代理として記録しました。" in text_of(answer)
    assert recorded(EventKind.APPROVED) == (cast.stranger, cast.approver)
    assert Decision.objects.latest("pk").on_behalf_of == cast.approver
    for reader in (cast.lead, cast.auditor, cast.approver, cast.dx_lead):
        text = text_of(page_of(reader, "review", review.pk))
        assert text.count("stranger(approverの代決)") == 2, reader  # the decision and the history
    second = post_decision(cast.dx_lead, review, "approved")
    assert second.status_code == 409
    assert "stranger(approverの代決)" in text_of(second)


def test_returned_in_somebodys_place_is_read_so_by_the_department(
    cast: Cast, places: Places, review: Review, clock: Clock
) -> None:
    stands_in(cast.stranger, cast.reviewer, Role.REVIEWER, places.city)
    review = at(Stage.REVIEW, review, cast)
    post_decision(cast.stranger, review, "returned", REASON)
    assert "stranger(reviewerの代決)" in text_of(page_of(cast.editor, "prepare", review.pk))


def test_submission_in_somebodys_place_says_so_everywhere(
    cast: Cast, places: Places, review: Review, clock: Clock
) -> None:
    stands_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    assert "leadの代理" in text_of(page_of(cast.stranger, "home"))
    assert "代理 提出は lead さんの代理として行います。" in text_of(page_of(cast.stranger, "prepare", review.pk))
    assert "代理として" not in text_of(page_of(cast.lead, "prepare", review.pk))
    save(review, cast.editor)
    sent = sheet_of(now_of(review), progress="on_plan", percent="50", done="予定どおり進めた。")
    answer = post_sheet(cast.stranger, now_of(review), "submit", sent, follow=True)
    assert "leadさんの代理として記録しました。" in text_of(answer)
    assert recorded(EventKind.SUBMITTED) == (cast.stranger, cast.lead)
    assert Submission.objects.get().on_behalf_of == cast.lead
    for address in (["review", review.pk], ["review_round", review.pk, 1]):
        assert "stranger(leadの代理)" in text_of(page_of(cast.auditor, *address))
    assert "代理 lead さんの代理として行います。" in text_of(page_of(cast.stranger, "withdraw", review.pk))
    logged_in(cast.stranger).post(reverse("withdraw", args=[review.pk]), {"task": now_of(review).task_id})
    assert recorded(EventKind.WITHDRAWN) == (cast.stranger, cast.lead)


def test_own_right_comes_first(cast: Cast, places: Places, review: Review, clock: Clock) -> None:
    stands_in(cast.dx_lead, cast.approver, Role.APPROVER, places.city)
    review = at(Stage.APPROVE, review, cast)
    assert "の代理" not in text_of(page_of(cast.dx_lead, "home"))
    assert "代理として" not in text_of(page_of(cast.dx_lead, "review", review.pk))
    post_decision(cast.dx_lead, review, "approved")
    assert recorded(EventKind.APPROVED) == (cast.dx_lead, None)
    assert not unread_events(fresh(cast.approver), TODAY).exists()


def test_pages_take_no_more_queries_for_records_in_somebodys_place(
    cast: Cast, places: Places, review: Review, clock: Clock
) -> None:
    at(Stage.APPROVED, review, cast)
    client = logged_in(cast.auditor)
    address = reverse("review", args=[review.pk])
    client.get(address)
    with CaptureQueriesContext(connection) as plain:
        client.get(address)
    other = opened(make_approved_plan(places.tax))[0]
    stands_in(cast.stranger, cast.tax_lead, Role.LEAD, places.tax)
    stands_in(cast.second_reviewer, cast.approver, Role.APPROVER, places.city)
    save(other, cast.tax_editor)
    take(Action.SUBMIT, other, cast.stranger)
    take(Action.PASS, other, cast.reviewer)
    take(Action.APPROVE, other, cast.second_reviewer)
    with CaptureQueriesContext(connection) as deputised:
        client.get(reverse("review", args=[other.pk]))
    assert len(deputised) == len(plain)


# ---- separation of duties, through a deputy as well


def refused(action: Action, review: Review, person: User) -> bool:
    """Whether the service refuses it; then nothing is written, and neither the person nor others are told to act."""
    before = (now_of(review).stage, Event.objects.count())
    try:
        take(action, review, person)
    except NotAllowed:
        after = (now_of(review).stage, Event.objects.count())
        named = [holder.user for holder in actors([now_of(review)], TODAY)[review.pk]]
        return after == before and person not in named and review not in waiting_for(fresh(person), TODAY)
    return False


def test_absent_person_who_leads_has_no_say_through_a_deputy(cast: Cast, places: Places) -> None:
    appoint(cast.editor, places.dx, Role.EDITOR, on=TODAY)
    own, other = opened(make_approved_plan(places.dx), make_approved_plan(places.civic))
    stands_in(cast.stranger, cast.dx_lead, Role.APPROVER, places.city)
    for review in (own, other):
        at(Stage.APPROVE, review, cast)
    for action in (Action.APPROVE, Action.RETURN):
        assert refused(action, own, cast.stranger)
    assert not refused(Action.APPROVE, other, cast.stranger)
    assert recorded(EventKind.APPROVED) == (cast.stranger, cast.dx_lead)


@pytest.mark.parametrize("who", ["moved", "doubled"])
def test_absent_person_who_was_editor_this_year_has_none_either(cast: Cast, places: Places, who: str) -> None:
    civic, tax = opened(make_approved_plan(places.civic), make_approved_plan(places.tax))
    own, other = (civic, tax) if who == "moved" else (tax, civic)
    stands_in(cast.stranger, getattr(cast, who), Role.REVIEWER, places.city)
    for review in (own, other):
        at(Stage.REVIEW, review, cast)
    assert refused(Action.PASS, own, cast.stranger)
    assert not refused(Action.PASS, other, cast.stranger)


@pytest.mark.parametrize("who", ["editor", "lead"])
def test_author_has_no_say_through_a_deputy_though_their_days_were_corrected(
    cast: Cast, places: Places, review: Review, who: str
) -> None:
    author, before = getattr(cast, who), date(2026, 3, 31)
    at(Stage.REVIEW, review, cast)
    author.appointments.update(valid_from=before, valid_until=before)
    appoint(author, places.city, Role.REVIEWER, on=TODAY)
    stands_in(cast.stranger, author, Role.REVIEWER, places.city)
    assert refused(Action.PASS, review, cast.stranger)


def test_what_was_submitted_in_somebodys_place_is_theirs_as_well(cast: Cast, places: Places, review: Review) -> None:
    stands_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    save(review, cast.editor)
    take(Action.SUBMIT, review, cast.stranger)
    cast.lead.appointments.update(valid_from=date(2026, 3, 31), valid_until=date(2026, 3, 31))
    appoint(cast.lead, places.city, Role.REVIEWER, on=TODAY)
    assert refused(Action.PASS, review, cast.lead)


@pytest.mark.parametrize("who", ["editor", "lead"])
def test_who_drafts_submits_or_leads_decides_in_nobodys_place(
    cast: Cast, places: Places, review: Review, who: str
) -> None:
    deputy = getattr(cast, who)
    stands_in(deputy, cast.reviewer, Role.REVIEWER, places.city)
    stands_in(deputy, cast.approver, Role.APPROVER, places.city)
    (other,) = opened(make_approved_plan(places.tax))
    for each in (review, other):
        at(Stage.REVIEW, each, cast)
    assert refused(Action.PASS, review, deputy)
    assert not refused(Action.PASS, other, deputy)
    take(Action.PASS, review, cast.second_reviewer)
    for action in (Action.APPROVE, Action.RETURN):
        assert refused(action, review, deputy)
    assert not refused(Action.APPROVE, other, deputy)
    text = text_of(page_of(deputy, "review", review.pk))
    assert "代理として" not in text


def test_who_stood_in_for_a_lead_has_led(cast: Cast, places: Places, review: Review) -> None:
    """Even where they did nothing there, and long after it ended; for this year's plans of that department."""
    row = stands_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    appoint(cast.stranger, places.city, Role.REVIEWER, on=TODAY)
    at(Stage.REVIEW, review, cast)
    assert refused(Action.PASS, review, cast.stranger)
    end_deputy(by=cast.lead, deputy=row, last_day=TODAY, on=TODAY)
    later = NOW + 30 * DAY
    rebuild_access(later.date())
    with pytest.raises(NotAllowed):
        take(Action.PASS, review, cast.stranger, now=later)
    (other,) = opened(make_approved_plan(places.tax))
    at(Stage.REVIEW, other, cast)
    assert take(Action.PASS, other, cast.stranger, now=later).stage == Stage.APPROVE


def test_two_mandates_of_which_one_is_barred(cast: Cast, places: Places) -> None:
    appoint(cast.editor, places.dx, Role.EDITOR, on=TODAY)
    (review,) = opened(make_approved_plan(places.dx))
    stands_in(cast.stranger, cast.dx_lead, Role.APPROVER, places.city)
    at(Stage.APPROVE, review, cast)
    assert refused(Action.APPROVE, review, cast.stranger)
    stands_in(cast.stranger, cast.approver, Role.APPROVER, places.city)
    assert not refused(Action.APPROVE, review, cast.stranger)
    assert recorded(EventKind.APPROVED) == (cast.stranger, cast.approver)


def test_superuser_as_deputy_may_do_nothing_more(cast: Cast, places: Places, review: Review) -> None:
    for deputy in (cast.stranger, cast.superuser):
        Deputy.objects.all().delete()
        stands_in(deputy, cast.approver, Role.APPROVER, places.city)
    at(Stage.APPROVE, review, cast)
    everything = allowed(fresh(cast.superuser), now_of(review), TODAY)
    assert everything == allowed(fresh(cast.approver), now_of(review), TODAY)
    (own,) = opened(make_approved_plan(places.dx))
    assert allowed(fresh(cast.superuser), own, TODAY) == allowed(fresh(cast.approver), own, TODAY)
    for action in (Action.SAVE, Action.SUBMIT, Action.WITHDRAW, Action.PASS):
        assert action not in everything


# ---- when it ends


def test_after_the_last_day_the_page_is_gone(cast: Cast, places: Places, review: Review, clock: Clock) -> None:
    stands_in(cast.stranger, cast.approver, Role.APPROVER, places.city)
    at(Stage.APPROVE, review, cast)
    address = reverse("review", args=[review.pk])
    clock.set(LAST_DAY, hour=23, minute=59)
    client = logged_in(cast.stranger)
    assert client.get(address).status_code == 200
    clock.set(LAST_DAY + DAY, hour=0, minute=0)
    assert client.get(address).status_code == 404
    sent = {"task": now_of(review).task_id, "outcome": "approved", "comment": ""}
    assert client.post(reverse("decide", args=[review.pk]), sent).status_code == 404
    assert now_of(review).stage == Stage.APPROVE
    assert review not in waiting_for(fresh(cast.stranger), LAST_DAY + DAY)


def test_ended_appointment_closes_the_deputys_open_page(
    cast: Cast, places: Places, review: Review, clock: Clock
) -> None:
    stands_in(cast.stranger, cast.approver, Role.APPROVER, places.city)
    at(Stage.APPROVE, review, cast)
    client = logged_in(cast.stranger)
    assert client.get(reverse("review", args=[review.pk])).status_code == 200
    end_appointment(by=None, appointment=cast.approver.appointments.get(), last_day=TODAY - DAY, on=TODAY)
    assert client.get(reverse("review", args=[review.pk])).status_code == 404


def opens(person: User, review: Review) -> bool:
    return page_of(person, "review", review.pk).status_code == 200


def test_lists_are_what_opens_with_mandates_of_every_kind(cast: Cast, places: Places, clock: Clock) -> None:
    appoint(cast.editor, places.dx, Role.EDITOR, on=TODAY)
    reviews = opened(*map(make_approved_plan, (places.civic, places.tax, places.dx)))
    for stage, review in zip((Stage.REVIEW, Stage.APPROVE, Stage.PREPARE), reviews, strict=True):
        at(stage, review, cast)
    stands_in(cast.stranger, cast.lead, Role.LEAD, places.civic)
    stands_in(cast.superuser, cast.dx_lead, Role.LEAD, places.dx)
    stands_in(cast.tax_editor, cast.reviewer, Role.REVIEWER, places.city)
    stands_in(cast.editor, cast.approver, Role.APPROVER, places.city)
    stands_in(cast.executive, cast.moved, Role.REVIEWER, places.city)
    for person in cast.everybody():
        if not person.is_active:
            continue
        person = fresh(person)
        listed = set(visible_reviews(person, TODAY))
        assert listed == {review for review in reviews if opens(person, review)}, person
        acting = {review.pk for review in waiting_for(person, TODAY)}
        by_review = actors(map(now_of, reviews), TODAY)
        assert acting == {pk for pk, people in by_review.items() if person in [each.user for each in people]}, person
    assert {review.department.code for review in waiting_for(fresh(cast.executive), TODAY)} == set()
    assert {review.department.code for review in waiting_for(fresh(cast.superuser), TODAY)} == {"dx"}


# ---- reading it afterwards


@pytest.fixture
def done(cast: Cast, places: Places, review: Review, clock: Clock) -> list[Event]:
    """What the deputy did in the approver's place: one returned, one approved, in this order."""
    stands_in(cast.stranger, cast.approver, Role.APPROVER, places.city)
    (other,) = opened(make_approved_plan(places.tax))
    for each in (review, other):
        at(Stage.APPROVE, each, cast)
    take(Action.RETURN, review, cast.stranger)
    take(Action.APPROVE, other, cast.stranger, now=NOW + timedelta(minutes=1))
    return list(Event.objects.filter(on_behalf_of=cast.approver).order_by("pk"))


def test_absent_person_reads_and_ticks(cast: Cast, review: Review, done: list[Event]) -> None:
    home = text_of(page_of(cast.approver, "home"))
    assert "不在中に代決されたものが2件あります" in home
    page = page_of(cast.approver, "decided_for_me")
    text = text_of(page)
    assert text.index("税務課") < text.index("市民課")
    assert f"差戻し (第1回提出) {REASON} stranger(approverの代決)" in text
    answer = logged_in(cast.approver).post(reverse("decided_for_me"), {"event": done[0].pk}, follow=True)
    assert "1件を後閲しました。" in text_of(answer)
    assert "市民課" not in text_of(answer)
    last = Event.objects.latest("pk")
    assert (last.kind, last.by, last.on_behalf_of, last.review_id, last.data) == (
        EventKind.ACKNOWLEDGED,
        cast.approver,
        None,
        review.pk,
        {"event": done[0].sequence},
    )
    assert "後閲(差戻し)" in text_of(page_of(cast.lead, "review", review.pk))
    assert list(faults()) == []


def test_all_that_the_page_showed_each_with_its_own_event(cast: Cast, done: list[Event]) -> None:
    client = logged_in(cast.approver)
    shown = {"all": "1", "shown": [event.pk for event in done]}
    for expected in (2, 2):  # a double click
        client.post(reverse("decided_for_me"), shown)
        assert Event.objects.filter(kind=EventKind.ACKNOWLEDGED).count() == expected
        assert Acknowledgement.objects.count() == expected
    assert "後閲するものはありません" in text_of(page_of(cast.approver, "decided_for_me"))
    assert "代決されたものが" not in text_of(page_of(cast.approver, "home"))
    assert list(faults()) == []


def test_nobody_else_ticks(cast: Cast, done: list[Event]) -> None:
    for person in (cast.stranger, cast.dx_lead, cast.executive, cast.administrator, cast.superuser, cast.lead):
        assert "後閲するものはありません" in text_of(page_of(person, "decided_for_me")), person
        sent = logged_in(person).post(reverse("decided_for_me"), {"event": done[0].pk})
        assert sent.status_code == 404, person
        logged_in(person).post(reverse("decided_for_me"), {"shown": [event.pk for event in done]})
        with pytest.raises(NotAllowed):
            acknowledge(event_id=done[0].pk, by=fresh(person), now=NOW)
    assert not Acknowledgement.objects.exists()


def test_who_no_longer_reads_it_has_nothing_to_tick(cast: Cast, places: Places, done: list[Event]) -> None:
    appoint(cast.approver, places.city, Role.EXECUTIVE, on=TODAY)
    appointment = cast.approver.appointments.get(role=Role.APPROVER)
    end_appointment(by=None, appointment=appointment, last_day=TODAY - DAY, on=TODAY)
    assert not unread_events(fresh(cast.approver), TODAY).exists()
    assert logged_in(cast.approver).post(reverse("decided_for_me"), {"event": done[1].pk}).status_code == 404
    with pytest.raises(NotAllowed):
        acknowledge(event_id=done[1].pk, by=fresh(cast.approver), now=NOW)


def test_only_what_was_done_in_ones_place_can_be_ticked(cast: Cast, review: Review, done: list[Event]) -> None:
    own = Event.objects.filter(on_behalf_of=None).first()
    assert logged_in(cast.approver).post(reverse("decided_for_me"), {"event": own.pk}).status_code == 404
    for junk in ("", "x", "-1", "9" * 30, "１"):
        assert logged_in(cast.approver).post(reverse("decided_for_me"), {"event": junk}).status_code == 400, junk
    assert not Acknowledgement.objects.exists()


def test_what_is_listed_is_what_opens(cast: Cast, done: list[Event], django_assert_max_num_queries: Any) -> None:
    for event in unread_events(fresh(cast.approver), TODAY):
        assert get_review(fresh(cast.approver), event.review_id, TODAY)
    client = logged_in(cast.approver)
    with django_assert_max_num_queries(10):
        client.get(reverse("decided_for_me"))
