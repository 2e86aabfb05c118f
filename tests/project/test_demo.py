"""The demo city: whole at every stage, the same for the same seed, and quiet when it is first started."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from departments.fiscal import BusinessCalendar
from departments.models import ActionPlan, Appointment, Department, Deputy, Indicator, Measure, User
from departments.models.indicators import Kind
from departments.models.plans import PlanKind, PlanState, Priority
from departments.projection import rebuild_access
from notifications.delivery import deliver
from notifications.dispatch import dispatch
from notifications.models import Audience, MailItem, OutgoingMail, Status
from notifications.reminders import remind
from project.demo.city import TREE
from project.demo.people import PASSWORD, SHOWN
from project.demo.texts import QUARTERS, read_texts
from project.demo.timeline import DemoStage, year_days
from tests.factories import make_user
from workflows.models import Checkpoint, Decision, Event, EventKind, PendingEvent, Review, Stage, Submission

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


def build(stage: DemoStage, seed: int = 1, today: date = TODAY) -> None:
    call_command("seed_demo", stage=stage, seed=seed, today=today.isoformat(), verbosity=0)


def running() -> Checkpoint:
    return Checkpoint.objects.running().get()


def stages(checkpoint: Checkpoint) -> Counter:
    return Counter(checkpoint.reviews.values_list("stage", flat=True))


def is_sound() -> None:
    """What holds at every stage."""
    assert not rebuild_access(TODAY, write=False)
    call_command("verify_history", verbosity=0)
    assert not PendingEvent.objects.exists()
    assert not OutgoingMail.objects.open().exists()
    assert not Event.objects.filter(at__gt=at(time(0, 0))).exists()
    offices = Department.objects.filter(children=None).count()
    assert offices >= 24
    assert ActionPlan.objects.filter(kind=PlanKind.EXECUTION).count() == offices


def at(moment: time) -> datetime:
    return datetime.combine(TODAY, moment, tzinfo=timezone.get_default_timezone())


def is_quiet_when_started() -> None:
    """The first tick on the day of building tells nobody about the demo's past.

    But for what is to be mended by now, and heads of divisions of what is long overdue.
    """
    newest = OutgoingMail.objects.latest("pk").pk
    for moment in (time(9, 0), time(18, 0)):
        assert dispatch(now=at(moment)) == 0
        remind(now=at(moment))
        deliver(clock=lambda moment=moment: at(moment))
    told = MailItem.objects.filter(mail__pk__gt=newest).select_related("review")
    assert all(item.review.is_returned or item.audience == Audience.DIVISION_HEAD for item in told)


def test_review_has_every_kind_of_case():
    build(DemoStage.REVIEW)
    is_sound()
    checkpoint = running()
    assert checkpoint.kind == "q2"
    reviews = list(checkpoint.reviews.with_names())
    ended = {Stage.APPROVED, Stage.CANCELLED}
    assert {review.stage for review in reviews} == {Stage.PREPARE, Stage.REVIEW, Stage.APPROVE} | ended
    assert {review.returned_from for review in reviews if review.is_returned} == {Stage.REVIEW, Stage.APPROVE}
    assert [review for review in reviews if review.stage == Stage.REVIEW and review.round == 1]
    assert [review for review in reviews if review.stage == Stage.REVIEW and review.round == 2]
    begun = [review for review in reviews if review.stage == Stage.PREPARE and review.round == 0]
    assert {review.saved_by is None for review in begun} == {True, False}
    assert [review.due_on > TODAY for review in begun if review.extended_to] == [True]
    assert all(is_overdue(review) for review in begun if not review.extended_to)
    assert not any(is_overdue(review) for review in reviews if review.stage != Stage.PREPARE)
    for kind in (EventKind.WITHDRAWN, EventKind.NUDGED, EventKind.EXTENDED, EventKind.CANCELLED, EventKind.REVOKED):
        assert Event.objects.filter(kind=kind, review__checkpoint=checkpoint).exists()

    earlier = Checkpoint.objects.filter(kind__in=["plan", "q1"])
    assert all(stages(found) == Counter({Stage.APPROVED: 30}) for found in earlier)
    assert set(ActionPlan.objects.values_list("state", flat=True)) == {PlanState.APPROVED}
    assert OutgoingMail.objects.filter(status=Status.SENT).count() > 100
    resubmitted_rounds_differ()
    nobody_decided_on_their_own()
    is_quiet_when_started()


def is_overdue(review: Review) -> bool:
    return review.due_on is not None and review.due_on < TODAY


def resubmitted_rounds_differ() -> None:
    for second in Submission.objects.filter(round=2):
        assert second.sha256 != second.review.submissions.get(round=1).sha256


def nobody_decided_on_their_own() -> None:
    for decision in Decision.objects.select_related("review"):
        assert not Appointment.objects.filter(
            user=decision.decided_by, department=decision.review.department_id, role__in=["lead", "editor"]
        ).exists()


def test_planning():
    build(DemoStage.PLANNING)
    is_sound()
    checkpoint = running()
    assert checkpoint.kind == "plan"
    assert set(stages(checkpoint)) == {Stage.PREPARE, Stage.REVIEW, Stage.APPROVE, Stage.APPROVED}
    assert set(ActionPlan.objects.values_list("state", flat=True)) == set(PlanState.values)
    assert not any(is_overdue(review) for review in checkpoint.reviews.all())
    is_quiet_when_started()


def test_open():
    build(DemoStage.OPEN)
    is_sound()
    assert stages(running()) == Counter({Stage.PREPARE: 30})
    assert running().reviews.filter(round__gt=0).count() == 0
    assert BusinessCalendar().between(TODAY, running().submit_due) in (9, 10)
    plans_are_as_promised()
    is_quiet_when_started()


def plans_are_as_promised() -> None:
    sizes = ActionPlan.objects.annotate(size=Count("measures")).values_list("size", flat=True)
    assert min(sizes) >= 3
    assert max(sizes) <= 8
    assert set(Measure.objects.values_list("priority", flat=True)) == set(Priority.values)
    assert set(Measure.objects.values_list("initiative__number", flat=True)) == set(range(1, 12))
    own = Indicator.objects.filter(measure__isnull=False)
    assert set(own.values_list("kind", flat=True)) == set(Kind.values) - {Kind.DERIVED}


def test_overdue():
    build(DemoStage.OVERDUE)
    is_sound()
    late = [review for review in running().reviews.all() if is_overdue(review)]
    assert len(late) > 20
    assert {review.stage for review in late} == {Stage.PREPARE, Stage.REVIEW}
    is_quiet_when_started()


def test_closed():
    build(DemoStage.CLOSED)
    is_sound()
    assert not Checkpoint.objects.running().exists()
    assert stages(Checkpoint.objects.get(kind="q2")) == Counter({Stage.APPROVED: 28, Stage.LAPSED: 2})
    is_quiet_when_started()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block writes is gone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def story() -> list[tuple]:
    """What happened, without the numbers of rows."""
    events = Event.objects.select_related("plan__department", "by").order_by("at", "plan__department__code", "pk")
    happened = [(str(row.plan), row.kind, row.at, row.by and row.by.username, row.round) for row in events]
    return happened + sorted(Submission.objects.values_list("round", "submitted_at", "submitted_by__username"))


def test_the_same_seed_gives_the_same_city():
    told = []
    for seed in (1, 1, 2):
        with undone():
            build(DemoStage.PLANNING, seed=seed)
            told.append(story())
    first, again, other = told
    assert first == again
    assert first != other


def test_only_an_empty_database_is_filled(capsys):
    make_user()
    with pytest.raises(CommandError):
        call_command("seed_demo")
    call_command("seed_demo", if_empty=True)
    assert "kept" in capsys.readouterr().out
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_demo_writes_to_nobody(settings):
    settings.EMAIL_BACKEND = "notifications.backends.SmtpBackend"
    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("seed_demo")
    assert not User.objects.exists()


@pytest.mark.parametrize("today", ["tomorrow", "2026-02-30", "1999-01-01", "", "9999-12-31"])
def test_a_day_that_makes_no_sense_is_refused(today):
    with pytest.raises(CommandError, match="2026-10-07"):
        call_command("seed_demo", today=today)
    assert not User.objects.exists()


def test_the_city_and_its_accounts(capsys, client):
    build(DemoStage.PLANNING)
    assert Department.objects.filter(parent__code="meguru").count() == len(TREE) == 8
    assert 55 <= User.objects.count() <= 70
    assert set(Indicator.objects.values_list("kind", flat=True)) == set(Kind.values)
    for login in SHOWN:
        assert client.login(username=login, password=PASSWORD), login
    assert User.objects.get(username="lead").appointments.in_force(TODAY).get().department.code == "koseki"
    assert User.objects.get(username="igarashi").appointments.in_force(TODAY).count() == 2  # 兼務
    assert Appointment.objects.filter(valid_until=date(2026, 3, 31)).exists()
    assert Appointment.objects.filter(valid_from__gt=TODAY).exists()
    capsys.readouterr()
    call_command("seed_demo", accounts=True)
    printed = capsys.readouterr().out
    assert PASSWORD in printed
    assert all(login in printed for login in SHOWN)


def test_without_demo_people_no_accounts_are_printed(capsys):
    call_command("seed_demo", accounts=True)
    assert PASSWORD not in capsys.readouterr().out


def test_every_measure_says_something_else_in_every_quarter():
    texts = read_texts()
    reports = [*texts.reports.values(), *texts.strategy_reports.values()]
    said = [done for report in reports for done in report.done if done]
    assert all(len(report.done) == len(QUARTERS) for report in reports)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("stage", DemoStage)
@pytest.mark.parametrize("today", ["2026-04-01", "2026-07-04", "2026-12-31", "2027-02-11", "2027-05-03", "2031-08-15"])
def test_the_checkpoints_follow_each_other_whatever_the_day(stage, today):
    days = list(year_days(stage, date.fromisoformat(today), BusinessCalendar()).values())
    for row in days:
        assert row.opens_on <= row.submit_due <= row.review_due <= row.approve_due <= row.closes_on
    for earlier, later in zip(days, days[1:], strict=False):
        assert earlier.closes_on < later.opens_on or later.as_of == date(2027, 3, 31)


def test_head_of_the_office_was_away_and_has_begun_to_read():
    build(DemoStage.REVIEW)
    head = User.objects.get(username="approver")
    absence = Deputy.objects.filter(absent=head).first()
    assert absence.last_day < TODAY
    done = Event.objects.filter(on_behalf_of=head).select_related("acknowledgement")
    assert {event.by for event in done} == {absence.deputy}
    assert all(absence.first_day <= timezone.localdate(event.at) <= absence.last_day for event in done)
    assert not Event.objects.filter(by=head, at__date__range=(absence.first_day, absence.last_day)).exists()
    read = [hasattr(event, "acknowledgement") for event in done.order_by("at")]
    assert read.count(False) >= 2
    assert read[0]
