"""`manage.py seed_demo`: fill an empty database with the demo city."""

import logging
from argparse import ArgumentParser
from datetime import date
from typing import Any
from unicodedata import combining, east_asian_width

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from departments.models import ActionPlan, User
from project.demo.build import build
from project.demo.people import PASSWORD, accounts
from project.demo.timeline import EARLIEST, LATEST, DemoStage
from workflows.models import Review


class Command(BaseCommand):
    help = "Fills an empty database with the demo city, or prints the accounts to try it with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stage", choices=DemoStage.values, default=DemoStage.REVIEW, help="how far the city is")
        parser.add_argument("--seed", type=int, default=1, help="another number, another course of events")
        parser.add_argument("--today", help="the day around which it is built, such as 2026-10-07 (default: today)")
        parser.add_argument("--if-empty", action="store_true", help="leave a database that has people as it is")
        parser.add_argument("--accounts", action="store_true", help="only print the demo accounts")

    def handle(self, *args: Any, stage: str, seed: int, today: str | None, **options: Any) -> None:
        if options["accounts"]:
            self._print_accounts()
        elif User.objects.exists():
            self._keep(is_welcome=options["if_empty"])
        else:
            self._build(DemoStage(stage), day(today), seed)

    def _keep(self, *, is_welcome: bool) -> None:
        if not is_welcome:
            raise CommandError(_("The database already has people. The demo city is only built in an empty one."))
        self.stdout.write(_("The data that was there is kept."))

    def _build(self, stage: DemoStage, today: date, seed: int) -> None:
        if settings.EMAIL_BACKEND == "notifications.backends.SmtpBackend":  # a demo writes to nobody
            raise CommandError(_("The demo's mails are meant for files. Unset EMAIL_URL while it is built."))
        self.stdout.write(_("Building the demo city (this takes a few seconds)"))
        self.stdout.flush()
        logging.getLogger("meguru").setLevel(logging.WARNING)  # each row would be a line
        build(stage=stage, today=today, seed=seed)
        self.stdout.write(
            _("Built: %(people)d people, %(plans)d plans, %(reviews)d reviews")
            % {
                "people": User.objects.count(),
                "plans": ActionPlan.objects.count(),
                "reviews": Review.objects.count(),
            }
        )

    def _print_accounts(self) -> None:
        found = accounts(timezone.localdate())
        if not found:
            self.stdout.write(_("There are no demo accounts here."))
            return
        self.stdout.write(_("Demo accounts, all with the password %(password)s") % {"password": PASSWORD})
        rows = [(account.role, account.login, account.name, account.department) for account in found]
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True))
            self.stdout.write(f"  {'  '.join(cells)}".rstrip())


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    is_selector = "\U000e0100" <= sign <= "\U000e01ef"  # 異体字セレクタ
    if is_selector or combining(sign):
        return 0
    return 2 if east_asian_width(sign) in "FW" else 1


def day(text: str | None) -> date:
    """The day that `--today` names; CommandError when the demo cannot be built around it."""
    if text is None:
        return max(timezone.localdate(), EARLIEST)
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= LATEST:
        raise CommandError(
            _("--today needs a day from %(first)s to %(last)s, such as 2026-10-07, and not “%(text)s”.")
            % {"first": EARLIEST, "last": LATEST, "text": text}
        )
    return found
