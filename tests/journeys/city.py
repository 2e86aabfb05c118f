"""A city for whole stories: two departments that plan, and the office. Everything else happens on the pages."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core import mail
from django.core.management import call_command

from departments.models import Department, Role, User
from tests.clock import Clock
from tests.factories import make_department, make_person
from tests.visitor import Page, Visitor
from workflows.tasks import keep_checkpoints

Told = dict[str, list[str]]


@dataclass
class City:
    """市民課 (editor tanaka, lead suzuki), 税務課 (editor ito, lead kato) and the office, named by what they do."""

    civic: Department
    tax: Department
    tanaka: User
    suzuki: User
    ito: User
    kato: User
    reviewer: User
    approver: User
    executive: User
    auditor: User
    administrator: User
    clock: Clock
    told: dict[date, Told] = field(default_factory=dict)
    asked: str = ""

    def visit(self, name: str) -> Visitor:
        """The person, logged in now."""
        return Visitor(getattr(self, name))

    def open_checkpoint(self, kind: str) -> Page:
        """The administrator adds the checkpoint with the days that are proposed, and opens it."""
        administrator = self.visit("administrator")
        administrator.follow("チェックポイント")
        administrator.follow("チェックポイントを追加")
        administrator.press("日程案を作る", kind=kind)
        administrator.press("追加する").says("追加しました。まだ開始していません。")
        administrator.follow("開始する").says("の計画について開始し、所属にメールでお知らせします")
        self.asked = administrator.page.text
        return administrator.press("開始する")

    def live_until(self, day: date) -> None:
        """Let the days pass until nine o'clock of the day, with the tick of every morning."""
        today = self.clock.now.date()
        while today < day:
            today += timedelta(days=1)
            self.morning(today)

    def morning(self, day: date) -> None:
        self.clock.set(day, 9)
        keep_checkpoints()
        self.tick()

    def tick(self) -> Told:
        """Send what is due now, by the operator's command; `told` keeps who got which subjects on which day."""
        before, out = len(mail.outbox), io.StringIO()
        call_command("send_due", "--at", self.clock.now.isoformat(), stdout=out)
        counts = json.loads(out.getvalue())
        assert {counts[name] for name in ("retried", "failed", "expired", "waiting")} == {0}, counts
        sent: Told = {}
        for message in mail.outbox[before:]:
            [address] = message.to
            sent.setdefault(address.partition("@")[0], []).append(message.subject)
        assert counts["sent"] == len(mail.outbox) - before
        if sent:
            today = self.told.setdefault(self.clock.now.date(), {})
            for name, subjects in sent.items():
                today.setdefault(name, []).extend(subjects)
        return sent

    @contextmanager
    def at(self, day: date, hour: int = 10) -> Iterator[None]:
        """Live until the day, do what is done at the hour, and let the mails about it go out."""
        self.live_until(day)
        self.clock.set(day, hour)
        yield
        self.clock.set(day, hour, 1)
        self.tick()


def make_city(clock: Clock) -> City:
    root = make_department("city", "目黒市")
    life = make_department("life", "市民部", root)
    civic, tax = make_department("civic", "市民課", life, 1), make_department("tax", "税務課", life, 2)
    return City(
        civic=civic,
        tax=tax,
        tanaka=make_person("tanaka", civic, Role.EDITOR),
        suzuki=make_person("suzuki", civic, Role.LEAD),
        ito=make_person("ito", tax, Role.EDITOR),
        kato=make_person("kato", tax, Role.LEAD),
        reviewer=make_person("reviewer", root, Role.REVIEWER),
        approver=make_person("approver", root, Role.APPROVER),
        executive=make_person("executive", root, Role.EXECUTIVE),
        auditor=make_person("auditor", root, Role.AUDITOR),
        administrator=make_person("administrator", root, Role.ADMINISTRATOR),
        clock=clock,
    )
