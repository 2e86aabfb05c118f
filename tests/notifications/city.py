"""A small city whose 2Q progress check opens on 28 September 2026; submission is due on Wednesday 14 October."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core import mail
from django.utils import timezone

from departments.models import Department, Role, User
from departments.models.plans import PlanState
from departments.services.deputies import name_deputy
from notifications.ticks import tick
from tests.factories import make_department, make_person, make_plan
from workflows.models import Checkpoint, CheckpointKind, Outcome, Pin, ProgressClass, Review
from workflows.schedule import Days
from workflows.services.cases import cancel, extend, revoke
from workflows.services.checkpoints import change_days, open_checkpoint
from workflows.services.drafts import MeasureEntry, save_draft
from workflows.services.nudges import nudge
from workflows.services.pins import answer, pin
from workflows.services.reviews import decide, submit, withdraw

OPENING = date(2026, 9, 28)
DUE = date(2026, 10, 14)


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in Japan."""
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour, minute))


def october(day: int, hour: int = 9) -> datetime:
    return at(date(2026, 10, day), hour)


@dataclass
class City:
    """税務課 with lead and editor, 福祉課 with a lead, and the office: mori reviews, hayashi approves, kanri keeps.

    ooki is an executive, who reads what is approved, and may stand in for hayashi.
    """

    root: Department
    tax: Department
    welfare: Department
    tanaka: User
    suzuki: User
    sato: User
    mori: User
    hayashi: User
    ooki: User
    kanri: User
    checkpoint: Checkpoint

    @property
    def tax_review(self) -> Review:
        return Review.objects.get(department=self.tax)

    @property
    def welfare_review(self) -> Review:
        return Review.objects.get(department=self.welfare)

    def open(self, now: datetime | None = None) -> None:
        open_checkpoint(checkpoint=self.checkpoint, by=None, now=now or at(OPENING))

    def submit(self, review: Review, by: User, now: datetime) -> None:
        review.refresh_from_db()
        fine = MeasureEntry(progress=ProgressClass.objects.get(code="on_plan"), percent=50, done="進めた")
        entries = dict.fromkeys(review.plan.measures.values_list("pk", flat=True), fine)
        common: dict[str, Any] = {"review_id": review.pk, "task_id": review.task_id, "by": by, "now": now}
        saved = save_draft(version=review.version, measures=entries, indicators={}, **common)
        submit(version=saved.version, **common)

    def withdraw(self, review: Review, by: User, now: datetime) -> None:
        review.refresh_from_db()
        withdraw(review_id=review.pk, task_id=review.task_id, by=by, now=now)

    def decide(self, review: Review, outcome: Outcome, by: User, now: datetime, comment: str = "") -> None:
        review.refresh_from_db()
        decide(review_id=review.pk, task_id=review.task_id, outcome=outcome, comment=comment, by=by, now=now)

    def extend(self, review: Review, to: date, reason: str, by: User, now: datetime) -> None:
        review.refresh_from_db()
        extend(review_id=review.pk, task_id=review.task_id, to=to, reason=reason, by=by, now=now)

    def nudge(self, review: Review, note: str, by: User, now: datetime) -> None:
        review.refresh_from_db()
        nudge(review_id=review.pk, task_id=review.task_id, note=note, by=by, now=now)

    def move(self, submit_due: date, by: User, now: datetime) -> None:
        """Let the submission be due, and what follows it, on another day."""
        days = {name: getattr(self.checkpoint, name) for name in Days.__dataclass_fields__}
        later = {name: max(days[name], submit_due) for name in ("review_due", "approve_due")}
        moved = Days(**{**days, "submit_due": submit_due, **later})
        self.checkpoint = change_days(checkpoint=self.checkpoint, days=moved, by=by, now=now)

    def cancel(self, review: Review, reason: str, by: User, now: datetime) -> None:
        review.refresh_from_db()
        cancel(review_id=review.pk, task_id=review.task_id, reason=reason, by=by, now=now)

    def revoke(self, review: Review, reason: str, by: User, now: datetime) -> None:
        review.refresh_from_db()
        revoke(review_id=review.pk, round_number=review.round, reason=reason, by=by, now=now)

    def pin(self, review: Review, target: str, text: str, by: User, now: datetime) -> Pin:
        review.refresh_from_db()
        return pin(review_id=review.pk, task_id=review.task_id, target=target, text=text, by=by, now=now)

    def answer(self, found: Pin, text: str, by: User, now: datetime) -> None:
        found.review.refresh_from_db()
        answer(pin_id=found.pk, task_id=found.review.task_id, text=text, by=by, now=now)

    def stand_in(self, absent: User, deputy: User, first_day: date, last_day: date, role: Role = Role.APPROVER) -> None:
        """From the first to the last day the deputy acts in the place of somebody of the office."""
        name_deputy(
            by=absent,
            absent=absent,
            role=role,
            department=self.root,
            deputy=deputy,
            first_day=first_day,
            last_day=last_day,
            now=at(first_day, 8),
            on=first_day,
        )
        for person in (absent, deputy):
            person.__dict__.pop("_rights", None)


def make_city() -> City:
    root = make_department("city", "目黒市")
    tax, welfare = make_department("tax", "税務課", root), make_department("welfare", "福祉課", root)
    for department in (tax, welfare):
        make_plan(department, measures=1, state=PlanState.APPROVED)
    checkpoint = Checkpoint.objects.create(
        fiscal_year=2026,
        kind=CheckpointKind.Q2,
        as_of=date(2026, 9, 30),
        opens_on=OPENING,
        submit_due=DUE,
        review_due=date(2026, 10, 21),
        approve_due=date(2026, 10, 28),
        closes_on=date(2026, 11, 30),
    )
    return City(
        root=root,
        tax=tax,
        welfare=welfare,
        tanaka=make_person("tanaka", tax, Role.LEAD),
        suzuki=make_person("suzuki", tax, Role.EDITOR),
        sato=make_person("sato", welfare, Role.LEAD),
        mori=make_person("mori", root, Role.REVIEWER),
        hayashi=make_person("hayashi", root, Role.APPROVER),
        ooki=make_person("ooki", root, Role.EXECUTIVE),
        kanri=make_person("kanri", root, Role.ADMINISTRATOR),
        checkpoint=checkpoint,
    )


def run(now: datetime) -> dict[str, list[str]]:
    """Tick at that moment; user name → subjects of the mails that went out by it."""
    before = len(mail.outbox)
    assert tick(clock=lambda: now).faults == []
    return received(mail.outbox[before:])


def received(messages: list[Any]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for message in messages:
        told.setdefault(message.to[0].partition("@")[0], []).append(message.subject)
    return {name: told[name] for name in sorted(told)}


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def quarter(first: date, last: date, doings: dict[datetime, Callable[[], None]] | None = None) -> dict[date, Any]:
    """Live from day to day with a tick at nine, and one after each thing that is done; day → who got what."""
    told = {}
    for day in days(first, last):
        mails = run(at(day))
        for moment in sorted(doings or {}):
            if timezone.localdate(moment) == day:
                doings[moment]()
                for name, subjects in run(moment).items():
                    mails.setdefault(name, []).extend(subjects)
        if mails:
            told[day] = mails
    return told
